"""The clocks of a case: how long each stage may take, when it is due, and when it was held."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from server.base import Base, Id

_RUNNING = text("stopped_at IS NULL")


class CaseClock(Base):
    """One stage of a case in one round. ``due_at`` is None while a pause holds it.

    ``late`` is known once the clock has stopped, or once it is overdue, and stays a fact; ``exempted_at`` (an approved
    appeal) only takes it out of the statistics. ``told_*``: when the sweep told those concerned, once each.
    """

    __tablename__ = "case_clock"
    __table_args__ = (
        CheckConstraint("stage IN ('acceptance', 'verification', 'dispatch', 'disposal', 'check')", name="stage"),
        CheckConstraint("clock IN ('emergency_hour', 'work_hour', 'work_day', 'natural_day')", name="clock"),
        CheckConstraint("amount > 0 AND extensions BETWEEN 0 AND 2", name="amount"),
        UniqueConstraint("case_id", "stage", "round"),
        Index("ix_case_clock_due", "due_at", postgresql_where=_RUNNING, sqlite_where=_RUNNING),
    )

    id: Mapped[Id]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    stage: Mapped[str] = mapped_column(String(16))
    round: Mapped[int] = mapped_column(default=1)
    clock: Mapped[str] = mapped_column(String(16))
    # With its extensions; the original is amount / (extensions + 1).
    amount: Mapped[Decimal] = mapped_column(Numeric(8, 3))
    wording: Mapped[str] = mapped_column(String(32))
    started_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    late: Mapped[bool | None]
    extensions: Mapped[int] = mapped_column(default=0)
    told_soon_at: Mapped[datetime | None]
    told_overdue_at: Mapped[datetime | None]
    exempted_at: Mapped[datetime | None]


class ClockPause(Base):
    """A time that does not count for a clock; ``why`` names what holds it (verifying, returned, suspended, …)."""

    __tablename__ = "clock_pause"
    __table_args__ = (
        CheckConstraint("ended_at IS NULL OR ended_at >= begun_at", name="order"),
        Index(
            "uq_clock_pause_open",
            "clock_id",
            "why",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
        Index("ix_clock_pause_clock", "clock_id"),
    )

    id: Mapped[Id]
    clock_id: Mapped[UUID] = mapped_column(ForeignKey("case_clock.id"))
    begun_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    why: Mapped[str] = mapped_column(String(16))
