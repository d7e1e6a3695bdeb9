"""The inbox: every item a handset ever pushed, raw, before anybody interprets it.

Committed raw items are the acknowledgement. The body is kept as bytes, because a damaged text (NUL, lone
surrogates) must be kept and read too.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from server.base import Base


class InboxItem(Base):
    """One item as received: (item_id, fingerprint) is its identity.

    The same id with another fingerprint is kept too, as ``conflict``; one row per id is the primary. ``outcome``
    is the JSON text of the members that the verdict carries (problem, case_id, needs …).
    """

    __tablename__ = "inbox_item"
    __table_args__ = (
        CheckConstraint(
            "state IN ('interpreting', 'applied', 'waiting', 'quarantined', 'superseded', 'conflict')", name="state"
        ),
        Index(
            "uq_inbox_item_primary",
            "item_id",
            unique=True,
            postgresql_where=text("is_primary"),
            sqlite_where=text("is_primary"),
        ),
        Index(
            "ix_inbox_item_left",
            "install_id",
            postgresql_where=text("state = 'interpreting'"),
            sqlite_where=text("state = 'interpreting'"),
        ),
        Index("uq_inbox_item_install_n", "install_id", "n", unique=True),
        Index(
            "ix_inbox_item_open",
            "state",
            "received_at",
            postgresql_where=text("state IN ('interpreting', 'waiting', 'quarantined', 'conflict')"),
            sqlite_where=text("state IN ('interpreting', 'waiting', 'quarantined', 'conflict')"),
        ),
    )

    item_id: Mapped[UUID] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    is_primary: Mapped[bool]
    install_id: Mapped[UUID]
    officer_id: Mapped[UUID]
    agency_id: Mapped[UUID]
    n: Mapped[int] = mapped_column(BigInteger)
    dseq: Mapped[int | None] = mapped_column(BigInteger)
    kind: Mapped[str | None] = mapped_column(String(32))
    kv: Mapped[int | None]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    head: Mapped[str]
    signature: Mapped[str | None]
    batch_id: Mapped[str | None] = mapped_column(String(64))
    received_at: Mapped[datetime]
    # The handset's clocks as this push stated them, JSON text: what its capture times are corrected with.
    anchor: Mapped[str]
    state: Mapped[str] = mapped_column(String(12))
    attempts: Mapped[int]
    attempted_at: Mapped[datetime]
    outcome: Mapped[str]
    interpreted_at: Mapped[datetime | None]


class ItemNeed(Base):
    """What a waiting item waits for, such as ``task:<uuid>`` or ``kind:<name>``; whoever brings it wakes the item."""

    __tablename__ = "item_need"
    __table_args__ = (Index("ix_item_need_key", "key"),)

    item_id: Mapped[UUID] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(96), primary_key=True)
