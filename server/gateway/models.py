"""The inbox: every item a handset ever pushed, raw, before anybody interprets it.

Committed raw items are the acknowledgement. The body is kept as bytes, because a damaged text (NUL, lone
surrogates) must be kept and read too.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from server.base import Base, Id


class InboxItem(Base):
    """One item as received: install, item_id and fingerprint are its identity.

    Ids are names within one install: what a stranger sends under an id known here is the stranger's own item, and
    nobody learns whether an id exists elsewhere. The same id with another fingerprint is kept too, as ``conflict``;
    one row per id is the primary. ``outcome`` is the JSON text of the members that the verdict carries (problem,
    case_id, needs …). ``version`` is set when the outcome changed after the push was answered: then a receipt with
    this version is in the install's feed. Purged content leaves identity and outcome behind (``purged_at``).
    """

    __tablename__ = "inbox_item"
    __table_args__ = (
        CheckConstraint(
            "state IN ('interpreting', 'applied', 'waiting', 'quarantined', 'superseded', 'conflict')", name="state"
        ),
        Index(
            "uq_inbox_item_primary",
            "install_id",
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
            postgresql_where=text("state IN ('waiting', 'quarantined', 'conflict')"),
            sqlite_where=text("state IN ('waiting', 'quarantined', 'conflict')"),
        ),
    )

    install_id: Mapped[UUID] = mapped_column(primary_key=True)
    item_id: Mapped[UUID] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    is_primary: Mapped[bool]
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
    version: Mapped[str | None] = mapped_column(String(16))
    purged_at: Mapped[datetime | None]


class ItemRevision(Base):
    """A repaired text of a quarantined item. Id, original bytes and original fingerprint of the item never change."""

    __tablename__ = "item_revision"

    install_id: Mapped[UUID] = mapped_column(primary_key=True)
    item_id: Mapped[UUID] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    reason: Mapped[str]
    officer_id: Mapped[UUID]
    at: Mapped[datetime]


class ItemDecision(Base):
    """What people decided about an item in quarantine: repaired, replayed, discard proposed, discarded, withdrawn."""

    __tablename__ = "item_decision"
    __table_args__ = (
        CheckConstraint(
            "action IN ('repaired', 'replayed', 'discard_proposed', 'discard_withdrawn', 'discarded')", name="action"
        ),
        Index("ix_item_decision_item", "install_id", "item_id", "fingerprint", "id"),
    )

    id: Mapped[Id]
    install_id: Mapped[UUID]
    item_id: Mapped[UUID]
    fingerprint: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(24))
    reason: Mapped[str]
    officer_id: Mapped[UUID]
    # True where one person had to do both acts because nobody else holds the permission there.
    single_person: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]


class Salvage(Base):
    """Bytes that a handset could deliver in no other way, for a human to read; never interpreted."""

    __tablename__ = "salvage"
    __table_args__ = (Index("ix_salvage_agency", "agency_id", "received_at"),)

    install_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    officer_id: Mapped[UUID]
    agency_id: Mapped[UUID]
    media_type: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[UUID | None]
    settled_reason: Mapped[str | None]
