"""Interprets stored items, each under a savepoint of its own, in the caller's transaction.

Whatever is wrong with one item ends in a truthful state of that item: applied, superseded, waiting, quarantined.
"""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.orm import Session

from server.clock import now
from server.gateway.kinds import NeedsError, handle
from server.gateway.models import InboxItem, ItemNeed
from server.identity.field import install_public_key
from server.ledger.operations import meet
from server.problems import Problem
from sync.body import BodyError, check_signature, read_body
from sync.handset_time import Anchor, correct
from sync.item import Item, Key, RawItem, State, Verdict


def interpret_items(session: Session, keys: Sequence[Key]) -> dict[Key, Verdict]:
    """Interpret the stored items ``keys`` and return their verdicts; what is not open any more keeps its own."""
    verdicts: dict[Key, Verdict] = {}
    for row in _locked(session, keys):
        key = Key(row.item_id, row.fingerprint)
        if row.state not in {State.INTERPRETING, State.WAITING}:
            verdicts[key] = Verdict(State(row.state), json.loads(row.outcome))
            continue
        verdicts[key] = _interpret(session, row)
        _settle(session, key, verdicts[key])
    return verdicts


def set_aside(session: Session, key: Key, why: str) -> Verdict:
    """Quarantine an item that the server itself failed on; it is stored and a human will see it."""
    verdict = _quarantined(Problem("interpretation-failed", why))
    _settle(session, key, verdict)
    return verdict


def _locked(session: Session, keys: Sequence[Key]) -> list[InboxItem]:
    """Lock the items in our own order: a set-wise FOR UPDATE locks in the plan's order, which may deadlock."""
    pairs = [(key.item_id, key.fingerprint) for key in sorted(keys)]
    statement = select(InboxItem).where(tuple_(InboxItem.item_id, InboxItem.fingerprint).in_(pairs))
    ordered = statement.order_by(InboxItem.item_id, InboxItem.fingerprint)
    return list(session.scalars(ordered.with_for_update().execution_options(populate_existing=True)))


def _interpret(session: Session, row: InboxItem) -> Verdict:
    key = Key(row.item_id, row.fingerprint)
    try:
        # Leaving by an exception undoes what this item wrote, and nothing of the others.
        with session.begin_nested():
            item = _believed(session, row)
            return handle(session, item, correct(item.captured, Anchor.from_text(row.anchor)))
    except BodyError as error:
        return _quarantined(Problem(error.slug, error.detail))
    except Problem as problem:
        return _quarantined(problem)
    except NeedsError as waiting:
        _remember(session, key, waiting.needs)
        return Verdict(State.WAITING, {"needs": waiting.needs})


def _believed(session: Session, row: InboxItem) -> Item:
    """Return the item if its body can be read, its head fits, and the officer on this install signed it."""
    raw = RawItem(
        index=0,
        key=Key(row.item_id, row.fingerprint),
        body=row.body,
        head=row.head,
        signature=row.signature,
        dseq=row.dseq,
        kind=row.kind,
        kv=row.kv,
    )
    item = read_body(raw, row.install_id)
    public_key = install_public_key(session, row.install_id, item.officer_id)
    if public_key is None:
        raise Problem("foreign-officer", "The item names an officer who has no key on this handset.")
    check_signature(item, row.signature, public_key)
    return item


def _remember(session: Session, key: Key, needs: Sequence[str]) -> None:
    """Write what the item waits for, under the keys' rendezvous, so that whoever brings one sees the item."""
    meet(session, needs)
    _forget(session, key)
    session.add_all(ItemNeed(item_id=key.item_id, fingerprint=key.fingerprint, key=need) for need in needs)
    session.flush()


def _forget(session: Session, key: Key) -> None:
    session.execute(delete(ItemNeed).where(ItemNeed.item_id == key.item_id, ItemNeed.fingerprint == key.fingerprint))


def _settle(session: Session, key: Key, verdict: Verdict) -> None:
    if verdict.state is not State.WAITING:
        _forget(session, key)
    outcome = json.dumps(dict(verdict.members), default=str)
    _update(session, key, state=verdict.state, outcome=outcome, interpreted_at=now())


def _update(session: Session, key: Key, **values: Any) -> None:  # noqa: ANN401 (column values)
    session.execute(
        update(InboxItem)
        .where(InboxItem.item_id == key.item_id, InboxItem.fingerprint == key.fingerprint)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _quarantined(problem: Problem) -> Verdict:
    return Verdict(State.QUARANTINED, {"problem": problem.body()})
