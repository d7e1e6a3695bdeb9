"""The declarative base that every model inherits, and the column types shared by all of them.

Knows SQLAlchemy but neither Flask nor any subject, so that models import and type-check alone.
"""

import secrets
from datetime import UTC, datetime
from typing import Annotated, Any, cast
from uuid import UUID

from sqlalchemy import DateTime, Dialect, MetaData, String, Table, Text, Uuid
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeDecorator

from sync.uuid7 import uuid7

__all__ = ["Base", "Id", "Tag", "UtcDateTime", "new_tag", "table_of", "uuid7"]


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, stored in UTC on both databases (SQLite itself drops the zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (SQLAlchemy's signature)
        """Refuse a naive time: it would silently mean another hour elsewhere."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = f"naive time {value!r}: give it a zone"
            raise ValueError(msg)
        return value if value.tzinfo is UTC else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002, ANN401 (SQLAlchemy's signature)
        """Give SQLite's naive value its zone back."""
        if not isinstance(value, datetime):
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def new_tag() -> str:
    """Return a version: 16 random hex digits. Never a counter, which would repeat after a restore."""
    return secrets.token_hex(8)


Id = Annotated[UUID, mapped_column(Uuid, primary_key=True, default=uuid7)]
Tag = Annotated[str, mapped_column(String(16), default=new_tag)]

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def table_of(model: type["Base"]) -> Table:
    """Return a model's table, for statements of columns and rows that need no entities."""
    return cast("Table", model.__table__)


class Base(DeclarativeBase):
    """Plain declarative base; Flask-SQLAlchemy is bound to its metadata in server/db.py."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {datetime: UtcDateTime, str: Text, UUID: Uuid}  # noqa: RUF012 (SQLAlchemy's attribute)
