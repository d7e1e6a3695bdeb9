"""The two databases as this product speaks to them: how a transaction begins, and that no statement passes the guard.

Dialects, and not listeners of SQLAlchemy's events: a single listener of any engine event makes every statement of the
process look for listeners of all of them (docs/adr/0011).
"""

import sqlite3
from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import ExecutionContext
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from server.ledger import guard

# Execution options of a connection: its transactions write; their commits do not wait for the disk.
WRITE, HASTY = "xuncha_write", "xuncha_hasty"
_OPTIONS = "xuncha_options"
_WAITED = "xuncha_waited"


class _Guarded(DefaultDialect):
    """Tells the feed's guard of every statement, transaction and savepoint."""

    def set_connection_execution_options(self, connection: Connection, opts: Mapping[str, Any]) -> None:
        """Keep what the connection's transactions are for: a dialect does not see its options when one begins."""
        super().set_connection_execution_options(connection, cast("Any", opts))
        if WRITE in opts:
            connection.info[_OPTIONS] = opts

    def do_begin(self, dbapi_connection: PoolProxiedConnection) -> None:
        """Begin a transaction of which the guard has seen nothing yet."""
        guard.begin(dbapi_connection.info)
        super().do_begin(dbapi_connection)

    def do_execute(
        self, cursor: DBAPICursor, statement: str, parameters: object, context: ExecutionContext | None = None
    ) -> None:
        """Execute a statement that the guard has seen."""
        guard.watch(statement, context)
        super().do_execute(cursor, statement, parameters, context)

    def do_executemany(
        self, cursor: DBAPICursor, statement: str, parameters: object, context: ExecutionContext | None = None
    ) -> None:
        """Execute a statement with many rows that the guard has seen."""
        guard.watch(statement, context)
        super().do_executemany(cursor, statement, parameters, context)

    def do_execute_no_params(
        self, cursor: DBAPICursor, statement: str, context: ExecutionContext | None = None
    ) -> None:
        """Execute a statement without parameters that the guard has seen."""
        guard.watch(statement, context)
        super().do_execute_no_params(cursor, statement, context)

    def do_savepoint(self, connection: Connection, name: str) -> None:
        """Open a savepoint: what is written after it is only written if it is released."""
        guard.enter(connection.info)
        super().do_savepoint(connection, name)

    def do_release_savepoint(self, connection: Connection, name: str) -> None:
        """Release a savepoint."""
        guard.release(connection.info)
        super().do_release_savepoint(connection, name)

    def do_rollback_to_savepoint(self, connection: Connection, name: str) -> None:
        """Take a savepoint back."""
        guard.take_back(connection.info)
        super().do_rollback_to_savepoint(connection, name)


class Sqlite(_Guarded, SQLiteDialect_pysqlite):
    """SQLite by the standard library's driver, which begins no transaction by itself (server.db says so)."""

    supports_statement_cache = True

    def do_begin(self, dbapi_connection: PoolProxiedConnection) -> None:
        """Begin a transaction; one that writes takes its lock first, so that it cannot fail busy half-way."""
        super().do_begin(dbapi_connection)
        info, driver = dbapi_connection.info, cast("sqlite3.Connection", dbapi_connection.driver_connection)
        options = info.get(_OPTIONS, {})
        # It cannot be set for one transaction, nor while one lasts: whoever begins the next one sets it back.
        waited = info.pop(_WAITED, None)
        if waited is not None:
            driver.execute(f"PRAGMA synchronous={waited}")
        if options.get(HASTY):
            (info[_WAITED],) = driver.execute("PRAGMA synchronous").fetchone()
            driver.execute("PRAGMA synchronous=NORMAL")
        driver.execute("BEGIN IMMEDIATE" if options.get(WRITE) else "BEGIN")


class Postgresql(_Guarded, PGDialect_psycopg):
    """PostgreSQL by psycopg."""

    supports_statement_cache = True

    def do_begin(self, dbapi_connection: PoolProxiedConnection) -> None:
        """Begin a transaction; a hasty one tells the server so."""
        super().do_begin(dbapi_connection)
        if dbapi_connection.info.get(_OPTIONS, {}).get(HASTY):
            cast("Any", dbapi_connection.driver_connection).execute("SET LOCAL synchronous_commit TO OFF")


@event.listens_for(Engine, "checkin")
def _forget(_connection: object, entry: ConnectionPoolEntry) -> None:
    """Let nobody who borrows the connection next begin as its last borrower did."""
    entry.info.pop(_OPTIONS, None)


# As they stand in addresses, with and without the driver.
for _name in ("sqlite", "sqlite.pysqlite"):
    registry.register(_name, __name__, Sqlite.__name__)
for _name in ("postgresql", "postgresql.psycopg"):
    registry.register(_name, __name__, Postgresql.__name__)
