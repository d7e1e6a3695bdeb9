"""Photographs that an officer adds to a case later: always kept, whatever the case's state."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.casework.cause import Cause
from server.casework.facts import Reporter, UnknownTask
from server.casework.models import Case, FieldTask, TaskAssignment
from server.casework.operations.roots import lock_case, tasks_of
from server.casework.operations.traces import note, show_case, show_tasks
from server.casework.proposals import Added, Addition, UnknownReport
from server.casework.rules import ENDED
from server.evidence import operations as evidence
from server.evidence.pairs import propose
from server.evidence.rules import STAGE_OF_TASK, Capture, Owner, Stage
from server.ledger.operations import meet
from server.problems import Problem


def add_evidence(session: Session, reporter: Reporter, addition: Addition) -> Added:
    """Keep photographs as evidence of a case; after its end they are kept as late ones.

    By case: only its reporter, or who was ever given one of its tasks (also through the squad). By task: who was
    given it in any round. By report: any officer of the install that reported. Raises ``forbidden`` otherwise, for
    a case that does not exist alike; UnknownTask and UnknownReport for what may still come.
    """
    case = _lock(session, reporter, addition)
    tasks = tasks_of(session, [case.id])
    task = _task(session, reporter, addition, case, tasks)
    owner = Owner("case", case.id, case.agency_id, case.scheme, case.category_code, reporter.squad_id or case.squad_id)
    capture = Capture(
        item_id=addition.item_id,
        stage=Stage.REPORT if task is None else STAGE_OF_TASK[task.kind],
        officer_id=reporter.officer_id,
        install_id=reporter.install_id,
        capacity=reporter.capacity,
        task_id=None if task is None else task.id,
        captured_at=addition.captured_at,
        captured_at_corrected=addition.captured_at_corrected,
        certainty=addition.captured_certainty,
        fix=addition.fix,
        fingerprint=addition.fingerprint,
    )
    missing = evidence.expect(session, owner, capture, addition.photos)
    propose(session, "case", [case.id])
    cause = Cause(
        actor_id=reporter.officer_id,
        reason=addition.note or None,
        install_id=reporter.install_id,
        item_id=addition.item_id,
        captured_at_corrected=addition.captured_at_corrected,
    )
    note(session, case, "late_evidence" if case.state in ENDED else "evidence", case.state, cause)
    show_case(session, case)
    if case.state not in ENDED:
        show_tasks(session, tasks)
    session.flush()
    return Added(case.id, tuple(missing))


def _lock(session: Session, reporter: Reporter, addition: Addition) -> Case:
    """Find the case that the addition names and lock it; what is read of it before the lock is only its id."""
    case_id = addition.case_id
    if addition.task_id is not None:
        meet(session, [f"task:{addition.task_id}"])
        case_id = session.scalar(select(FieldTask.case_id).where(FieldTask.id == addition.task_id))
        if case_id is None:
            raise UnknownTask(addition.task_id)
    elif addition.report_id is not None:
        case_id = session.scalar(
            select(Case.id).where(Case.install_id == reporter.install_id, Case.origin_item_id == addition.report_id)
        )
        if case_id is None:
            raise UnknownReport(addition.report_id)
    case = None if case_id is None else lock_case(session, case_id)
    if case is None:
        raise _forbidden()
    return case


def _task(
    session: Session, reporter: Reporter, addition: Addition, case: Case, tasks: Sequence[FieldTask]
) -> FieldTask | None:
    """Return the task that the photographs are for, None for those of the report; raises ``forbidden``.

    The oldest task counts where only the case is named: later ones never change what was decided.
    """
    if addition.report_id is not None:
        return None
    if addition.task_id is None and case.reporter_id == reporter.officer_id:
        return None
    given = _given(session, reporter, [task.id for task in tasks])
    for task in tasks:
        if task.id in given and addition.task_id in {None, task.id}:
            return task
    if addition.task_id is not None:
        # As if it did not exist: nobody learns of tasks that were never his.
        raise UnknownTask(addition.task_id)
    raise _forbidden()


def _given(session: Session, reporter: Reporter, task_ids: Sequence[UUID]) -> set[UUID]:
    """Return which tasks were given to the officer or the officer's squad in any round."""
    to_me = TaskAssignment.officer_id == reporter.officer_id
    if reporter.squad_id is not None:
        to_me |= TaskAssignment.squad_id == reporter.squad_id
    return set(session.scalars(select(TaskAssignment.task_id).where(TaskAssignment.task_id.in_(task_ids), to_me)))


def _forbidden() -> Problem:
    return Problem("forbidden", "Neither the report nor a task of this case is this officer's.")
