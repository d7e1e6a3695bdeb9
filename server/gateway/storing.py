"""Stores raw items: the transaction whose commit is the acknowledgement of a push.

Identity is install, client id and fingerprint under a unique index. The install's row is locked first, so its pushes
take turns: what is looked up then stays true until the commit, and `n` has no gaps. Where the lock should ever fail,
the index refuses the second copy and the whole transaction is run again.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, exists, insert, select, update
from sqlalchemy.orm import Session

from server.base import table_of
from server.clock import now
from server.gateway.models import InboxItem
from server.identity.models import Install
from server.identity.operations import note_report
from server.ledger.alarms import raise_alarm
from server.ledger.models import Deployment
from server.problems import Problem
from sync.item import SUM_MODULUS, Key, RawItem, Receipt, State, Verdict, sum_text, summand
from sync.sequence import Sequence as Numbers
from sync.uuid7 import derived

_INTERPRETING = Verdict(State.INTERPRETING)

_INSTALL = (
    select(
        Install.item_count,
        Install.item_sum,
        Install.dseq_through,
        Install.dseq_beyond,
        Install.backed_up_through,
        select(Deployment.epoch).scalar_subquery().label("epoch"),
        exists()
        .where(InboxItem.install_id == bindparam("install_id"), InboxItem.state == State.INTERPRETING)
        .label("has_left"),
    )
    .where(Install.id == bindparam("install_id"))
    # NO KEY: rows that refer to the install, such as uploads, may be written meanwhile.
    .with_for_update(key_share=True)
)
_KNOWN = select(
    InboxItem.item_id, InboxItem.fingerprint, InboxItem.is_primary, InboxItem.n, InboxItem.state, InboxItem.outcome
).where(InboxItem.install_id == bindparam("install_id"), InboxItem.item_id.in_(bindparam("item_ids", expanding=True)))
_ITEMS = insert(table_of(InboxItem))
_COUNTED = (
    update(table_of(Install))
    .where(table_of(Install).c.id == bindparam("install"))
    .values({name: bindparam(name) for name in ("item_count", "item_sum", "dseq_through", "dseq_beyond")})
)


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
class Stored:
    """What the acknowledging transaction found and left behind, for the answer.

    ``numbers`` are the dseq that this server has now; ``must_verify`` says that the handset holds acknowledgements
    of items that are not here; ``has_left`` that an interpretation was left over by a process that died.
    """

    receipts: list[Receipt]
    epoch: str
    numbers: Numbers
    backed_up_through: int
    must_verify: bool
    has_left: bool


def store_items(session: Session, sender: Sender, items: Sequence[RawItem]) -> Stored:
    """Store those of ``items`` that are new and return one receipt for each, in any order.

    Five statements, whatever the number of items: lock the install, look up the ids, insert, count, note.
    """
    here = session.execute(_INSTALL, {"install_id": sender.install_id}).one()
    batch = _Batch(sender, here.item_count, _known(session, sender.install_id, items))
    receipts = [batch.take(raw) for raw in items]
    for key in batch.demoted:
        _demote(session, sender.install_id, key)
    if batch.rows:
        # In the order of the index: neighbouring ids go to the same pages.
        session.execute(_ITEMS, sorted(batch.rows, key=lambda row: (row["item_id"], row["fingerprint"])))
    numbers = Numbers.from_text(here.dseq_through, here.dseq_beyond)
    if batch.rows:
        numbers = numbers.adding(row["dseq"] for row in batch.rows if _counts(row))
        _count(session, sender.install_id, batch, here.item_sum, numbers)
    note_report(session, sender.install_id, sender.says, sender.clock_offset_ms)
    must_verify = _lacks(sender.says, here.item_count, here.item_sum)
    if must_verify:
        facts = {"handset": sender.says.get("acked"), "count": here.item_count, "sum": here.item_sum}
        raise_alarm(session, "acked_beyond_store", f"install:{sender.install_id}", facts)
    return Stored(receipts, here.epoch, numbers, here.backed_up_through, must_verify, bool(here.has_left))


class _Batch:
    """The items of one push against what is stored already; collects the rows to be written."""

    def __init__(self, sender: Sender, count: int, known: dict[UUID, list["_Known"]]) -> None:
        self.sender = sender
        self.count = count
        self.known = known
        self.rows: list[dict[str, Any]] = []
        self.demoted: list[Key] = []

    def take(self, raw: RawItem) -> Receipt:
        """Return the receipt of one item; a new one becomes a row."""
        same = self.known.setdefault(raw.key.item_id, [])
        stored = next((one for one in same if one.key == raw.key), None)
        if stored is not None:
            return Receipt(raw, stored.n, fresh=False, known=stored.verdict)
        self.count += 1
        state, outcome, primary = self._place(raw, same)
        verdict = _INTERPRETING if state is State.INTERPRETING else Verdict(state, outcome)
        same.append(_Known(raw.key, primary, self.count, verdict))
        self.rows.append(_row(self.sender, raw, self.count, state, outcome, primary=primary))
        return Receipt(raw, self.count, fresh=True, known=None if verdict is _INTERPRETING else verdict)

    def _place(self, raw: RawItem, same: list["_Known"]) -> tuple[State, dict[str, Any], bool]:
        """Decide whether a new item is interpreted, quarantined or in conflict with what holds its id."""
        holder = next((one for one in same if one.is_primary), None)
        if holder is not None:
            # What never took effect gives way to a sound newcomer; everything else keeps its place.
            if holder.verdict.state is not State.QUARANTINED or raw.flaw is not None:
                return State.CONFLICT, _problem("item-conflict"), False
            self._step_back(holder)
        if raw.flaw is not None:
            return State.QUARANTINED, _problem(*raw.flaw), True
        return State.INTERPRETING, self._foreseen(raw), True

    def _foreseen(self, raw: RawItem) -> dict[str, Any]:
        """Return the outcome that a sound report will have: its case is named before it is made.

        So one statement confirms a whole chunk of reports.
        """
        return {"case_id": str(derived(self.sender.install_id, raw.key.item_id))} if raw.kind == "report" else {}

    def _step_back(self, holder: "_Known") -> None:
        holder.is_primary = False
        unwritten = next((row for row in self.rows if row["n"] == holder.n), None)
        if unwritten is None:
            self.demoted.append(holder.key)
        else:
            unwritten["is_primary"] = False


@dataclass
class _Known:
    key: Key
    is_primary: bool
    n: int
    verdict: Verdict


def _known(session: Session, install_id: UUID, items: Iterable[RawItem]) -> dict[UUID, list[_Known]]:
    item_ids = sorted({raw.key.item_id for raw in items})
    found: dict[UUID, list[_Known]] = {}
    if not item_ids:
        return found
    for row in session.execute(_KNOWN, {"install_id": install_id, "item_ids": item_ids}):
        state = State(row.state)
        verdict = _INTERPRETING if state is State.INTERPRETING else Verdict(state, json.loads(row.outcome))
        known = _Known(Key(row.item_id, row.fingerprint), row.is_primary, row.n, verdict)
        found.setdefault(row.item_id, []).append(known)
    return found


def _row(
    sender: Sender, raw: RawItem, n: int, state: State, outcome: Mapping[str, Any], *, primary: bool
) -> dict[str, Any]:
    return {
        "install_id": sender.install_id,
        "item_id": raw.key.item_id,
        "fingerprint": raw.key.fingerprint,
        "is_primary": primary,
        # Whom the head names; whether that officer may sign here is judged at interpretation.
        "officer_id": raw.claimed_by or sender.officer_id,
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
        # Not since the request's first byte: a slow line must not make it look like nobody's.
        "attempted_at": now(),
        "outcome": json.dumps(outcome),
        "interpreted_at": None if state is State.INTERPRETING else sender.received_at,
    }


def _counts(row: Mapping[str, Any]) -> bool:
    """Tell whether a row's dseq may be believed: what is damaged may claim any number."""
    return row["dseq"] is not None and row["state"] == State.INTERPRETING


def _count(session: Session, install_id: UUID, batch: _Batch, total: str, numbers: Numbers) -> None:
    added = sum(summand(row["fingerprint"]) for row in batch.rows)
    counted = {
        "install": install_id,
        "item_count": batch.count,
        "item_sum": sum_text(int(total, 16) + added),
        "dseq_through": numbers.through,
        "dseq_beyond": numbers.beyond_text(),
    }
    session.execute(_COUNTED, counted)


def _lacks(says: Mapping[str, Any], count: int, total: str) -> bool:
    """Tell whether a handset remembers acknowledgements that this server does not (after a restore, a lost disk).

    Only its count and sum are compared: fewer than ours is normal, answers get lost on the way.
    """
    acked = says.get("acked")
    if not isinstance(acked, Mapping):
        return False
    claimed, claimed_sum = acked.get("count"), acked.get("sum")
    if not isinstance(claimed, int) or not isinstance(claimed_sum, str):
        return False
    if claimed != count:
        return claimed > count
    try:
        return int(claimed_sum, 16) % SUM_MODULUS != int(total, 16)
    except ValueError:
        return False


def _demote(session: Session, install_id: UUID, key: Key) -> None:
    session.execute(
        update(InboxItem)
        .where(
            InboxItem.install_id == install_id,
            InboxItem.item_id == key.item_id,
            InboxItem.fingerprint == key.fingerprint,
        )
        .values(is_primary=False)
        .execution_options(synchronize_session=False)
    )


def _problem(slug: str, detail: str | None = None) -> dict[str, Any]:
    return {"problem": Problem(slug, detail).body()}
