"""The database of a test: fresh rows, the schema of the migrations, on SQLite and on PostgreSQL.

SQLite: a file migrated once per test process is copied. PostgreSQL: one database per test process; all rows are
deleted before each test and those that the migrations had inserted are put back.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, create_engine, event, text
from support.rehearsal import begin, inserts, rows_of

from server import create_app
from server.config import Settings
from server.db import db

# One that an earlier test left open might hold its locks for ever. A connection that waits for its next transaction
# holds nothing: those of the application stay open for its next test (support/application.py).
END_OTHER_CONNECTIONS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND (state IS DISTINCT FROM 'idle' OR :idle_too)
"""
# Foreign keys (and cycles of them) do not matter when everything goes. As a setting of the connection: whoever sets
# it in a transaction makes the server forget how it was going to run the statements that it knows.
WITHOUT_TRIGGERS = {"options": "-c session_replication_role=replica -c jit=off"}


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Return the SQLAlchemy URL of a migrated database without any other test's rows."""
    url: str = request.getfixturevalue(f"{request.param}_database")
    return url


# A mark for tests of what rules, files or pages decide, where no statement could run differently.
ON_SQLITE_ONLY = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    template = folder / "xuncha.sqlite3"
    migrate(f"sqlite:///{template}", folder)
    # Rows that still stood in the write-ahead log would be missing in the copies.
    assert not template.with_name("xuncha.sqlite3-wal").exists()
    return template


@pytest.fixture
def sqlite_database(sqlite_template: Path) -> str:
    """Return the URL of a migrated SQLite file without any other test's rows; the path is the same every time."""
    fresh = sqlite_template.with_name("test.sqlite3")
    for leftover in ("test.sqlite3-wal", "test.sqlite3-shm"):
        sqlite_template.with_name(leftover).unlink(missing_ok=True)
    # The neighbour belongs to the file: without it the copy would count as put back by hand, and get a new epoch.
    shutil.copy(f"{sqlite_template}.generation", f"{fresh}.generation")
    url = f"sqlite:///{shutil.copy(sqlite_template, fresh)}"
    begin(url)
    return url


@pytest.fixture(scope="session")
def postgresql_engine(postgresql_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Return an engine whose connections can call `pg_temp.begin_anew()`: only the rows of the migrations stay."""
    migrate(postgresql_url, tmp_path_factory.mktemp("migration"))
    engine = create_engine(postgresql_url, connect_args=WITHOUT_TRIGGERS)
    function = begin_anew(engine)
    engine.dispose()

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 (the driver's connection)
        connection.execute(function)
        connection.commit()

    yield engine
    engine.dispose()


def begin_anew(engine: Engine) -> str:
    """Return the function that makes the database what it is now: one call, and the server knows its statements."""
    rows = rows_of(engine)
    statements = [*(f'DELETE FROM "{name}"' for name in rows), *inserts(rows)]  # noqa: S608 (the schema's own names)
    body = "".join(f"{statement};\n" for statement in statements)
    return f"CREATE FUNCTION pg_temp.begin_anew() RETURNS void LANGUAGE plpgsql AS $anew$ BEGIN {body} END $anew$"


@pytest.fixture
def postgresql_database(postgresql_url: str, postgresql_engine: Engine, request: pytest.FixtureRequest) -> str:
    """Return the URL of the process's PostgreSQL database, emptied to the state after the migrations."""
    # A test without `app` does not know of the connections that `app` keeps.
    with postgresql_engine.begin() as connection:
        connection.execute(text(END_OTHER_CONNECTIONS), {"idle_too": "app" not in request.fixturenames})
        connection.execute(text("SELECT pg_temp.begin_anew()"))
    begin(postgresql_url, postgresql_engine)
    return postgresql_url


def migrate(url: str, folder: Path) -> None:
    """Bring the database at `url` to the newest schema, as `flask prepare` does."""
    settings = Settings(
        database_url=url,
        blob_dir=folder / "blobs",
        spool_dir=folder / "spool",
        custody_key_file=folder / "custody.key",
        checkpoint_dir=folder / "checkpoints",
        queue_file=folder / "queue.sqlite3",
        secret_key="for the migration only",
    )
    app = create_app(settings)
    with app.app_context():
        result = app.test_cli_runner(catch_exceptions=False).invoke(args=["prepare"])
        db.engine.dispose()
    assert result.exit_code == 0, result.output


@pytest.fixture
def durable(app: Flask) -> Iterator[Engine]:
    """Let commits wait for the disk as in production, which the tests' own PostgreSQL does not ask for."""
    with app.app_context():
        engine = db.engine

    def wait(connection: psycopg.Connection | sqlite3.Connection, _record: object) -> None:
        if isinstance(connection, psycopg.Connection):
            connection.execute("SET synchronous_commit TO ON")
            connection.commit()

    event.listen(engine, "connect", wait)
    engine.dispose()
    yield engine
    event.remove(engine, "connect", wait)
    # Connections stay open for the next test, which expects the server's own setting.
    engine.dispose()


def waits_for_the_disk(connection: Connection) -> bool:
    """Tell whether a commit of this connection returns only when it is on the disk."""
    if connection.dialect.name == "sqlite":
        # 2 is FULL.
        return bool(connection.scalar(text("SELECT synchronous = 2 FROM pragma_synchronous")))
    return connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
