"""What an officer corrected of an own report."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.base import Base, Id


class Amendment(Base):
    """A later word on an earlier item of the same install; both stay.

    Two amendments of one item are ``divergent`` unless the second names the first as its own target.

    ``changes`` is the JSON text of the members that the officer corrected.
    """

    __tablename__ = "amendment"
    __table_args__ = (
        UniqueConstraint("install_id", "item_id"),
        Index("ix_amendment_target", "install_id", "target_item_id"),
        Index("ix_amendment_case", "case_id"),
    )

    id: Mapped[Id]
    install_id: Mapped[UUID]
    item_id: Mapped[UUID]
    target_item_id: Mapped[UUID]
    target_fingerprint: Mapped[str] = mapped_column(String(64))
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("case.id"))
    officer_id: Mapped[UUID]
    changes: Mapped[str]
    reason: Mapped[str | None]
    divergent: Mapped[bool]
    effective: Mapped[bool]
    captured_at_corrected: Mapped[datetime | None]
    received_at: Mapped[datetime]
