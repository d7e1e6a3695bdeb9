"""Officers on shift: clocking in and out, and the points of their walks."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Float, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.base import Base, Id


class FieldShift(Base):
    """A clocking in or out of an officer, as the handset said it."""

    __tablename__ = "field_shift"
    __table_args__ = (
        UniqueConstraint("install_id", "item_id"),
        CheckConstraint("action IN ('in', 'out')", name="action"),
        Index("ix_field_shift_officer", "officer_id", "captured_at_corrected"),
    )

    id: Mapped[Id]
    install_id: Mapped[UUID]
    item_id: Mapped[UUID]
    agency_id: Mapped[UUID]
    officer_id: Mapped[UUID]
    action: Mapped[str] = mapped_column(String(4))
    lon: Mapped[float | None] = mapped_column(Float)
    lat: Mapped[float | None] = mapped_column(Float)
    crs: Mapped[str | None] = mapped_column(String(16))
    captured_at: Mapped[datetime | None]
    captured_at_corrected: Mapped[datetime | None]
    received_at: Mapped[datetime]


class Track(Base):
    """At most 120 GNSS points of an officer on shift; ``points`` is the JSON text of the list as received."""

    __tablename__ = "track"
    __table_args__ = (
        UniqueConstraint("install_id", "item_id"),
        Index("ix_track_officer", "officer_id", "captured_at_corrected"),
    )

    id: Mapped[Id]
    install_id: Mapped[UUID]
    item_id: Mapped[UUID]
    agency_id: Mapped[UUID]
    officer_id: Mapped[UUID]
    crs: Mapped[str] = mapped_column(String(16))
    points: Mapped[str]
    point_count: Mapped[int]
    captured_at_corrected: Mapped[datetime | None]
    received_at: Mapped[datetime]
