"""Keeps a PostgreSQL database: COPY of every table within one read-only snapshot, one packed text per table.

Why not pg_dump: it must be installed, and not be older than the server; COPY needs no more than the connection that
is there. The form of the tables is not dumped at all: migrations make it, so a backup also fits a newer server and,
migrated, a newer release. A snapshot is loaded into a schema of its own, with the rights of the database's owner.
"""

import gzip
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from psycopg import Connection as PsycopgConnection
from psycopg import Cursor, sql
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Connection, Engine, NullPool, Table, create_engine, inspect, select, text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateSchema, DropSchema

from photo_store.durable import fsync_folder
from server.base import Base
from server.db import SNAPSHOT
from server.safekeeping.errors import SafekeepingError
from server.safekeeping.migrating import migrate

R = TypeVar("R")

TABLES = "tables.json"
READING, COMING = "xuncha_reading_back", "xuncha_restoring"
_BLOCK = 1024 * 1024
_OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
# Those of migrations (0007): functions that return a trigger and came with no extension.
_TRIGGER_FUNCTIONS = """
    SELECT proname FROM pg_proc WHERE pronamespace = to_regnamespace(:schema) AND prorettype = 'trigger'::regtype
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
"""


class PostgresqlKeeper:
    """See server.safekeeping.keeper.DatabaseKeeper."""

    dialect = "postgresql"

    def __init__(self, engine: Engine, stamp: str) -> None:
        self._engine = engine
        self._stamp = stamp

    def snapshot(self, folder: Path) -> None:
        """See DatabaseKeeper."""
        folder.mkdir()
        tables = Base.metadata.sorted_tables
        with self._engine.connect().execution_options(**SNAPSHOT) as connection, _cursor(connection) as cursor:
            for table in tables:
                _write(cursor, table, folder)
        columns = {table.name: [column.name for column in table.columns] for table in tables}
        (folder / TABLES).write_text(json.dumps(columns, indent=1), encoding="utf-8")
        for file in folder.iterdir():
            with file.open("rb") as written:
                os.fsync(written.fileno())
        fsync_folder(folder)

    @contextmanager
    def opened(self, folder: Path, revision: str, scratch: Path) -> Iterator[Engine]:
        """See DatabaseKeeper."""
        del scratch  # the copy lies in the database, in a schema of its own
        try:
            yield self._restored(folder, revision, READING)
        finally:
            with self._engine.begin() as connection:
                connection.execute(DropSchema(READING, cascade=True, if_exists=True))

    def demand_alone(self) -> None:
        """See DatabaseKeeper."""
        self._engine.dispose()
        with self._engine.connect() as connection:
            others = connection.execute(text(_OTHERS)).scalar_one()
        if others:
            msg = f"{others} other connections use the database. Stop web server and worker, then try again."
            raise SafekeepingError(msg)

    def replace(self, folder: Path, revision: str, settle: Callable[[Session], R]) -> tuple[str, R]:
        """See DatabaseKeeper."""
        engine = self._restored(folder, revision, COMING)
        with Session(engine) as session, session.begin():
            settled = settle(session)
        aside = f"before_restore_{self._stamp}".lower().replace("-", "_")
        with self._engine.begin() as connection:
            connection.execute(text("SET LOCAL lock_timeout = '10s'"))
            present = connection.execute(select(text("current_schema()"))).scalar_one()
            ours = {*Base.metadata.tables, "alembic_version"}
            former = sorted(ours & set(inspect(connection).get_table_names(schema=present)))
            if former:
                connection.execute(CreateSchema(aside))
                _move(connection, former, present, aside)
                _move_trigger_functions(connection, present, aside)
            _move(connection, inspect(connection).get_table_names(schema=COMING), COMING, present)
            _move_trigger_functions(connection, COMING, present)
            connection.execute(DropSchema(COMING))
        self._engine.dispose()
        return (f"the schema {aside}" if former else "nowhere: there was none"), settled

    def _restored(self, folder: Path, revision: str, schema: str) -> Engine:
        """Load a snapshot into a fresh schema, bring it to this release's form, and return an engine on it."""
        try:
            with self._engine.begin() as connection:
                connection.execute(DropSchema(schema, cascade=True, if_exists=True))
                connection.execute(CreateSchema(schema))
        except ProgrammingError as error:
            if not isinstance(error.orig, InsufficientPrivilege):
                raise
            msg = "This account may not make a schema. As the database's owner: GRANT CREATE ON DATABASE … TO …;"
            raise SafekeepingError(msg) from error
        there = {"options": f"-c timezone=UTC -c search_path={schema}"}
        engine = create_engine(self._engine.url, poolclass=NullPool, connect_args=there)
        migrate(engine, revision)
        try:
            with engine.begin() as connection, _cursor(connection) as cursor:
                _load(cursor, folder)
        except (DBAPIError, OSError, EOFError, ValueError) as error:
            raise SafekeepingError(f"The snapshot {folder} is damaged: {error}") from error
        migrate(engine)
        return engine


@contextmanager
def _cursor(connection: Connection) -> Iterator[Cursor]:
    """Return the driver's own cursor within the connection's transaction: only it speaks COPY."""
    # Opens the transaction with its isolation level; and a whole table takes as long as it takes.
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    driver: PsycopgConnection | None = connection.connection.driver_connection
    if driver is None:
        msg = "the connection is gone"
        raise SafekeepingError(msg)
    with driver.cursor() as cursor:
        yield cursor


def _write(cursor: Cursor, table: Table, folder: Path) -> None:
    rows = sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT").format(
        _listed([column.name for column in table.columns]),
        sql.Identifier(table.name),
        _listed([column.name for column in table.primary_key.columns]),
    )
    # Without a time inside, equal rows give an equal file.
    with (
        (folder / f"{table.name}.copy.gz").open("xb") as file,
        gzip.GzipFile("", "wb", compresslevel=1, fileobj=file, mtime=0) as packed,
        cursor.copy(rows) as stream,
    ):
        for block in stream:
            packed.write(block)


def _load(cursor: Cursor, folder: Path) -> None:
    columns: dict[str, list[str]] = json.loads((folder / TABLES).read_text(encoding="utf-8"))
    for name in reversed(columns):
        # Rows that the migrations inserted are in the snapshot too.
        cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
    for name, chosen in columns.items():
        command = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(name), _listed(chosen))
        with gzip.open(folder / f"{name}.copy.gz", "rb") as packed, cursor.copy(command) as stream:
            while block := packed.read(_BLOCK):
                stream.write(block)


def _listed(names: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(name) for name in names)


def _move(connection: Connection, names: list[str], source: str, target: str) -> None:
    quote = connection.dialect.identifier_preparer.quote
    for name in names:
        connection.execute(text(f"ALTER TABLE {quote(source)}.{quote(name)} SET SCHEMA {quote(target)}"))


def _move_trigger_functions(connection: Connection, source: str, target: str) -> None:
    """Move the functions behind our triggers after their tables; triggers know them by id, so they go on working."""
    quote = connection.dialect.identifier_preparer.quote
    for name in connection.execute(text(_TRIGGER_FUNCTIONS), {"schema": source}).scalars().all():
        connection.execute(text(f"ALTER FUNCTION {quote(source)}.{quote(name)}() SET SCHEMA {quote(target)}"))
