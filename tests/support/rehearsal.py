"""Steps that most tests begin with are done once per test process; after that the rows they wrote are put in.

A step is rehearsed only on a database in exactly the state in which it was done before: one that was made afresh
(`begin`) and has since seen the same steps and no other transaction. Whatever else happens to a database, or any
other clock than the machine's, and the step is simply done. Knows the tables' rows and the files beside them, not what
they mean.
"""

import sqlite3
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from flask import Flask
from sqlalchemy import Engine, Table

from server.base import Base
from server.clock import now
from server.config import Settings
from server.db import db

R = TypeVar("R")
Steps = tuple[Hashable, ...]
# Of each table its rows in order, each as the text of its values in SQL.
Rows = dict[str, list[str]]
# Of each file its content and its permissions.
Files = dict[Path, tuple[bytes, int]]

# Until SQLite begins its write-ahead log anew, after about 4 MB, every commit makes it longer.
_MOST_LOG_BYTES = 2_000_000
_AS_SQL = {"sqlite": "quote({0})", "postgresql": "quote_nullable({0}::text)"}
# Rows stand in any order and are replaced whole, so references wait and nothing cascades.
_BEFORE = {
    "sqlite": "PRAGMA foreign_keys=OFF; BEGIN IMMEDIATE",
    "postgresql": "BEGIN; SET LOCAL session_replication_role = replica",
}
_AFTER = {"sqlite": "COMMIT; PRAGMA foreign_keys=ON", "postgresql": "COMMIT"}


@dataclass(frozen=True)
class _Scene:
    """The steps that a database has seen, and by what it is known that nothing else happened to it."""

    steps: Steps
    state: str | None
    # Through which PostgreSQL is asked and rows are put in; None: the application's own.
    engine: Engine | None = None


@dataclass(frozen=True)
class _Rehearsed:
    result: object
    script: str
    files: Files = field(default_factory=dict)


_SCENES: dict[str, _Scene] = {}
_REHEARSED: dict[tuple[str, Steps], _Rehearsed] = {}
# The rows after the step that was done last, by kind of database: the next one mostly begins with them.
_LAST: dict[str, tuple[Steps, Rows]] = {}


def begin(url: str, engine: Engine | None = None) -> None:
    """Say that the database at ``url`` holds what the migrations left, and nothing else; a file needs no engine."""
    _SCENES[url] = _Scene((), _state(url, engine), engine)


def rehearsed(app: Flask, step: Hashable, do: Callable[[], R], *, files: bool = False) -> R:
    """Return the result of ``do()``, or an earlier one while its rows are put into the database.

    ``step`` names all that ``do`` depends on beside the rows; ``do`` does nothing but write rows, or with ``files``
    also files in the application's folders. The result is the same object every time: copy what a test could change.
    """
    chosen: Settings = app.extensions["xuncha_settings"]
    with app.app_context():
        own_engine, url = db.engine, chosen.database_url
    scene = _SCENES.get(url)
    engine = own_engine if scene is None else scene.engine or own_engine
    in_bucket = files and chosen.blob_store != "disk"
    if scene is None or scene.state is None or scene.state != _state(url, engine) or _another_clock() or in_bucket:
        _SCENES.pop(url, None)
        return do()
    kind, files_before = engine.dialect.name, _files(chosen) if files else {}
    steps = (*scene.steps, (step, frozenset(files_before.items())) if files else step)
    known = _REHEARSED.get((kind, steps))
    if known is not None:
        _run(engine, known.script)
        _put(known.files, files_before)
    else:
        before = _rows_after(scene.steps, engine)
        result = do()
        after = rows_of(engine)
        _LAST[kind] = (steps, after)
        known = _Rehearsed(result, _script(before, after, kind), _files(chosen) if files else {})
        _REHEARSED[kind, steps] = known
    _SCENES[url] = _Scene(steps, _state(url, engine), scene.engine)
    return cast("R", known.result)


def _another_clock() -> bool:
    return abs(now() - datetime.now(UTC)) > timedelta(seconds=1)


def _state(url: str, engine: Engine | None) -> str | None:
    """Return what every later transaction that writes will change; None if that cannot be told."""
    if engine is not None and engine.dialect.name == "postgresql":
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            return str(connection.exec_driver_sql("SELECT pg_snapshot_xmax(pg_current_snapshot())").scalar_one())
    place = Path(url.removeprefix("sqlite:///"))
    log = place.with_name(f"{place.name}-wal")
    length = log.stat().st_size if log.exists() else 0
    return f"{place.stat().st_mtime_ns} {length}" if length < _MOST_LOG_BYTES else None


def _files(chosen: Settings) -> Files:
    """Return all files beside the database."""
    places = [chosen.custody_key_file]
    for folder in (chosen.blob_dir, chosen.spool_dir, chosen.checkpoint_dir):
        places += folder.rglob("*")
    return {place: (place.read_bytes(), place.stat().st_mode) for place in places if place.is_file()}


def _put(files: Files, before: Files) -> None:
    for place in before.keys() - files.keys():
        place.unlink()
    for place, (content, mode) in files.items():
        if before.get(place) != (content, mode):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.unlink(missing_ok=True)
            place.write_bytes(content)
            place.chmod(mode)


def _rows_after(steps: Steps, engine: Engine) -> Rows:
    last, rows = _LAST.get(engine.dialect.name, (None, {}))
    return rows if last == steps else rows_of(engine)


def rows_of(engine: Engine) -> Rows:
    """Return all rows of all tables."""
    found: Rows = {table.name: [] for table in Base.metadata.sorted_tables}
    with engine.connect() as connection:
        for name, row in connection.exec_driver_sql(_all_rows(engine.dialect.name)):
            found[name].append(row)
    return found


@cache
def _all_rows(kind: str) -> str:
    return " UNION ALL ".join(_row_by_row(table, kind) for table in Base.metadata.sorted_tables)


def _row_by_row(table: Table, kind: str) -> str:
    values = " || ',' || ".join(_AS_SQL[kind].format(name) for name in _names(table))
    return f"SELECT '{table.name}', {values} FROM \"{table.name}\""  # noqa: S608 (the schema's own names)


def _script(before: Rows, after: Rows, kind: str) -> str:
    """Return the statements that make the rows ``after`` out of those ``before``."""
    statements, fresh = [_BEFORE[kind]], {}
    for name, rows in after.items():
        had = set(before[name])
        gone = had - set(rows)
        if gone:
            statements.append(f'DELETE FROM "{name}"')  # noqa: S608 (the schema's own names)
        fresh[name] = rows if gone else [row for row in rows if row not in had]
    return "; ".join((*statements, *inserts(fresh), _AFTER[kind]))


def inserts(rows: Rows) -> list[str]:
    """Return the statements that put rows in."""
    statements = []
    for name, values in rows.items():
        if values:
            names = ",".join(_names(Base.metadata.tables[name]))
            statements.append(f'INSERT INTO "{name}" ({names}) VALUES ({"),(".join(values)})')  # noqa: S608 (quoted by the database)
    return statements


def _names(table: Table) -> list[str]:
    return [f'"{column.name}"' for column in table.columns]


def _run(engine: Engine, script: str) -> None:
    connection = engine.raw_connection()
    try:
        driver: Any = connection.driver_connection
        if isinstance(driver, sqlite3.Connection):
            driver.executescript(script)
        else:
            driver.execute(script)  # without parameters: several statements in one transaction
            driver.commit()
    finally:
        connection.close()
