"""Stores raw items: the transaction whose commit is the acknowledgement of a push.

Identity is the client's id plus the fingerprint under a unique index, never check-then-insert: what the index
refuses is looked at again and answered as what it then is.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.gateway.models import InboxItem
from server.identity.models import Install
from server.identity.operations import note_report
from server.problems import Problem
from server.upsert import insert
from sync.item import Key, RawItem, Receipt, State, Verdict

_ROUNDS = 4


@dataclass(frozen=True)
class Sender:
    """The install that pushes; ``anchor`` is what its request said of its clocks, ``says`` of itself."""

    install_id: UUID
    officer_id: UUID
    agency_id: UUID
    batch_id: str | None
    anchor: str
    received_at: datetime
    says: Mapping[str, Any]
    clock_offset_ms: int | None


@dataclass(frozen=True)
class _Known:
    key: Key
    is_primary: bool
    install_id: UUID
    officer_id: UUID
    n: int
    verdict: Verdict


def store_items(session: Session, sender: Sender, items: Sequence[RawItem]) -> list[Receipt]:
    """Store those of ``items`` that are new and return one receipt for each, in any order.

    The install's row is locked first: its pushes take turns, so that ``n`` is gap-free and eight copies of one
    batch sent at once are stored once.
    """
    count = session.execute(
        select(Install.item_count).where(Install.id == sender.install_id).with_for_update()
    ).scalar_one()
    pending = sorted(items, key=lambda raw: raw.key)
    receipts: list[Receipt] = []
    for _ in range(_ROUNDS):
        pending, done, count = _round(session, sender, pending, count)
        receipts += done
        if not pending:
            break
    else:
        # Somebody else keeps inserting the same ids: transact starts over.
        raise Problem("busy", retry_after=1)
    session.execute(update(Install).where(Install.id == sender.install_id).values(item_count=count))
    note_report(session, sender.install_id, sender.says, sender.clock_offset_ms)
    return receipts


def _round(
    session: Session, sender: Sender, items: list[RawItem], count: int
) -> tuple[list[RawItem], list[Receipt], int]:
    """Classify ``items`` by what is stored, insert the new ones; return what must be looked at again."""
    known = _known(session, {raw.key.item_id for raw in items})
    receipts: list[Receipt] = []
    rows: dict[Key, tuple[RawItem, dict[str, Any]]] = {}
    again: list[RawItem] = []
    for raw in items:
        same = known.get(raw.key.item_id, [])
        stored = next((row for row in same if row.key == raw.key), None)
        if stored is not None:
            receipts.append(_repeated(sender, raw, stored))
        elif raw.key.item_id in {key.item_id for key in rows}:
            again.append(raw)  # the same id twice in one batch: looked at again once the first is in
        else:
            count += 1
            rows[raw.key] = (raw, _row(session, sender, raw, count, same))
    inserted = _insert(session, [row for _, row in rows.values()])
    for key, (raw, row) in rows.items():
        if key in inserted:
            receipts.append(Receipt(raw, row["n"], fresh=True, known=_final(row)))
        else:
            again.append(raw)
    return again, receipts, count


def _known(session: Session, item_ids: set[UUID]) -> dict[UUID, list[_Known]]:
    found: dict[UUID, list[_Known]] = {}
    rows = session.execute(
        select(
            InboxItem.item_id,
            InboxItem.fingerprint,
            InboxItem.is_primary,
            InboxItem.install_id,
            InboxItem.officer_id,
            InboxItem.n,
            InboxItem.state,
            InboxItem.outcome,
        ).where(InboxItem.item_id.in_(item_ids))
    )
    for row in rows:
        verdict = Verdict(State(row.state), json.loads(row.outcome))
        known = _Known(
            Key(row.item_id, row.fingerprint), row.is_primary, row.install_id, row.officer_id, row.n, verdict
        )
        found.setdefault(row.item_id, []).append(known)
    return found


def _repeated(sender: Sender, raw: RawItem, stored: _Known) -> Receipt:
    """Answer a resend with the first one's outcome; a stranger who sends it learns no outcome."""
    if stored.officer_id != sender.officer_id:
        return Receipt(raw, 0, fresh=False, known=Verdict(State.QUARANTINED, _problem("foreign-officer")))
    return Receipt(raw, stored.n, fresh=False, known=stored.verdict)


def _row(session: Session, sender: Sender, raw: RawItem, n: int, same: list[_Known]) -> dict[str, Any]:
    """Return the row of a new item, deciding whether it is interpreted, quarantined or in conflict."""
    state, outcome, primary = State.INTERPRETING, {}, True
    if raw.flaw is not None:
        state, outcome = State.QUARANTINED, _problem(*raw.flaw)
    holder = next((row for row in same if row.is_primary), None)
    if holder is not None:
        # What never took effect gives way to a sound newcomer; everything else keeps its place.
        if holder.verdict.state is State.QUARANTINED and raw.flaw is None and holder.officer_id == sender.officer_id:
            _demote(session, holder.key)
        else:
            state, outcome, primary = State.CONFLICT, _problem("item-conflict"), False
    return {
        "item_id": raw.key.item_id,
        "fingerprint": raw.key.fingerprint,
        "is_primary": primary,
        "install_id": sender.install_id,
        "officer_id": sender.officer_id,
        "agency_id": sender.agency_id,
        "n": n,
        "dseq": raw.dseq,
        "kind": raw.kind,
        "kv": raw.kv,
        "body": raw.body,
        "head": raw.head,
        "signature": raw.signature,
        "batch_id": sender.batch_id,
        "received_at": sender.received_at,
        "anchor": sender.anchor,
        "state": state,
        # The first attempt is counted with the raw insert, so it costs no commit of its own.
        "attempts": 1,
        "attempted_at": sender.received_at,
        "outcome": json.dumps(outcome),
        "interpreted_at": None if state is State.INTERPRETING else sender.received_at,
    }


def _final(row: Mapping[str, Any]) -> Verdict | None:
    """Return the verdict of a new item that needs no interpretation."""
    if row["state"] == State.INTERPRETING:
        return None
    return Verdict(State(row["state"]), json.loads(row["outcome"]))


def _demote(session: Session, key: Key) -> None:
    session.execute(
        update(InboxItem)
        .where(InboxItem.item_id == key.item_id, InboxItem.fingerprint == key.fingerprint)
        .values(is_primary=False)
    )


def _insert(session: Session, rows: list[dict[str, Any]]) -> set[Key]:
    if not rows:
        return set()
    statement = insert(session, InboxItem).on_conflict_do_nothing()
    returned = session.execute(statement.returning(InboxItem.item_id, InboxItem.fingerprint), rows)
    return {Key(row.item_id, row.fingerprint) for row in returned}


def _problem(slug: str, detail: str | None = None) -> dict[str, Any]:
    return {"problem": Problem(slug, detail).body()}
