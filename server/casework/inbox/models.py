"""Tables of the inbox. Notices are kept for 90 days; nothing else depends on them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.base import Base, Id


class NoticeRow(Base):
    """One thing that happened, for an officer, a squad, whoever has a permission at the agency, or several of them.

    ``by_id`` is who did it, who is not told of it as one of many; None is the system. ``facts`` is a JSON object.
    """

    __tablename__ = "notice"
    __table_args__ = (
        CheckConstraint("officer_id IS NOT NULL OR squad_id IS NOT NULL OR permission IS NOT NULL", name="addressed"),
        Index("ix_notice_officer", "officer_id", "id"),
        Index("ix_notice_squad", "squad_id", "id"),
        Index("ix_notice_permission", "permission", "id"),
        Index("ix_notice_at", "at"),
    )

    id: Mapped[Id]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    officer_id: Mapped[UUID | None] = mapped_column(ForeignKey("officer.id"))
    squad_id: Mapped[UUID | None] = mapped_column(ForeignKey("squad.id"))
    permission: Mapped[str | None] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(24))
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("case.id"))
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("officer.id"))
    at: Mapped[datetime]
    facts: Mapped[str] = mapped_column(default="{}")


class NoticeRead(Base):
    """An officer has read a notice that lies above the officer's floor."""

    __tablename__ = "notice_read"

    notice_id: Mapped[UUID] = mapped_column(ForeignKey("notice.id"), primary_key=True)
    officer_id: Mapped[UUID] = mapped_column(ForeignKey("officer.id"), primary_key=True)
    at: Mapped[datetime]


class InboxFloor(Base):
    """Up to this notice an officer has read everything: what is older is never counted again.

    Without it the count in the top bar would compare 90 days of a city's notices on every page.
    """

    __tablename__ = "inbox_floor"

    officer_id: Mapped[UUID] = mapped_column(ForeignKey("officer.id"), primary_key=True)
    # No foreign key: the notice itself is removed some day.
    notice_id: Mapped[UUID]
