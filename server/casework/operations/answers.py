"""What handsets say about their tasks: kept always, in effect only for the current round of an open case."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.casework.facts import Reporter, TaskAnswer, TaskVerdict, UnknownTask
from server.casework.models import Case, FieldTask, TaskAssignment, TaskEvent
from server.casework.operations.roots import lock_case, tasks_of
from server.casework.operations.traces import Cause, note, show_case, show_task, show_tasks
from server.casework.rules import ACTION_OF_EVENT, ENDED, Action, Facts, State, fold_result, fold_task, step
from server.clock import now
from server.evidence import operations as evidence
from server.evidence.pairs import propose
from server.evidence.rules import STAGE_OF_TASK, Capture, Owner
from server.ledger.operations import meet
from server.problems import Problem


def answer_task(session: Session, reporter: Reporter, answer: TaskAnswer) -> TaskVerdict:
    """Record an answer and let it take effect if it still may.

    Raises UnknownTask, also for a task that was never given to this officer (nobody learns that it exists), and the
    problem ``forbidden`` for another round of a task that was. Photographs are kept as evidence in every other case.
    """
    meet(session, [f"task:{answer.task_id}"])
    task, case = _find(session, answer)
    _check_assignee(session, reporter, answer)
    missing = _keep_photos(session, task, case, reporter, answer)
    superseded = _superseded(session, task, case, answer)
    session.add(_event(reporter, answer, effective=superseded is None))
    cause = Cause(
        actor_id=reporter.officer_id,
        reason=answer.note or None,
        install_id=reporter.install_id,
        item_id=answer.item_id,
        captured_at_corrected=answer.captured_at_corrected,
    )
    if superseded is not None:
        note(session, case, "late_answer", case.state, cause)
    elif task.kind == "disposal":
        _answer_disposal(session, task, case, answer, cause)
    else:
        _answer_check(session, task, case, answer, cause)
    show_case(session, case)
    session.flush()
    return TaskVerdict(superseded is None, superseded, case.id, tuple(missing))


def _find(session: Session, answer: TaskAnswer) -> tuple[FieldTask, Case]:
    """Lock the case first, then read the task under that lock: a reassignment may be under way."""
    case_id = session.scalar(select(FieldTask.case_id).where(FieldTask.id == answer.task_id))
    case = None if case_id is None else lock_case(session, case_id)
    if case is None:
        raise UnknownTask(answer.task_id)
    task = next(task for task in tasks_of(session, [case.id]) if task.id == answer.task_id)
    return task, case


def _check_assignee(session: Session, reporter: Reporter, answer: TaskAnswer) -> None:
    rounds = session.scalars(select(TaskAssignment).where(TaskAssignment.task_id == answer.task_id))
    mine = {
        given.assignment_no
        for given in rounds
        if given.officer_id == reporter.officer_id
        or (given.squad_id is not None and given.squad_id == reporter.squad_id)
    }
    if not mine:
        raise UnknownTask(answer.task_id)
    if answer.assignment_no not in mine:
        raise Problem("forbidden", f"Assignment number {answer.assignment_no} was not given to this officer or squad.")


def _superseded(session: Session, task: FieldTask, case: Case, answer: TaskAnswer) -> str | None:
    """Return the slug that says why the answer comes too late, or None if it may take effect."""
    if answer.assignment_no != task.assignment_no:
        return "task-reassigned"
    if task.status == "cancelled" or case.state == State.CLOSED:
        return "task-withdrawn"
    if task.kind == "disposal_check":
        newest = [other for other in tasks_of(session, [case.id]) if other.kind == task.kind][-1]
        if newest.id != task.id or case.state != State.CHECKING:
            return "task-withdrawn"
    return None


def _answer_disposal(session: Session, task: FieldTask, case: Case, answer: TaskAnswer, cause: Cause) -> None:
    folded = fold_task(task.status, answer.event)
    before = case.state
    if folded != task.status:
        task.status = folded
        case.state = step(case.state, ACTION_OF_EVENT[folded], Facts()).target
        show_task(session, task)
    if case.state == State.DISPOSED and before != State.DISPOSED:
        case.disposed_at = now()
    note(session, case, ACTION_OF_EVENT[answer.event], before, cause)


def _answer_check(session: Session, task: FieldTask, case: Case, answer: TaskAnswer, cause: Cause) -> None:
    if answer.event == "done" and answer.result not in {"passed", "failed"}:
        raise Problem("validation", errors={"result": ["A finished check says passed or failed."]})
    folded = fold_task(task.status, answer.event)
    if folded != task.status:
        task.status = folded
        show_task(session, task)
    action = ACTION_OF_EVENT[answer.event]
    if answer.event == "done":
        action = Action.ANSWER_CHECK
        case.state = step(case.state, action, Facts()).target
        case.check_result = fold_result(case.check_result, answer.result)
    note(session, case, action, case.state, cause)


def _keep_photos(session: Session, task: FieldTask, case: Case, reporter: Reporter, answer: TaskAnswer) -> list[str]:
    squad_id = reporter.squad_id or task.squad_id
    owner = Owner("case", case.id, case.agency_id, case.scheme, case.category_code, squad_id)
    capture = Capture(
        item_id=answer.item_id,
        stage=STAGE_OF_TASK[task.kind],
        officer_id=reporter.officer_id,
        install_id=reporter.install_id,
        capacity=reporter.capacity,
        task_id=task.id,
        captured_at=answer.captured_at,
        captured_at_corrected=answer.captured_at_corrected,
        certainty=answer.captured_certainty,
        fix=answer.fix,
        fingerprint=answer.fingerprint,
    )
    missing = evidence.expect(session, owner, capture, answer.photos)
    if answer.photos:
        propose(session, "case", [case.id])
    if len(missing) < len({photo.sha256 for photo in answer.photos}) and case.state not in ENDED:
        # Some bytes were here before: whoever holds a task of this case can look at them now.
        show_tasks(session, tasks_of(session, [case.id]))
    return missing


def _event(reporter: Reporter, answer: TaskAnswer, *, effective: bool) -> TaskEvent:
    return TaskEvent(
        task_id=answer.task_id,
        item_id=answer.item_id,
        assignment_no=answer.assignment_no,
        event=answer.event,
        result=answer.result,
        note=answer.note,
        effective=effective,
        officer_id=reporter.officer_id,
        install_id=reporter.install_id,
        captured_at_corrected=answer.captured_at_corrected,
        received_at=now(),
    )
