"""``INSERT … ON CONFLICT`` in the dialect of the session at hand; both databases speak it alike."""

from typing import Any

from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session


def dialect_of(session: Session) -> str:
    """Return what a statement that is built once for each database is kept under."""
    return session.get_bind().dialect.name


def insert_in(dialect: str, table: Any) -> PostgresInsert | SqliteInsert:  # noqa: ANN401 (SQLAlchemy's own argument type)
    """Return an INSERT of a dialect that knows ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""
    return postgres_insert(table) if dialect == "postgresql" else sqlite_insert(table)


def insert(session: Session, table: Any) -> PostgresInsert | SqliteInsert:  # noqa: ANN401 (SQLAlchemy's own argument type)
    """Return the INSERT of `insert_in` for the session's database."""
    return insert_in(dialect_of(session), table)
