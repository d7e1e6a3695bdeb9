"""What somebody asks for a case and another person decides."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from server.base import Base, Id

_OPEN = text("state = 'open'")


class CaseRequest(Base):
    """An extension, a suspension, an appeal against lateness, or a forced close, and what was decided.

    ``first_*`` is the first of an appeal's two reviews. ``until``: to when a suspension is asked. ``facts`` is JSON.
    """

    __tablename__ = "case_request"
    __table_args__ = (
        CheckConstraint("kind IN ('extension', 'suspension', 'appeal', 'force_close')", name="kind"),
        CheckConstraint("state IN ('open', 'approved', 'rejected', 'withdrawn')", name="state"),
        CheckConstraint("first_verdict IN ('approved', 'rejected')", name="first_verdict"),
        CheckConstraint("state <> 'open' OR decided_at IS NULL", name="decided"),
        Index("uq_case_request_open", "case_id", "kind", unique=True, postgresql_where=_OPEN, sqlite_where=_OPEN),
        Index("ix_case_request_case", "case_id", "id"),
        Index("ix_case_request_agency", "agency_id", "state", "id"),
    )

    id: Mapped[Id]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    kind: Mapped[str] = mapped_column(String(16))
    clock_id: Mapped[UUID | None] = mapped_column(ForeignKey("case_clock.id"))
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("officer.id"))
    asked_at: Mapped[datetime]
    reason: Mapped[str]
    until: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(12), default="open")
    first_by: Mapped[UUID | None] = mapped_column(ForeignKey("officer.id"))
    first_at: Mapped[datetime | None]
    first_verdict: Mapped[str | None] = mapped_column(String(12))
    first_reason: Mapped[str | None]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("officer.id"))
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None]
    facts: Mapped[str | None]
