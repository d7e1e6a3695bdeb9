"""Steps that most tests begin with are done once per test process; after that the rows they wrote are put in.

A step is rehearsed only on a database in exactly the state in which it was done before: one that was made afresh
(`begin`) and has since seen the same steps and no other transaction. Whatever else happens to a database, or any
other clock than the machine's, and the step is simply done. Knows the tables' rows, not what they mean.
"""

import sqlite3
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

from flask import Flask
from sqlalchemy import Engine, Table, text

from server.base import Base
from server.clock import now
from server.db import db

R = TypeVar("R")
Steps = tuple[Hashable, ...]
# Of each table its rows in order, each as the text of its values in SQL.
Rows = dict[str, list[str]]

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


@dataclass(frozen=True)
class _Rehearsed:
    result: object
    script: str


_SCENES: dict[str, _Scene] = {}
_REHEARSED: dict[tuple[str, Steps], _Rehearsed] = {}


def begin(url: str, engine: Engine | None = None) -> None:
    """Say that the database at ``url`` holds what the migrations left, and nothing else; a file needs no engine."""
    _SCENES[url] = _Scene((), _state(url, engine))


def rehearsed(app: Flask, step: Hashable, do: Callable[[], R]) -> R:
    """Return the result of ``do()``, or an earlier one while its rows are put into the database.

    ``step`` names all that ``do`` depends on beside the rows; ``do`` does nothing but write rows.
    The result is the same object every time: copy what a test could change.
    """
    with app.app_context():
        engine, url = db.engine, app.extensions["xuncha_settings"].database_url
    scene = _SCENES.get(url)
    if scene is None or scene.state is None or scene.state != _state(url, engine) or _another_clock():
        _SCENES.pop(url, None)
        return do()
    key = (engine.dialect.name, (*scene.steps, step))
    if key in _REHEARSED:
        _run(engine, _REHEARSED[key].script)
    else:
        before = rows_of(engine)
        result = do()
        _REHEARSED[key] = _Rehearsed(result, _script(before, rows_of(engine), engine.dialect.name))
    _SCENES[url] = _Scene(key[1], _state(url, engine))
    return cast("R", _REHEARSED[key].result)


def _another_clock() -> bool:
    return abs(now() - datetime.now(UTC)) > timedelta(seconds=1)


def _state(url: str, engine: Engine | None) -> str | None:
    """Return what every later transaction that writes will change; None if that cannot be told."""
    if engine is not None and engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            return str(connection.execute(text("SELECT pg_snapshot_xmax(pg_current_snapshot())")).scalar_one())
    place = Path(url.removeprefix("sqlite:///"))
    log = place.with_name(f"{place.name}-wal")
    length = log.stat().st_size if log.exists() else 0
    return f"{place.stat().st_mtime_ns} {length}" if length < _MOST_LOG_BYTES else None


def rows_of(engine: Engine) -> Rows:
    """Return all rows of all tables."""
    with engine.connect() as connection:
        return {
            table.name: list(connection.exec_driver_sql(_row_by_row(table, engine.dialect.name)).scalars())
            for table in Base.metadata.sorted_tables
        }


def _row_by_row(table: Table, kind: str) -> str:
    values = " || ',' || ".join(_AS_SQL[kind].format(name) for name in _names(table))
    return f'SELECT {values} FROM "{table.name}"'  # noqa: S608 (the schema's own names)


def _script(before: Rows, after: Rows, kind: str) -> str:
    """Return the statements that make the rows ``after`` out of those ``before``."""
    statements = [_BEFORE[kind]]
    for name, rows in after.items():
        had = set(before[name])
        gone = had - set(rows)
        if gone:
            statements.append(f'DELETE FROM "{name}"')  # noqa: S608 (the schema's own names)
        fresh = rows if gone else [row for row in rows if row not in had]
        if fresh:
            names = ",".join(_names(Base.metadata.tables[name]))
            statements.append(f'INSERT INTO "{name}" ({names}) VALUES ({"),(".join(fresh)})')  # noqa: S608 (quoted by the database)
    return "; ".join((*statements, _AFTER[kind]))


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
