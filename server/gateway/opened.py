"""Items that are open (stored, not settled): from their rows, and settled with a verdict.

One place writes verdicts. What the answer of a push could not tell becomes a receipt in the install's feed.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, bindparam, delete, insert, select, tuple_, update
from sqlalchemy.orm import Session

from server.base import new_tag, table_of
from server.clock import now
from server.gateway.models import InboxItem
from server.ledger.marks import Entity, mark
from server.ledger.models import ItemNeed
from server.ledger.operations import BROUGHT, WOKEN
from sync.item import Item, Key, RawItem, State, Verdict


class TakenUp(Exception):
    """Somebody else settled one of these items meanwhile: look at what is stored and begin again."""


@dataclass(frozen=True)
class OpenItem:
    """An item to be interpreted: ``n`` is its number in the install, ``anchor`` the clocks of its request."""

    raw: RawItem
    n: int
    anchor: str
    was: State = State.INTERPRETING


@dataclass(frozen=True)
class StoredRow:
    """A row of the inbox, as far as interpretation needs it."""

    key: Key
    state: State
    outcome: dict[str, Any]
    raw: RawItem
    n: int
    anchor: str

    @property
    def is_open(self) -> bool:
        """Tell whether it waits for its interpretation or for something else that it needs."""
        return self.state in {State.INTERPRETING, State.WAITING}

    def opened(self) -> OpenItem:
        """Return the item to be interpreted."""
        return OpenItem(self.raw, self.n, self.anchor, self.state)


_NEEDS = insert(table_of(ItemNeed))
_APPLIED = (
    update(table_of(InboxItem))
    .where(
        InboxItem.install_id == bindparam("of_install"),
        InboxItem.n.in_(bindparam("numbers", expanding=True)),
        InboxItem.state == State.INTERPRETING,
    )
    .values(state=State.APPLIED, interpreted_at=bindparam("moment"))
)

_item, _need = table_of(InboxItem), table_of(ItemNeed)
# What is set, the values given say.
_SETTLED = update(_item).where(
    _item.c.install_id == bindparam("of_install"),
    _item.c.item_id == bindparam("of_item"),
    _item.c.fingerprint == bindparam("of_fingerprint"),
)
_SETTLED_FRESH = _SETTLED.where(_item.c.state == State.INTERPRETING)
_FORGOTTEN = delete(_need).where(
    _need.c.install_id == bindparam("install_id"),
    _need.c.item_id == bindparam("item_id"),
    _need.c.fingerprint == bindparam("fingerprint"),
)


def open_rows(session: Session, install_id: UUID, keys: Sequence[Key]) -> list[StoredRow]:
    """Return and lock the rows of items of one install, in the order of their keys."""
    pairs = [(key.item_id, key.fingerprint) for key in sorted(keys)]
    if not pairs:
        return []
    wanted = (
        select(InboxItem)
        .where(InboxItem.install_id == install_id, tuple_(InboxItem.item_id, InboxItem.fingerprint).in_(pairs))
        .order_by(InboxItem.item_id, InboxItem.fingerprint)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return [_stored(row) for row in session.scalars(wanted)]


def outcome_of(row: StoredRow) -> Verdict:
    """Return the verdict that a settled row has."""
    return Verdict(row.state, row.outcome)


def outcomes(session: Session, install_id: UUID, numbers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return per ``n`` what the wire says of an item now: its state and members."""
    rows = session.execute(
        select(InboxItem.n, InboxItem.state, InboxItem.outcome).where(
            InboxItem.install_id == install_id, InboxItem.n.in_(numbers)
        )
    )
    return {row.n: told(State(row.state), row.outcome) for row in rows}


def told(state: State, outcome: str) -> dict[str, Any]:
    """Return the wire's state and members of a stored outcome."""
    if state is State.INTERPRETING:
        return {"state": State.WAITING, "needs": ["interpretation"]}
    return {"state": state, **json.loads(outcome)}


def settle_applied(session: Session, install_id: UUID, reports: Sequence[OpenItem]) -> None:
    """Confirm fresh reports with one statement: their outcome was written with them. Raises TakenUp."""
    if not reports:
        return
    facts = {"of_install": install_id, "numbers": [one.n for one in reports], "moment": now()}
    confirmed = cast("CursorResult[Any]", session.execute(_APPLIED, facts))
    if confirmed.rowcount != len(reports):
        raise TakenUp


def settle_one(
    session: Session, install_id: UUID, one: OpenItem, verdict: Verdict, *, told: bool, only_fresh: bool = False
) -> None:
    """Write the verdict of one item. ``told`` says that a push's answer carries it; otherwise a receipt does.

    Raises TakenUp when ``only_fresh`` is demanded and somebody settled the item meanwhile.
    """
    key = one.raw.key
    _remember(session, install_id, key, verdict)
    values: dict[str, Any] = {
        "state": verdict.state,
        "outcome": json.dumps(dict(verdict.members), default=str),
        "interpreted_at": now(),
        # It came back: none of its attempts killed a process. A waiting item is looked at again at once when it may.
        "attempts": 1,
    }
    # An item that goes on waiting has nothing new to tell.
    if not told and not (verdict.state is one.was is State.WAITING):
        values["version"] = version = new_tag()
        mark(session, f"install:{install_id}", Entity("receipt", key.item_id), version)
    row = {"of_install": install_id, "of_item": key.item_id, "of_fingerprint": key.fingerprint}
    written = session.execute(_SETTLED_FRESH if only_fresh else _SETTLED, row | values)
    if cast("CursorResult[Any]", written).rowcount != 1:
        raise TakenUp


def reindex(session: Session, install_id: UUID, key: Key, item: Item) -> None:
    """Let an item's columns say what its repaired text says."""
    session.execute(
        update(InboxItem)
        .where(
            InboxItem.install_id == install_id,
            InboxItem.item_id == key.item_id,
            InboxItem.fingerprint == key.fingerprint,
        )
        .values(dseq=item.dseq, kind=item.kind[:32], kv=min(item.kv, 2**31 - 1), officer_id=item.officer_id)
        .execution_options(synchronize_session=False)
    )


def _remember(session: Session, install_id: UUID, key: Key, verdict: Verdict) -> None:
    """Write what the item waits for, under the locks of whoever brings it, so that the bringer sees the item."""
    identity = {"install_id": install_id, "item_id": key.item_id, "fingerprint": key.fingerprint}
    session.execute(_FORGOTTEN, identity)
    needs = verdict.members.get("needs", ()) if verdict.state is State.WAITING else ()
    if needs:
        # What was brought in this very transaction, after the item was looked at, is at hand.
        brought = set(needs) & session.info.get(BROUGHT, set())
        ready_at = now() if brought else None
        session.execute(_NEEDS, [{**identity, "key": need, "ready_at": ready_at} for need in sorted(set(needs))])
        if brought:
            session.info[WOKEN] = True


def _stored(row: InboxItem) -> StoredRow:
    key = Key(row.item_id, row.fingerprint)
    raw = RawItem(
        index=0,
        key=key,
        body=row.body,
        head=row.head,
        signature=row.signature,
        dseq=row.dseq,
        kind=row.kind,
        kv=row.kv,
        claimed_by=row.officer_id,
    )
    return StoredRow(key, State(row.state), json.loads(row.outcome), raw, row.n, row.anchor)
