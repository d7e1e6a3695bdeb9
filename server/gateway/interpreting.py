"""Interprets stored items in the caller's transaction: sound reports as one set, everything else one by one.

Whatever is wrong with one item ends in a truthful state of that item: applied, superseded, waiting, quarantined.
First of all the install and its officers are locked (identity.locks): there the items of one handset and its
photographs meet, so that none misses the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from server.casework.facts import Reporter
from server.casework.operations import report_cases
from server.gateway.kinds import KINDS, NeedsError, handle
from server.gateway.kinds.report import report_of
from server.gateway.opened import OpenItem, open_rows, outcome_of, reindex, settle_applied, settle_one
from server.identity.field import FieldOfficerOnInstall, field_officer, field_officers
from server.identity.locks import lock_sender
from server.identity.rules import was_on_shift
from server.ledger.marks import undoing
from server.ledger.operations import meet
from server.problems import Problem
from server.recall import keep
from sync.body import BodyError, check_signature, read_body
from sync.handset_time import ESTIMATED, EXACT, Anchor, Corrected, correct, in_order
from sync.item import Item, Key, State, Verdict

_REPORT = ("report", 1)


@dataclass(frozen=True)
class Believed:
    """An item whose body could be read, whose head fits, and which an officer on this install signed."""

    opened: OpenItem
    item: Item
    corrected: Corrected
    officer: FieldOfficerOnInstall


def interpret_fresh(session: Session, install_id: UUID, opened: Sequence[OpenItem]) -> dict[Key, Verdict]:
    """Interpret items that this very request stored, from memory; raises TakenUp if somebody else was faster.

    Reports take a fixed number of statements, whatever their number.
    """
    lock_sender(session, install_id)
    verdicts, reports = _interpret(session, install_id, opened)
    settle_applied(session, install_id, reports)
    set_wise = {one.raw.key for one in reports}
    for one in opened:
        if one.raw.key not in set_wise:
            settle_one(session, install_id, one, verdicts[one.raw.key], told=True, only_fresh=True)
    return verdicts


def interpret_stored(session: Session, install_id: UUID, keys: Sequence[Key]) -> dict[Key, Verdict]:
    """Interpret stored items, whoever stored them; what is not open any more keeps its verdict.

    Nobody waits for these verdicts: each one that changed becomes a receipt in the install's feed.
    """
    lock_sender(session, install_id)
    rows = open_rows(session, install_id, keys)
    verdicts = {row.key: outcome_of(row) for row in rows if not row.is_open}
    opened = [row.opened() for row in rows if row.is_open]
    found, _reports = _interpret(session, install_id, opened)
    for one in opened:
        settle_one(session, install_id, one, found[one.raw.key], told=False)
    return verdicts | found


def interpret_row(session: Session, install_id: UUID, key: Key, *, body_override: bytes | None = None) -> Verdict:
    """Interpret one quarantined item again for the quarantine desk, in the caller's transaction.

    With ``body_override`` the repairer's text takes the place of the body; who repaired answers for it, so head and
    signature are not compared. The verdict is settled with a receipt.
    """
    lock_sender(session, install_id)
    row = next(iter(open_rows(session, install_id, [key])), None)
    if row is None:
        raise Problem("not-found")
    opened = row.opened()
    if body_override is None:
        verdicts, _reports = _interpret(session, install_id, [opened])
        verdict = verdicts[key]
    else:
        verdict = _repaired(session, install_id, opened, body_override)
    settle_one(session, install_id, opened, verdict, told=False)
    return verdict


def set_aside(session: Session, install_id: UUID, key: Key, why: str) -> Verdict | None:
    """Quarantine an item that the server itself failed on; it is stored and a human will see it."""
    verdict = _quarantined(Problem("interpretation-failed", why))
    for row in open_rows(session, install_id, [key]):
        if not row.is_open:
            return outcome_of(row)
        settle_one(session, install_id, row.opened(), verdict, told=False)
        return verdict
    return None


def _interpret(
    session: Session, install_id: UUID, opened: Sequence[OpenItem]
) -> tuple[dict[Key, Verdict], list[OpenItem]]:
    """Return the verdicts of items, and which of them are reports that took effect."""
    verdicts: dict[Key, Verdict] = {}
    believed = _believe(session, install_id, opened, verdicts)
    reports: list[Believed] = []
    others: list[Believed] = []
    for one in believed:
        (reports if (one.item.kind, one.item.kv) == _REPORT else others).append(one)
    applied = _report_all(session, install_id, reports, verdicts)
    # All keys at once and sorted, before anything is locked under them: chunks that meet tasks in another order
    # would wait for each other.
    meet(session, (f"task:{task_id}" for one in others if (task_id := _task_named(one.item))))
    for one in others:
        verdicts[one.opened.raw.key] = _handled(session, one)
    return verdicts, applied


def _believe(
    session: Session, install_id: UUID, opened: Sequence[OpenItem], verdicts: dict[Key, Verdict]
) -> list[Believed]:
    """Return the items that may take effect, in the order of their making; the others get their verdict."""
    officers = field_officers(session, install_id, {one.raw.claimed_by for one in opened if one.raw.claimed_by})
    for officer_id, known in officers.items():
        keep(session, (field_officer, officer_id), known)
    sound: list[tuple[OpenItem, Item, FieldOfficerOnInstall]] = []
    for one in opened:
        try:
            item = read_body(one.raw, install_id)
            officer = _signer(officers, item)
            check_signature(item, one.raw.signature, officer.public_key)
            sound.append((one, item, officer))
        except BodyError as error:
            verdicts[one.raw.key] = _quarantined(Problem(error.slug, error.detail))
        except Problem as problem:
            verdicts[one.raw.key] = _quarantined(problem)
    sound.sort(key=lambda found: (found[1].dseq, found[0].raw.key))
    alone = [correct(item.captured, _anchor(one.anchor)) for one, item, _ in sound]
    believed = []
    for (one, item, officer), by_itself, corrected in zip(sound, alone, in_order(alone), strict=True):
        # By its own clocks: what came in the same batch must not decide whose item it is.
        if _off_shift(officer, by_itself):
            told = "The officer was not on shift with this handset when the item was captured."
            verdicts[one.raw.key] = _quarantined(Problem("foreign-officer", told))
        else:
            believed.append(Believed(one, item, corrected, officer))
    return believed


def _signer(officers: Mapping[UUID, FieldOfficerOnInstall], item: Item) -> FieldOfficerOnInstall:
    officer = officers.get(item.officer_id)
    if officer is None:
        raise Problem("foreign-officer", "The item names an officer who has no key on this handset.")
    return officer


def _off_shift(officer: FieldOfficerOnInstall, corrected: Corrected) -> bool:
    """Tell whether another officer had the handset; only an exact time can say so, a wrong clock must not.

    Of an officer whose account is closed an estimate must say that it was before; of what nobody can date a person
    decides.
    """
    tells = {EXACT} if officer.active else {EXACT, ESTIMATED}
    if corrected.certainty not in tells or corrected.at is None:
        return not officer.active
    return not was_on_shift(officer.shifts, corrected.at)


def _report_all(
    session: Session, install_id: UUID, reports: Sequence[Believed], verdicts: dict[Key, Verdict]
) -> list[OpenItem]:
    """Open the cases of all sound reports as one set."""
    kind = KINDS[_REPORT]
    loaded = []
    for one in reports:
        try:
            loaded.append((one, report_of(one.item, one.corrected, kind.load(one.item))))
        except Problem as problem:
            verdicts[one.opened.raw.key] = _quarantined(problem)
    if not loaded:
        return []
    missing = report_cases(session, install_id, [(_reporter(one), report) for one, report in loaded])
    for one, report in loaded:
        members: dict[str, Any] = {"case_id": str(report.case_id)}
        verdicts[one.opened.raw.key] = Verdict(State.APPLIED, members, tuple(missing[report.item_id]))
    return [one.opened for one, _ in loaded]


def _reporter(one: Believed) -> Reporter:
    return Reporter(
        officer_id=one.item.officer_id,
        install_id=one.item.install_id,
        agency_id=one.officer.agency_id,
        squad_id=one.officer.squad_id,
        capacity=one.officer.capacity,
    )


def _handled(session: Session, one: Believed) -> Verdict:
    try:
        # Leaving by an exception undoes what this item wrote and announced, and nothing of the others.
        with undoing(session), session.begin_nested():
            return handle(session, one.item, one.corrected)
    except Problem as problem:
        return _quarantined(problem)
    except NeedsError as waiting:
        return Verdict(State.WAITING, {"needs": waiting.needs})


def _repaired(session: Session, install_id: UUID, opened: OpenItem, body: bytes) -> Verdict:
    raw = replace(opened.raw, body=body, indexed=None, head="")
    try:
        item = read_body(raw, install_id)
        officer = _signer(field_officers(session, install_id, {item.officer_id}), item)
    except BodyError as error:
        raise Problem(error.slug, error.detail) from error
    corrected = correct(item.captured, _anchor(opened.anchor))
    # Effects are judged by these columns (shifts by dseq and kind); the head keeps what once came.
    reindex(session, install_id, opened.raw.key, item)
    return _handled(session, Believed(opened, item, corrected, officer))


@lru_cache(maxsize=256)
def _anchor(text: str) -> Anchor:
    """Read an anchor once for all items that one request brought."""
    return Anchor.from_text(text)


def _task_named(item: Item) -> UUID | None:
    named = item.payload.get("task_id")
    try:
        return UUID(named) if isinstance(named, str) else None
    except ValueError:
        return None


def _quarantined(problem: Problem) -> Verdict:
    return Verdict(State.QUARANTINED, {"problem": problem.body()})
