"""Tables of how long photographs are kept, what holds them, and how they are disposed of."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.base import Base, Id, Tag


class LegalHold(Base):
    """Nothing of this owner is disposed of while a hold on it is open."""

    __tablename__ = "legal_hold"
    __table_args__ = (
        CheckConstraint(
            "(released_at IS NULL) = (released_by IS NULL) AND (released_at IS NULL) = (release_reason IS NULL)",
            name="released",
        ),
        Index("ix_legal_hold_owner", "owner_kind", "owner_id"),
    )

    id: Mapped[Id]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    owner_kind: Mapped[str] = mapped_column(String(16))
    owner_id: Mapped[UUID]
    reason: Mapped[str]
    placed_by: Mapped[UUID]
    placed_at: Mapped[datetime]
    released_by: Mapped[UUID | None]
    released_at: Mapped[datetime | None]
    release_reason: Mapped[str | None]


class RetentionRule(Base):
    """How many whole years the photographs of an agency's finished owners are kept; a lower agency inherits."""

    __tablename__ = "retention_rule"
    __table_args__ = (CheckConstraint("years BETWEEN 1 AND 100", name="years"),)

    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), primary_key=True)
    owner_kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    years: Mapped[int]
    set_by: Mapped[UUID]
    set_at: Mapped[datetime]


class Disposal(Base):
    """The disposal of one owner's photographs: proposed, approved by a second person, executed after a delay."""

    __tablename__ = "disposal"
    __table_args__ = (
        CheckConstraint("state IN ('proposed', 'approved', 'refused', 'executed')", name="state"),
        CheckConstraint("state = 'proposed' OR (decided_by IS NOT NULL AND decided_at IS NOT NULL)", name="decided"),
        CheckConstraint("(state = 'executed') = (executed_at IS NOT NULL)", name="executed"),
        Index("ix_disposal_state", "state", "decided_at"),
        Index("ix_disposal_owner", "owner_kind", "owner_id"),
    )

    id: Mapped[Id]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    owner_kind: Mapped[str] = mapped_column(String(16))
    owner_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str]
    proposed_by: Mapped[UUID]
    proposed_at: Mapped[datetime]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    decision: Mapped[str | None]
    single_person: Mapped[bool] = mapped_column(default=False)
    executed_at: Mapped[datetime | None]
    version: Mapped[Tag]
