"""Tables of duplicates: which cases are one problem, which problems come back, and a city's policy for its classes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Float, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from server.base import Base, Id

_IN_FORCE = text("state IN ('proposed', 'attached')")


class CaseLink(Base):
    """``case_id`` is the same problem as ``other_id``, or came back after it.

    Never removed: what a person has undone or dismissed keeps the pair apart for ever. ``origin`` says whether a
    policy or a desk made it; ``decided_*`` who last decided on it and why.
    """

    __tablename__ = "case_link"
    __table_args__ = (
        CheckConstraint("kind IN ('duplicate', 'recurrence')", name="kind"),
        CheckConstraint("state IN ('proposed', 'attached', 'undone', 'dismissed', 'outdated')", name="state"),
        CheckConstraint("origin IN ('policy', 'desk')", name="origin"),
        CheckConstraint("case_id <> other_id", name="two_cases"),
        # Two people who attach the same case at once: one of them is told.
        Index(
            "uq_case_link_in_force",
            "case_id",
            unique=True,
            postgresql_where=text("kind = 'duplicate' AND state = 'attached'"),
            sqlite_where=text("kind = 'duplicate' AND state = 'attached'"),
        ),
        UniqueConstraint("kind", "case_id", "other_id"),
        Index("ix_case_link_other", "other_id", "kind", "state"),
        Index("ix_case_link_proposed", "state", "id", postgresql_where=_IN_FORCE, sqlite_where=_IN_FORCE),
    )

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(12))
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    other_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    state: Mapped[str] = mapped_column(String(12))
    origin: Mapped[str] = mapped_column(String(8))
    distance_m: Mapped[float | None] = mapped_column(Float)
    apart_s: Mapped[int | None] = mapped_column(BigInteger)
    made_at: Mapped[datetime]
    made_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    reason: Mapped[str | None]


class DuplicatePolicy(Base):
    """What happens to likely duplicates of a class in an agency and below; ``code`` empty: every class of the scheme.

    ``action``: attach them by itself, propose them to the desk, or leave them alone.
    """

    __tablename__ = "duplicate_policy"
    __table_args__ = (
        CheckConstraint("action IN ('attach', 'propose', 'off')", name="action"),
        CheckConstraint("radius_m BETWEEN 1 AND 1000 AND recurrence_radius_m BETWEEN 1 AND 1000", name="radius"),
        CheckConstraint("hours BETWEEN 1 AND 720 AND recurrence_days BETWEEN 1 AND 366", name="time"),
    )

    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), primary_key=True)
    scheme: Mapped[str] = mapped_column(String(32), primary_key=True)
    code: Mapped[str] = mapped_column(String(16), primary_key=True)
    action: Mapped[str] = mapped_column(String(8))
    radius_m: Mapped[int]
    hours: Mapped[int]
    recurrence_days: Mapped[int]
    recurrence_radius_m: Mapped[int]
