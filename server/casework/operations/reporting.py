"""Reports open cases, many as one; arriving photographs complete them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from server.base import new_tag, table_of, uuid7
from server.casework.facts import Report, Reporter
from server.casework.models import Case, CaseEvent
from server.casework.operations.opening import Opened, start_acceptance
from server.casework.operations.roots import lock_cases, tasks_of
from server.casework.operations.traces import show_case, show_tasks
from server.casework.rules import ENDED
from server.clock import now
from server.evidence import operations as evidence
from server.evidence.pairs import propose
from server.evidence.rules import Capture, Owner, Stage
from server.geography.crs import canonical
from server.ledger.marks import Entity, mark
from server.ledger.operations import bring

MOST_CASES = 100
_CASES = insert(table_of(Case))
_EVENTS = insert(table_of(CaseEvent))

Reported = tuple[Reporter, Report]


def report_cases(session: Session, install_id: UUID, reported: Sequence[Reported]) -> dict[UUID, list[str]]:
    """Open a case for each report of one install; return per item the hashes of photographs still missing.

    Set by set: a fixed number of statements however many reports there are. At most once per item: the inbox and a
    unique key on (install, item) see to it. The caller holds the install's locks.
    """
    moment = now()
    versions = {report.case_id: new_tag() for _, report in reported}
    session.execute(
        _CASES, [_case(reporter, report, versions[report.case_id], moment) for reporter, report in reported]
    )
    session.execute(_EVENTS, [_event(reporter, report, moment) for reporter, report in reported])
    start_acceptance(session, [_opened(*one) for one in reported if one[1].state not in ENDED], moment)
    missing = evidence.expect_all(
        session, install_id, [_expectation(reporter, report) for reporter, report in reported]
    )
    both_sides = [report.case_id for _, report in reported if report.measure is not None]
    if both_sides:
        propose(session, "case", both_sides)
    for reporter, report in reported:
        mark(session, f"officer:{reporter.officer_id}", Entity("case", report.case_id), versions[report.case_id])
    bring(session, [f"item:{report.item_id}" for _, report in reported])
    return missing


def _opened(reporter: Reporter, report: Report) -> Opened:
    return Opened(report.case_id, reporter.agency_id, report.scheme, report.category_code)


def _case(reporter: Reporter, report: Report, version: str, moment: datetime) -> Mapping[str, Any]:
    lon, lat = canonical(report.lon, report.lat, report.crs)
    return {
        "id": report.case_id,
        "agency_id": reporter.agency_id,
        "state": report.state,
        "origin_item_id": report.item_id,
        "source": report.source,
        "reporter_id": reporter.officer_id,
        "install_id": reporter.install_id,
        "scheme": report.scheme,
        "category_code": report.category_code,
        "description": report.description,
        "lon": report.lon,
        "lat": report.lat,
        "crs": report.crs,
        "lon_canonical": lon,
        "lat_canonical": lat,
        "accuracy_m": report.accuracy_m,
        "captured_at": report.captured_at,
        "captured_at_corrected": report.captured_at_corrected,
        "captured_certainty": report.captured_certainty,
        "captured_uncertainty_ms": report.captured_uncertainty_ms,
        "reported_at": moment,
        "closed_at": moment if report.state in ENDED else None,
        "version": version,
    }


def _event(reporter: Reporter, report: Report, moment: datetime) -> Mapping[str, Any]:
    return {
        "id": uuid7(),
        "case_id": report.case_id,
        "at": moment,
        "action": "report" if report.measure is None else "self_handled",
        "state_before": None,
        "state_after": report.state,
        "actor_id": reporter.officer_id,
        "install_id": reporter.install_id,
        "item_id": report.item_id,
        "captured_at_corrected": report.captured_at_corrected,
        "reason": report.remark,
    }


def _expectation(reporter: Reporter, report: Report) -> evidence.Expectation:
    owner = Owner("case", report.case_id, reporter.agency_id, report.scheme, report.category_code, reporter.squad_id)
    capture = Capture(
        item_id=report.item_id,
        stage=Stage.REPORT,
        officer_id=reporter.officer_id,
        install_id=reporter.install_id,
        capacity=reporter.capacity,
        captured_at=report.captured_at,
        captured_at_corrected=report.captured_at_corrected,
        certainty=report.captured_certainty,
        fix=report.fix,
        fingerprint=report.fingerprint,
    )
    return evidence.Expectation(owner, capture, report.photos)


def photos_arrived(session: Session, case_ids: Collection[UUID]) -> None:
    """Show the cases and their open tasks anew: fewer photographs are missing, more can be looked at.

    Called in the transaction that stored the photographs, with at most 100 cases: the same bytes rarely belong to
    more than one, and one transaction holds at most 500 marks.
    """
    chosen = sorted(case_ids)[:MOST_CASES]
    if not chosen:
        return
    cases = lock_cases(session, chosen)
    for case in cases:
        show_case(session, case)
    open_cases = [case.id for case in cases if case.state not in ENDED]
    show_tasks(session, tasks_of(session, open_cases))
    session.flush()
