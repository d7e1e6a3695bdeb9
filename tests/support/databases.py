"""The database of a test: fresh rows, the schema of the migrations, on SQLite and on PostgreSQL.

SQLite: a file migrated once per test process is copied. PostgreSQL: one database per test process; all rows are
deleted before each test and those that the migrations had inserted are put back.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Table, create_engine, delete, insert, select, text
from support.rehearsal import begin

from server import create_app
from server.base import Base
from server.config import Settings
from server.db import db

# One that an earlier test left open might hold its locks for ever.
END_OTHER_CONNECTIONS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""

Rows = list[tuple[Table, list[dict[str, Any]]]]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Return the SQLAlchemy URL of a migrated database without any other test's rows."""
    url: str = request.getfixturevalue(f"{request.param}_database")
    return url


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
    migrate(postgresql_url, tmp_path_factory.mktemp("migration"))
    engine = create_engine(postgresql_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def migrated_rows(postgresql_engine: Engine) -> Rows:
    with postgresql_engine.connect() as connection:
        tables = {table: connection.execute(select(table)).mappings().all() for table in Base.metadata.sorted_tables}
    return [(table, [dict(row) for row in rows]) for table, rows in tables.items() if rows]


@pytest.fixture
def postgresql_database(postgresql_url: str, postgresql_engine: Engine, migrated_rows: Rows) -> str:
    """Return the URL of the process's PostgreSQL database, emptied to the state after the migrations."""
    with postgresql_engine.begin() as connection:
        connection.execute(text(END_OTHER_CONNECTIONS))
        # Foreign keys (and cycles of them) do not matter when everything goes.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("; ".join(str(delete(table)) for table in Base.metadata.sorted_tables)))
        for table, rows in migrated_rows:
            connection.execute(insert(table), rows)
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
