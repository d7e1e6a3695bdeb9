"""The sequencer: gives committed events their numbers in the log, in batches, each batch in a transaction of its own.

Any number of workers may call it: the log's row is locked by whoever appends, and an event that commits late simply
gets a later number.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.base import table_of
from server.db import read, transact
from server.ledger.custody.numbering import locked_log, number, waiting_events
from server.ledger.custody.opening import open_log
from server.ledger.models import CustodyEvent

BATCH = 1000
_event = table_of(CustodyEvent)


class LogNotOpen(Exception):
    """The epoch changed while events were numbered: the next call opens its log."""


def sequence(limit: int | None = None) -> int:
    """Give numbers to the committed events, at most ``limit``; return how many. Without any it costs two small reads.

    Opens the log of the present epoch first if need be. Raises NodeMissing (the stored tree is damaged), OSError.
    """
    open_log()
    numbered = 0
    while read(waits_since) is not None:
        most = BATCH if limit is None else min(BATCH, limit - numbered)
        if most <= 0:
            break
        numbered += transact(_number_batch, most)
    return numbered


def waits_since(session: Session) -> datetime | None:
    """Return when the first of the events was made that have no number yet; None if all have one."""
    return session.execute(
        select(_event.c.at).where(_event.c.position.is_(None)).order_by(_event.c.id).limit(1)
    ).scalar_one_or_none()


def _number_batch(session: Session, most: int) -> int:
    log = locked_log(session)
    if log is None:
        raise LogNotOpen
    events = session.execute(waiting_events(most)).all()
    if events:
        number(session, log, events)
    return len(events)
