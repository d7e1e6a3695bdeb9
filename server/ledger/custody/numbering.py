"""Numbering of events, within the caller's transaction and under the log's lock.

Operations insert events unnumbered: a number taken by each of them would make all of them wait for each other's
commit (seen: 83 transactions a second against 672). Whoever numbers takes what is committed, in the order of ids.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, bindparam, select, update
from sqlalchemy.orm import Session

from server.base import table_of
from server.ledger.custody.merkle import leaf_hash
from server.ledger.custody.proofs import Log
from server.ledger.custody.record import record_bytes
from server.ledger.custody.tree import append_leaves
from server.ledger.models import CustodyEvent, CustodyLog, Deployment

_event = table_of(CustodyEvent)
_log = table_of(CustodyLog)
_POSITION = (
    _event.update()
    .where(_event.c.id == bindparam("event"))
    .values(log_id=bindparam("log"), position=bindparam("at_position"))
)


def waiting_events(most: int) -> Select[Any]:
    """Select the events that have no number yet, in the order in which they get one."""
    return select(_event).where(_event.c.position.is_(None)).order_by(_event.c.id).limit(most)


def locked_log(session: Session) -> Log | None:
    """Lock the deployment and the log of its epoch against whoever else appends; None if it is not open yet.

    The deployment first: while a new epoch begins nobody appends to the former log, whose end the new one states.
    """
    epoch = session.execute(select(Deployment.epoch).with_for_update()).scalar_one()
    row = session.execute(
        select(_log.c.id, _log.c.origin, _log.c.epoch, _log.c.size, _log.c.started_at)
        .where(_log.c.epoch == epoch)
        .with_for_update()
    ).one_or_none()
    return None if row is None else Log(*row)


def number(session: Session, log: Log, events: Sequence[Row[Any]]) -> None:
    """Append events to a log that the caller has locked, in the order given: leaves, positions, size."""
    grown = append_leaves(session, log.id, log.size, (leaf_hash(record_bytes(event)) for event in events))
    placed = [
        {"event": event.id, "log": log.id, "at_position": position}
        for position, event in enumerate(events, start=log.size)
    ]
    session.execute(_POSITION, placed)
    session.execute(update(_log).where(_log.c.id == log.id).values(size=grown))
