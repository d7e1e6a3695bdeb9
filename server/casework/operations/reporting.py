"""A report opens a case; arriving photographs complete it."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.orm import Session

from server.casework.facts import Report, Reporter
from server.casework.models import Case
from server.casework.operations.roots import lock_cases, tasks_of
from server.casework.operations.traces import Cause, mark_case, note, show_case, show_task
from server.casework.rules import State
from server.clock import now
from server.evidence import operations as evidence
from server.evidence.rules import Capture, Owner, Stage

MOST_CASES = 100


def report_case(session: Session, reporter: Reporter, report: Report) -> UUID:
    """Open a case for a report and return its id. At most once per item: the inbox and a unique key see to it."""
    case = Case(
        agency_id=reporter.agency_id,
        state=State.REPORTED,
        origin_item_id=report.item_id,
        source=report.source,
        reporter_id=reporter.officer_id,
        install_id=reporter.install_id,
        scheme=report.scheme,
        category_code=report.category_code,
        description=report.description,
        lon=report.lon,
        lat=report.lat,
        crs=report.crs,
        accuracy_m=report.accuracy_m,
        captured_at=report.captured_at,
        captured_at_corrected=report.captured_at_corrected,
        reported_at=now(),
    )
    session.add(case)
    session.flush()
    owner = Owner("case", case.id, case.agency_id, case.scheme, case.category_code, reporter.squad_id)
    capture = Capture(
        item_id=report.item_id,
        stage=Stage.REPORT,
        officer_id=reporter.officer_id,
        install_id=reporter.install_id,
        capacity=reporter.capacity,
        captured_at=report.captured_at,
        captured_at_corrected=report.captured_at_corrected,
    )
    evidence.expect(session, owner, capture, report.photos)
    cause = Cause(
        actor_id=reporter.officer_id,
        install_id=reporter.install_id,
        item_id=report.item_id,
        captured_at_corrected=report.captured_at_corrected,
    )
    note(session, case, "report", None, cause)
    mark_case(session, case)
    return case.id


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
    open_cases = [case.id for case in cases if case.state != State.CLOSED]
    for task in tasks_of(session, open_cases):
        if task.status != "cancelled":
            show_task(session, task)
    session.flush()
