"""Alembic's entry: migrates the database of the running application, online, one transaction per migration."""

from alembic import context
from flask import current_app
from sqlalchemy import Connection

from server.base import Base, UtcDateTime
from server.db import WRITER

# A restore migrates a copy before it takes the database's place (server/safekeeping/migrating.py).
engine = context.config.attributes.get("engine") or current_app.extensions["migrate"].db.engine


def written(kind: str, item: object, _context: object) -> str | bool:
    """Write our own column type as the plain one below it: a migration must not change when our code does."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def compared(name: str | None, _kind: str, _parents: object) -> bool:
    """Leave out what only one database has: the trigram index of case_text, on SQLite a table with shadow tables."""
    return name is None or not name.startswith(("case_text_fts", "ix_case_text_trigrams"))


def enforce_references(connection: Connection, *, enforced: bool) -> None:
    """Switch SQLite's foreign keys; it rebuilds a table by dropping it, which would count as deleting its rows."""
    if connection.dialect.name != "sqlite":
        return
    # Between transactions only: inside one the pragma does nothing.
    raw = connection.connection.driver_connection
    if enforced and (broken := raw.execute("PRAGMA foreign_key_check").fetchall()):
        raise RuntimeError(f"the migration left rows that point at nothing: {broken[:5]}")
    raw.execute(f"PRAGMA foreign_keys={'ON' if enforced else 'OFF'}")


# On SQLite the migration must take the write lock at once, like every writer (server/db.py).
with engine.connect().execution_options(**WRITER) as connection:
    if connection.dialect.name == "postgresql":
        # Rewriting a city's tables takes as long as it takes.
        with connection.begin():
            connection.exec_driver_sql("SET statement_timeout = 0")
            connection.exec_driver_sql("SET lock_timeout = 0")
    enforce_references(connection, enforced=False)
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=written,
        include_name=compared,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    enforce_references(connection, enforced=True)
