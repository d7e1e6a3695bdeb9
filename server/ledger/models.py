"""Tables of the ledger."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from server.base import Base, Id


class FeedScope(Base):
    """A counter per scope. The row is locked by the last statements before COMMIT, so commit order is number order.

    Rows are never deleted or recreated: a cursor would silently point into another history.
    """

    __tablename__ = "feed_scope"
    __table_args__ = (CheckConstraint("floor >= 0 AND head >= floor", name="floor_below_head"),)

    scope: Mapped[str] = mapped_column(String(64), primary_key=True)
    head: Mapped[int] = mapped_column(BigInteger)
    floor: Mapped[int] = mapped_column(BigInteger, default=0)


class FeedMark(Base):
    """The latest number at which an entity changed for a scope; what changed is decided at read time."""

    __tablename__ = "feed_mark"
    __table_args__ = (Index("uq_feed_mark_scope_seq", "scope", "seq", unique=True),)

    scope: Mapped[str] = mapped_column(String(64), primary_key=True)
    entity_type: Mapped[str] = mapped_column(String(16), primary_key=True)
    entity_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(16))


class Rendezvous(Base):
    """A key that one side brings and another needs (photo hash, task id); locked before either side looks."""

    __tablename__ = "rendezvous"

    key: Mapped[str] = mapped_column(String(96), primary_key=True)


class ItemNeed(Base):
    """What a waiting item waits for, such as ``task:<uuid>`` or ``kind:<name>:<version>``.

    Whoever brings the key sets ``ready_at`` in the transaction that brings it; the item is then interpreted in a
    transaction of its own. Read by the gateway; it stands here because every subject may bring a key.
    """

    __tablename__ = "item_need"
    __table_args__ = (
        Index("ix_item_need_key", "key"),
        Index(
            "ix_item_need_ready",
            "ready_at",
            postgresql_where=text("ready_at IS NOT NULL"),
            sqlite_where=text("ready_at IS NOT NULL"),
        ),
    )

    install_id: Mapped[UUID] = mapped_column(primary_key=True)
    item_id: Mapped[UUID] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(96), primary_key=True)
    ready_at: Mapped[datetime | None]


class Alarm(Base):
    """A named breach (or suspected breach) of a promise, counted until a person clears it (P8).

    ``name`` is one of server.ledger.alarms.NAMES, ``subject`` says of what (an install, an item, a scope).
    """

    __tablename__ = "alarm"

    name: Mapped[str] = mapped_column(String(48), primary_key=True)
    subject: Mapped[str] = mapped_column(String(160), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    facts: Mapped[str]
    cleared_at: Mapped[datetime | None]


class CustodyEvent(Base):
    """One event in the life of a piece of evidence. Inserted unnumbered: a sequencer numbers committed events.

    ``facts`` is JSON text exactly as first written; ``salt`` lets a later lawful disposal (``disposed_at``, then both
    are empty) leave only a meaningless hash in the log. ``log_id`` and ``position`` say where it stands in the log.
    """

    __tablename__ = "custody_event"
    __table_args__ = (
        CheckConstraint("(log_id IS NULL) = (position IS NULL)", name="numbered"),
        UniqueConstraint("log_id", "position"),
        Index("ix_custody_event_subject", "subject_kind", "subject_id"),
        Index(
            "ix_custody_event_unnumbered",
            "id",
            postgresql_where=text("position IS NULL"),
            sqlite_where=text("position IS NULL"),
        ),
    )

    id: Mapped[Id]
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(32))
    subject_kind: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[str] = mapped_column(String(64))
    agency_id: Mapped[UUID | None]
    actor_id: Mapped[UUID | None]
    install_id: Mapped[UUID | None]
    facts: Mapped[str]
    salt: Mapped[bytes] = mapped_column(LargeBinary(16))
    log_id: Mapped[int | None] = mapped_column(ForeignKey("custody_log.id"))
    position: Mapped[int | None] = mapped_column(BigInteger)
    disposed_at: Mapped[datetime | None]


class CustodyLog(Base):
    """One append-only log. Its origin contains the epoch: a restored database begins another one.

    The row is locked by whoever appends. ``size`` is the number of events in it.
    """

    __tablename__ = "custody_log"

    id: Mapped[int] = mapped_column(primary_key=True)
    origin: Mapped[str] = mapped_column(String(160), unique=True)
    epoch: Mapped[str] = mapped_column(String(32))
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    started_at: Mapped[datetime]


class CustodyNode(Base):
    """The hash of a complete subtree of a log's Merkle tree: ``level`` 0 are the leaves, ``position`` counts in it."""

    __tablename__ = "custody_node"
    __table_args__ = ({"sqlite_with_rowid": False},)

    log_id: Mapped[int] = mapped_column(ForeignKey("custody_log.id"), primary_key=True)
    level: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class CustodyCheckpoint(Base):
    """A signed statement of a log's size and root: the whole text of the note, and a time authority's token on it."""

    __tablename__ = "custody_checkpoint"

    log_id: Mapped[int] = mapped_column(ForeignKey("custody_log.id"), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    note: Mapped[str]
    signed_at: Mapped[datetime]
    time_token: Mapped[bytes | None]


class AuditEntry(Base):
    """What somebody did at a desk; only ever inserted (server/ledger/audit.py), as a trigger sees to.

    ``facts`` is JSON text. ``agency_id`` is the agency that it is about, None the whole deployment; ``actor_id`` is
    None for a sign-in that failed and for the command line. No foreign keys: the log outlives what it tells of.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_agency_id", "agency_id", "id"),
        Index("ix_audit_entry_actor_id", "actor_id", "id"),
        Index("ix_audit_entry_subject", "subject_kind", "subject_id"),
    )

    id: Mapped[Id]
    at: Mapped[datetime]
    agency_id: Mapped[UUID | None]
    actor_id: Mapped[UUID | None]
    action: Mapped[str] = mapped_column(String(48))
    subject_kind: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[str] = mapped_column(String(96))
    address: Mapped[str | None] = mapped_column(String(64))
    facts: Mapped[str]


class Node(Base):
    """A machine that runs the product, and which spool folder it sees; silent ones hold what only they can read."""

    __tablename__ = "node"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    spool_id: Mapped[str] = mapped_column(String(32))
    seen_at: Mapped[datetime]


class Deployment(Base):
    """One row: the epoch of this database's history. A restore makes a new one, so that handsets notice.

    ``generation`` is raised at every start and kept beside a SQLite file too: a file copied back from somewhere is
    behind its neighbour and gets a new epoch. ``identity`` is PostgreSQL's system identifier and timeline, as of the
    epoch: a fail-over to a replica that lagged changes it.
    """

    __tablename__ = "deployment"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    epoch: Mapped[str] = mapped_column(String(32))
    generation: Mapped[int] = mapped_column(BigInteger, default=0)
    identity: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[datetime]
