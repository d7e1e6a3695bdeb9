"""The responsibility matrix: class × area → lead unit and assisting units, with the decision it rests on."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.base import Base, Id


class Responsibility(Base):
    """One entry; ``assisting`` is the JSON text of a list of squad ids. A changed entry is a new one from a day on.

    ``decided_from_case_id``: the disputed case whose determination (责任主体认定) made it.
    """

    __tablename__ = "responsibility"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="validity"),
        UniqueConstraint("agency_id", "scheme", "code", "area_code", "valid_from"),
        Index("ix_responsibility_scheme", "scheme", "valid_to"),
    )

    id: Mapped[Id]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    scheme: Mapped[str] = mapped_column(String(32))
    code: Mapped[str] = mapped_column(String(16))
    area_code: Mapped[str] = mapped_column(String(32))
    lead_squad_id: Mapped[UUID] = mapped_column(ForeignKey("squad.id"))
    assisting: Mapped[str] = mapped_column(default="[]")
    basis: Mapped[str]
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    decided_from_case_id: Mapped[UUID | None] = mapped_column(ForeignKey("case.id"))
