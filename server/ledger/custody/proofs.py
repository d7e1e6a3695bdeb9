"""Proofs and checkpoints for whoever hands them out: the case bundle, and checks of the log itself."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.base import table_of
from server.ledger.custody.merkle import consistency_spans, hash_of, inclusion_spans, places_of
from server.ledger.custody.tree import NodeMissing, read_nodes, root_of
from server.ledger.models import CustodyCheckpoint, CustodyLog

__all__ = [
    "Checkpoint",
    "Log",
    "NodeMissing",
    "checkpoints",
    "consistency",
    "inclusion",
    "inclusions",
    "latest_checkpoint",
    "logs",
    "root_of",
]

_log = table_of(CustodyLog)
_checkpoint = table_of(CustodyCheckpoint)
_CHECKPOINTS = select(
    _checkpoint.c.log_id,
    _log.c.origin,
    _checkpoint.c.size,
    _checkpoint.c.root,
    _checkpoint.c.note,
    _checkpoint.c.time_token,
    _checkpoint.c.signed_at,
).join(_log, _log.c.id == _checkpoint.c.log_id)


@dataclass(frozen=True)
class Log:
    """One log; ``size`` is the number of events in it, which may be more than its last checkpoint states."""

    id: int
    origin: str
    epoch: str
    size: int
    started_at: datetime


@dataclass(frozen=True)
class Checkpoint:
    """A signed statement: ``note`` is the whole text, ``time_token`` a time authority's response (DER) on its bytes."""

    log_id: int
    origin: str
    size: int
    root: bytes
    note: str
    time_token: bytes | None
    signed_at: datetime


def logs(session: Session) -> list[Log]:
    """Return all logs of this database, oldest first; the last one takes the events of the present epoch."""
    rows = session.execute(
        select(_log.c.id, _log.c.origin, _log.c.epoch, _log.c.size, _log.c.started_at).order_by(_log.c.id)
    )
    return [Log(*row) for row in rows]


def latest_checkpoint(session: Session, log_id: int) -> Checkpoint | None:
    """Return the log's checkpoint of the greatest size, or None if none was signed yet."""
    row = session.execute(
        _CHECKPOINTS.where(_checkpoint.c.log_id == log_id).order_by(_checkpoint.c.size.desc()).limit(1)
    ).one_or_none()
    return None if row is None else Checkpoint(*row)


def checkpoints(session: Session, log_id: int, beyond: int = 0) -> list[Checkpoint]:
    """Return the log's checkpoints of more than ``beyond`` events, the smallest first."""
    rows = session.execute(
        _CHECKPOINTS.where(_checkpoint.c.log_id == log_id, _checkpoint.c.size > beyond).order_by(_checkpoint.c.size)
    )
    return [Checkpoint(*row) for row in rows]


def inclusion(session: Session, log_id: int, position: int, size: int) -> list[bytes]:
    """Return the proof that the event at ``position`` stands in the log's first ``size`` events (RFC 9162 §2.1.3).

    Raises ValueError for a position outside them, NodeMissing if the stored tree is damaged.
    """
    return inclusions(session, log_id, [position], size)[position]


def inclusions(session: Session, log_id: int, positions: Collection[int], size: int) -> dict[int, list[bytes]]:
    """Return the inclusion proofs of many positions, reading each subtree once. Raises as ``inclusion``."""
    spans = {position: inclusion_spans(position, size) for position in positions}
    nodes = read_nodes(session, log_id, places_of(span for each in spans.values() for span in each))
    return {position: [hash_of(span, nodes) for span in each] for position, each in spans.items()}


def consistency(session: Session, log_id: int, old: int, new: int) -> list[bytes]:
    """Return the proof that the log's first ``old`` events begin its first ``new`` ones (RFC 9162 §2.1.4).

    Raises ValueError unless 0 <= old <= new, NodeMissing if the stored tree is damaged.
    """
    spans = consistency_spans(old, new)
    nodes = read_nodes(session, log_id, places_of(spans))
    return [hash_of(span, nodes) for span in spans]
