"""The floor under a push: the raw database takes the same 50 rows a commit, with nothing of ours around it."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import psycopg

TABLE = "CREATE TABLE record (id TEXT PRIMARY KEY, received_at TEXT NOT NULL, body TEXT NOT NULL)"


def rows_of(batch: bytes) -> list[tuple[str, str, str]]:
    """Return what a push brings as plain rows."""
    document = json.loads(batch)
    return [(item["id"], document["clock"]["wall"], item["body"]) for item in document["items"]]


def sqlite_floor(path: Path, batches: Sequence[list[tuple[str, str, str]]]) -> Iterator[Callable[[], int]]:
    """Insert each batch in a transaction of its own, fully synchronous."""
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(TABLE)
    for batch in batches:
        yield partial(_insert_sqlite, connection, batch)
    connection.close()


def _insert_sqlite(connection: sqlite3.Connection, batch: list[tuple[str, str, str]]) -> int:
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO record VALUES (?, ?, ?)", batch)
    connection.execute("COMMIT")
    return len(batch)


def postgresql_floor(uri: str, batches: Sequence[list[tuple[str, str, str]]]) -> Iterator[Callable[[], int]]:
    """Insert each batch in a transaction of its own."""
    with psycopg.connect(uri) as connection:
        connection.execute("DROP TABLE IF EXISTS record")
        connection.execute(TABLE)
        connection.commit()
        for batch in batches:
            yield partial(_insert_postgresql, connection, batch)


def _insert_postgresql(connection: psycopg.Connection, batch: list[tuple[str, str, str]]) -> int:
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO record VALUES (%s, %s, %s)", batch)
    connection.commit()
    return len(batch)
