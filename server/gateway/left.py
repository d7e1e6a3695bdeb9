"""Items whose interpretation was left: the request ran out of time, or its process was killed in the middle.

Two places finish them: the next request of the same handset, and the worker's sweep. Each attempt is taken like a
lease, durably and before it is made, so that two of them never count one attempt twice and an item that kills its
process is set aside in the end.
"""

import time
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.clock import now
from server.db import ATTEMPTS, read, transact
from server.gateway.inbox import DatabaseInbox
from server.gateway.interpreting import set_aside
from server.gateway.models import InboxItem
from server.ledger.alarms import raise_alarm
from sync.engine import INTERPRET_SECONDS, interpret
from sync.item import Key, State

# A request interprets for at most INTERPRET_SECONDS, and its last transaction may run into locks as often as
# db.transact tries and for as long as the database lets it wait (5 s); what is older is nobody's any more.
LEASE = timedelta(seconds=INTERPRET_SECONDS + ATTEMPTS * 5 + 5)
# After this many attempts that ended with the process itself, an item is set aside for a human. The first one was
# made together with up to 49 others, any of which may be the one that kills; two are the item's own.
MOST_ATTEMPTS = 3
_AT_ONCE = 500


class Left(NamedTuple):
    """An item of an install."""

    install_id: UUID
    key: Key


def finish_left(install_id: UUID | None = None, *, patience: float = INTERPRET_SECONDS) -> int:
    """Interpret what was left, of one install or of all; returns how many items were taken up.

    One by one: the item that killed a process must not take others with it again.
    """
    until = time.monotonic() + patience
    taken = 0
    for left in read(left_items, install_id):
        if time.monotonic() >= until:
            break
        if transact(take_attempt, left):
            if not interpret(DatabaseInbox.for_install(left.install_id), [left.key], until=until):
                # A lock was held or time ran out: nobody died, so it was no attempt.
                transact(give_attempt_back, left)
            taken += 1
    return taken


def left_items(session: Session, install_id: UUID | None = None) -> list[Left]:
    """Return the oldest items that wait for their interpretation and that nobody works on any more."""
    rows = select(InboxItem.install_id, InboxItem.item_id, InboxItem.fingerprint).where(
        InboxItem.state == State.INTERPRETING, InboxItem.attempted_at < now() - LEASE
    )
    if install_id is not None:
        rows = rows.where(InboxItem.install_id == install_id)
    found = session.execute(rows.order_by(InboxItem.received_at, InboxItem.n).limit(_AT_ONCE))
    return [Left(row.install_id, Key(row.item_id, row.fingerprint)) for row in found]


def take_attempt(session: Session, left: Left) -> bool:
    """Count an attempt before it is made; False when another took it, or when the item has killed too many."""
    lease_is_over = (
        (InboxItem.install_id == left.install_id)
        & (InboxItem.item_id == left.key.item_id)
        & (InboxItem.fingerprint == left.key.fingerprint)
        & (InboxItem.state == State.INTERPRETING)
        & (InboxItem.attempted_at < now() - LEASE)
    )
    attempts = session.scalar(
        update(InboxItem)
        .where(lease_is_over)
        .values(attempts=InboxItem.attempts + 1, attempted_at=now())
        .returning(InboxItem.attempts)
        .execution_options(synchronize_session=False)
    )
    if attempts is None:
        return False
    if attempts > MOST_ATTEMPTS:
        set_aside(session, left.install_id, left.key, "The server died while it interpreted this item.")
        subject = f"item:{left.install_id}:{left.key.item_id}"
        raise_alarm(session, "interpretation_died", subject, {"fingerprint": left.key.fingerprint})
        return False
    return True


def give_attempt_back(session: Session, left: Left) -> None:
    """Take back the count of an attempt that never came to the item itself."""
    session.execute(
        update(InboxItem)
        .where(
            InboxItem.install_id == left.install_id,
            InboxItem.item_id == left.key.item_id,
            InboxItem.fingerprint == left.key.fingerprint,
            InboxItem.state == State.INTERPRETING,
        )
        .values(attempts=InboxItem.attempts - 1)
        .execution_options(synchronize_session=False)
    )
