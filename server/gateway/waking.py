"""Items that wait: interpreted again when what they wait for was brought, and looked at in turn in any case.

Whoever brings a key marks the items that wait for it; `wake_ready` interprets them, each in a transaction of its own.
`sweep_waiting` is the guard behind it: it looks at all others in turn, the longest untouched first, and what it wakes
is an alarm, since somebody brought a key without saying so. (A kind that only a newer release knows is brought by
nobody: that is the sweep's own work.) Attempts are counted before they are made, as in left.py: an item that kills
its process is tried alone, and then set aside.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, select, tuple_, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from server.clock import now
from server.db import glance, read, transact
from server.gateway.inbox import DatabaseInbox
from server.gateway.interpreting import interpret_row, interpret_stored, set_aside
from server.gateway.models import InboxItem
from server.gateway.opened import open_rows, settle_one
from server.gateway.revisions import newest_bodies
from server.identity.locks import lock_sender
from server.ledger.alarms import raise_alarm
from server.ledger.models import ItemNeed
from server.ledger.operations import meet
from server.problems import Problem
from sync.item import Key, State, Verdict
from sync.ports import UnavailableError

# The push's own, then one among others, then one alone.
MOST_ATTEMPTS = 3
# Somebody else may be at work on an item for so long.
_LEASE = timedelta(seconds=60)
_AT_ONCE = 500
# So long an item waits for a task or a record before a person is asked.
PATIENCE = timedelta(days=14)
_NEED = and_(
    ItemNeed.install_id == InboxItem.install_id,
    ItemNeed.item_id == InboxItem.item_id,
    ItemNeed.fingerprint == InboxItem.fingerprint,
)
# Whether what it waits for was brought, and whether that is anything else than a kind of a newer release.
_BROUGHT = exists().where(_NEED, ItemNeed.ready_at.is_not(None))
_NAMED = exists().where(_NEED, ItemNeed.key.not_like("kind:%"))
_WAITING = (
    select(InboxItem.install_id, InboxItem.item_id, InboxItem.fingerprint, InboxItem.outcome, InboxItem.attempts)
    .where(InboxItem.state == State.WAITING)
    # By the last look and not by age: five hundred that never get what they wait for must not hide the others.
    .order_by(InboxItem.attempted_at, InboxItem.install_id, InboxItem.n)
)


@dataclass(frozen=True)
class Waiting:
    """A waiting item: what for, and how often it was tried without coming back."""

    install_id: UUID
    key: Key
    needs: tuple[str, ...]
    attempts: int


def wake_ready(patience: float) -> int:
    """Interpret the items whose needs were brought, and those that wait for these; return how many were settled."""
    until = time.monotonic() + patience
    woken = 0
    while settled := sum(verdict.state is not State.WAITING for _, verdict in _again(ready_items, until)):
        woken += settled
    return woken


def sweep_waiting(patience: float) -> int:
    """Look again at waiting items that nobody woke; return how many were settled."""
    until = time.monotonic() + patience
    woken = 0
    for waiting, verdict in _again(forgotten_items, until, forgotten=True):
        if verdict.state is State.WAITING:
            continue
        woken += 1
        if not all(need.startswith("kind:") for need in waiting.needs):
            subject = f"item:{waiting.install_id}:{waiting.key.item_id}"
            facts = {"needs": waiting.needs, "state": verdict.state}
            transact(raise_alarm, "sweep_woke_item", subject, facts)
    return woken


def give_up_waiting() -> int:
    """Put items before a person that have waited for a task or a record for PATIENCE; return how many.

    What they wait for may have been lost in a restore, or was never theirs: nobody else would ever look at them.
    Replayed before it is there, they come back within the hour. Kinds that only a newer release knows wait as long
    as it takes.
    """
    found = read(_waited_too_long)
    for waiting in found:
        transact(_set_before_a_person, waiting)
    return len(found)


def _waited_too_long(session: Session) -> list[Waiting]:
    return _waiting(session, (InboxItem.received_at < now() - PATIENCE) & _NAMED)


def _set_before_a_person(session: Session, waiting: Waiting) -> None:
    lock_sender(session, waiting.install_id)
    for row in open_rows(session, waiting.install_id, [waiting.key]):
        if row.state is State.WAITING:
            problem = Problem("waited-too-long", needs=list(waiting.needs))
            settle_one(
                session,
                waiting.install_id,
                row.opened(),
                Verdict(State.QUARANTINED, {"problem": problem.body()}),
                told=False,
            )


def ready_items(session: Session) -> list[Waiting]:
    """Return the items whose needs were brought, the longest untouched first."""
    return _waiting(session, _BROUGHT)


def forgotten_items(session: Session) -> list[Waiting]:
    """Return the items that wait and that nobody woke, the longest untouched first."""
    return _waiting(session, ~_BROUGHT)


def _waiting(session: Session, which: ColumnElement[bool]) -> list[Waiting]:
    rows = session.execute(_WAITING.where(which).limit(_AT_ONCE))
    return [
        Waiting(
            row.install_id,
            Key(row.item_id, row.fingerprint),
            tuple(json.loads(row.outcome).get("needs", ())),
            row.attempts,
        )
        for row in rows
    ]


def _again(
    find: Callable[[Session], list[Waiting]], until: float, *, forgotten: bool = False
) -> Iterator[tuple[Waiting, Verdict]]:
    """Interpret items again, those that did not come back before each alone, the others as one group."""
    items = glance(find)
    calm = [item for item in items if item.attempts <= 1]
    alone = [[item] for item in items if item.attempts > 1]
    for group in [*alone, *([calm] if calm else [])]:
        taken = transact(_take, group)
        bodies = read(newest_bodies, [(item.install_id, item.key) for item in taken])
        for item in taken:
            if time.monotonic() >= until:
                break
            body = bodies.get((item.install_id, item.key))
            verdict = _interpret(item, body, forgotten=forgotten)
            if verdict is not None:
                yield item, verdict
        transact(_release, taken)
        if time.monotonic() >= until:
            return


def _take(session: Session, group: Sequence[Waiting]) -> list[Waiting]:
    """Count an attempt for each item before it is made; return those that are ours, setting aside the deadly."""
    taken = (
        update(InboxItem)
        .where(
            _among(group),
            InboxItem.state == State.WAITING,
            (InboxItem.attempts <= 1) | (InboxItem.attempted_at < now() - _LEASE),
        )
        .values(attempts=InboxItem.attempts + 1, attempted_at=now())
        .returning(InboxItem.install_id, InboxItem.item_id, InboxItem.fingerprint, InboxItem.attempts)
        .execution_options(synchronize_session=False)
    )
    attempts = {(row.install_id, Key(row.item_id, row.fingerprint)): row.attempts for row in session.execute(taken)}
    mine = []
    for item in group:
        count = attempts.get((item.install_id, item.key))
        if count is not None and count > MOST_ATTEMPTS:
            set_aside(session, item.install_id, item.key, "The server died while it interpreted this item.")
            subject = f"item:{item.install_id}:{item.key.item_id}"
            raise_alarm(session, "interpretation_died", subject, {"fingerprint": item.key.fingerprint})
        elif count is not None:
            mine.append(item)
    return mine


def _release(session: Session, taken: Sequence[Waiting]) -> None:
    """Take the count back: these items let their process live."""
    if taken:
        back = update(InboxItem).where(_among(taken), InboxItem.state == State.WAITING).values(attempts=1)
        session.execute(back.execution_options(synchronize_session=False))


def _among(items: Sequence[Waiting]) -> ColumnElement[bool]:
    identity = tuple_(InboxItem.install_id, InboxItem.item_id, InboxItem.fingerprint)
    return identity.in_([(item.install_id, *item.key) for item in items])


def _interpret(item: Waiting, body: bytes | None, *, forgotten: bool) -> Verdict | None:
    """Interpret an item in a transaction of its own; None when it is not ours any more, or the database is busy."""
    try:
        return transact(_interpret_waiting, item, body, forgotten=forgotten)
    except OperationalError:
        return None
    except Exception as error:  # noqa: BLE001 (whatever one item breaks must not touch the others)
        if isinstance(error, Problem) and error.slug == "busy":
            return None
        with suppress(UnavailableError):
            DatabaseInbox.for_install(item.install_id).set_aside(item.key, error)
        return None


def _interpret_waiting(session: Session, item: Waiting, body: bytes | None, *, forgotten: bool) -> Verdict | None:
    """Interpret an item that still waits; one that was only looked for as forgotten must still be that.

    Under the locks of all who could bring what it waits for: so what the sweep wakes was truly not told.
    """
    lock_sender(session, item.install_id)
    meet(session, (need for need in item.needs if need.startswith("task:")))
    still = select(InboxItem.n).where(_among([item]), InboxItem.state == State.WAITING)
    if session.scalar(still.where(~_BROUGHT) if forgotten else still) is None:
        return None
    if body is None:
        return interpret_stored(session, item.install_id, [item.key]).get(item.key)
    return interpret_row(session, item.install_id, item.key, body_override=body)
