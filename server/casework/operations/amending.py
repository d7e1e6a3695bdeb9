"""Corrections of reports: both words stay; until a desk has filed the case, the last one counts.

Order-free: a case shows, for each of its members, what the last of all counting corrections says of it. Last by the
numbers that the items carry on their handset (dseq), the true order of writing on one install, never by arrival or
by any clock. So the case ends the same whatever order they arrive in. Corrections of one and the same item are
marked divergent, for a person to decide; one that names an earlier correction as its target goes on from it.
Corrections that arrive after filing are kept without effect: the server's word, which order cannot change.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.casework.cause import Cause
from server.casework.facts import Reporter
from server.casework.models import Amendment, Case
from server.casework.operations.roots import lock_case
from server.casework.operations.traces import note, show_case
from server.casework.proposals import Amended, Correction, UnknownReport
from server.casework.rules import is_unfiled
from server.clock import now
from server.evidence.classing import reclassify
from server.evidence.flags import reconsider
from server.geography.crs import canonical
from server.problems import Problem

# Tells the dseq of items of the reporter's install.
Numbers = Callable[[Collection[UUID]], Mapping[UUID, int]]


def amend(session: Session, reporter: Reporter, correction: Correction, numbers: Numbers) -> Amended:
    """Keep a correction and let it count if the case was not filed yet.

    The caller has compared the target's fingerprint, and holds the install's locks. Raises UnknownReport (the
    target opened no case here, and corrects none) and ``forbidden`` (another officer's report).
    """
    case = _lock(session, reporter.install_id, correction.target_item_id)
    if case.reporter_id != reporter.officer_id:
        raise Problem("forbidden", "Only the officer who made a report corrects it.")
    siblings = _siblings(session, reporter.install_id, correction.target_item_id)
    for sibling in siblings:
        sibling.divergent = True
    effective = is_unfiled(case.state, case.resumes_to)
    session.add(_row(case, reporter, correction, effective=effective, divergent=bool(siblings)))
    session.flush()
    replaced = _recompute(session, case, numbers) if effective else {}
    cause = Cause(
        actor_id=reporter.officer_id,
        reason=_reason(correction.reason, replaced),
        install_id=reporter.install_id,
        item_id=correction.item_id,
        captured_at_corrected=correction.captured_at_corrected,
    )
    note(session, case, "amend" if effective else "late_amendment", case.state, cause)
    show_case(session, case)
    session.flush()
    return Amended(case.id, effective)


def _lock(session: Session, install_id: UUID, target: UUID) -> Case:
    opened = select(Case.id).where(Case.install_id == install_id, Case.origin_item_id == target)
    corrected = select(Amendment.case_id).where(Amendment.install_id == install_id, Amendment.item_id == target)
    case_id = session.scalar(opened) or session.scalar(corrected)
    case = None if case_id is None else lock_case(session, case_id)
    if case is None:
        raise UnknownReport(target)
    return case


def _siblings(session: Session, install_id: UUID, target: UUID) -> Sequence[Amendment]:
    same = select(Amendment).where(Amendment.install_id == install_id, Amendment.target_item_id == target)
    return session.scalars(same.order_by(Amendment.id)).all()


def _row(case: Case, reporter: Reporter, correction: Correction, *, effective: bool, divergent: bool) -> Amendment:
    return Amendment(
        install_id=reporter.install_id,
        item_id=correction.item_id,
        target_item_id=correction.target_item_id,
        target_fingerprint=correction.target_fingerprint,
        case_id=case.id,
        officer_id=reporter.officer_id,
        changes=json.dumps(correction.changes, ensure_ascii=False, sort_keys=True),
        reason=correction.reason,
        divergent=divergent,
        effective=effective,
        captured_at_corrected=correction.captured_at_corrected,
        received_at=now(),
    )


def _recompute(session: Session, case: Case, numbers: Numbers) -> dict[str, Any]:
    """Give the case what its counting corrections say; return what stood there before, by member.

    Corrections are only ever added, so a member that none of them names still stands as first reported.
    """
    counting = select(Amendment.item_id, Amendment.changes).where(
        Amendment.case_id == case.id, Amendment.effective.is_(True)
    )
    told = {row.item_id: json.loads(row.changes) for row in session.execute(counting)}
    order = numbers(told.keys())
    wanted: dict[str, Any] = {}
    for item_id in sorted(told, key=lambda one: (order[one], one)):
        wanted |= told[item_id]
    before = _shown(case)
    replaced = {member: before[member] for member, value in wanted.items() if value != before[member]}
    if replaced:
        case.settled_at = None
    if "description" in replaced:
        case.description = wanted["description"]
    if "category" in replaced:
        case.scheme, case.category_code = wanted["category"]["scheme"], wanted["category"]["code"]
        reclassify(session, ("case", case.id), case.scheme, case.category_code)
    if "position" in replaced:
        for column, value in wanted["position"].items():
            setattr(case, column, value)
        case.lon_canonical, case.lat_canonical = canonical(case.lon, case.lat, case.crs)
        reconsider(session, ("case", case.id))
    return replaced


def _shown(case: Case) -> dict[str, Any]:
    return {
        "description": case.description,
        "category": {"scheme": case.scheme, "code": case.category_code},
        "position": {"lon": case.lon, "lat": case.lat, "crs": case.crs, "accuracy_m": case.accuracy_m},
    }


def _reason(given: str | None, replaced: Mapping[str, Any]) -> str | None:
    """Return the officer's reason and, line by line, what stood there before: the timeline forgets nothing."""
    old = [f"{member} ← {json.dumps(value, ensure_ascii=False)}" for member, value in replaced.items()]
    return "\n".join([*([given] if given else []), *old]) or None
