"""What handsets say about their tasks: kept always, in effect only for the current round of an open case."""

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import Uuid, bindparam, select
from sqlalchemy.orm import Session

from server.casework.cause import Cause
from server.casework.facts import Reporter, TaskAnswer, TaskVerdict, UnknownTask
from server.casework.models import Case, FieldTask, TaskAssignment, TaskEvent
from server.casework.operations.moving import move
from server.casework.operations.roots import lock_case_of, tasks_of
from server.casework.operations.traces import note, show_case, show_task, show_tasks
from server.casework.rules import ACTION_OF_EVENT, ENDED, Action, State, demand_result, fold_result, fold_task
from server.clock import now
from server.evidence import operations as evidence
from server.evidence.pairs import propose
from server.evidence.rules import STAGE_OF_TASK, Capture, Owner
from server.ledger.operations import meet
from server.problems import Problem, _

_ASSIGNMENTS = select(TaskAssignment.assignment_no, TaskAssignment.officer_id, TaskAssignment.squad_id).where(
    TaskAssignment.task_id == bindparam("task_id", type_=Uuid)
)


def answer_task(session: Session, reporter: Reporter, answer: TaskAnswer) -> TaskVerdict:
    """Record an answer and let it take effect if it still may.

    Raises UnknownTask, also for a task that was never given to this officer (nobody learns that it exists), and the
    problem ``forbidden`` for another round of a task that was. Photographs are kept as evidence in every other case.
    """
    meet(session, [f"task:{answer.task_id}"])
    case, tasks = _find(session, answer)
    task = next(task for task in tasks if task.id == answer.task_id)
    _check_assignee(session, reporter, answer)
    missing = _keep_photos(session, task, case, reporter, answer)
    superseded = _superseded(tasks, task, case, reporter, answer)
    if superseded is None:
        demand_result(task.kind, answer.event, answer.result)
    session.add(_event(reporter, answer, effective=superseded is None))
    cause = Cause(
        actor_id=reporter.officer_id,
        reason=answer.note or None,
        install_id=reporter.install_id,
        item_id=answer.item_id,
        captured_at_corrected=answer.captured_at_corrected,
    )
    if superseded is not None:
        if case is not None:
            note(session, case, "late_answer", case.state, cause)
            show_case(session, case)
    else:
        changed = _fold(session, task, reporter, answer)
        if case is not None:
            _EFFECTS[task.kind](session, case, answer, cause, changed=changed)
    session.flush()
    return TaskVerdict(superseded is None, superseded, None if case is None else case.id, tuple(missing))


def _find(session: Session, answer: TaskAnswer) -> tuple[Case | None, Sequence[FieldTask]]:
    """Lock the case first, then read its tasks under that lock: a reassignment may be under way.

    A patrol is about no case; it is locked itself.
    """
    case = lock_case_of(session, answer.task_id)
    if case is not None:
        return case, tasks_of(session, [case.id])
    alone = select(FieldTask).where(FieldTask.id == answer.task_id, FieldTask.case_id.is_(None)).with_for_update()
    patrol = session.scalars(alone.execution_options(populate_existing=True)).one_or_none()
    if patrol is None:
        raise UnknownTask(answer.task_id)
    return None, [patrol]


def _check_assignee(session: Session, reporter: Reporter, answer: TaskAnswer) -> None:
    mine = {
        given.assignment_no
        for given in session.execute(_ASSIGNMENTS, {"task_id": answer.task_id})
        if given.officer_id == reporter.officer_id
        or (given.squad_id is not None and given.squad_id == reporter.squad_id)
    }
    if not mine:
        raise UnknownTask(answer.task_id)
    if answer.assignment_no not in mine:
        raise Problem("forbidden", f"Assignment number {answer.assignment_no} was not given to this officer or squad.")


def _superseded(
    tasks: Sequence[FieldTask], task: FieldTask, case: Case | None, reporter: Reporter, answer: TaskAnswer
) -> str | None:
    """Return the slug that says why the answer comes too late, or None if it may take effect."""
    if answer.assignment_no != task.assignment_no:
        return "task-reassigned"
    if task.status == "cancelled" or (case is not None and not _is_wanted(tasks, task, case)):
        return "task-withdrawn"
    if answer.event == "accepted" and task.accepted_by not in {None, reporter.officer_id}:
        return "task-taken"
    return None


def _is_wanted(tasks: Sequence[FieldTask], task: FieldTask, case: Case) -> bool:
    """Tell whether a task of a case is still to be answered: a check or verification while somebody waits for it."""
    if task.kind not in _WAITED_FOR:
        return task.kind == "revisit" or case.state not in ENDED
    newest = [other for other in tasks if other.kind == task.kind][-1]
    return newest.id == task.id and case.state == _WAITED_FOR[task.kind]


def _fold(session: Session, task: FieldTask, reporter: Reporter, answer: TaskAnswer) -> bool:
    """Fold an answer into its task; tell whether that changed it. The first to say that he is at it, has it."""
    folded = fold_task(task.status, answer.event)
    taken = task.accepted_by is None and answer.event != "declined"
    if taken:
        task.accepted_by = reporter.officer_id
    changed = folded != task.status
    task.status = folded
    if changed or taken:
        show_task(session, task)
    return changed


def _dispose(session: Session, case: Case, answer: TaskAnswer, cause: Cause, *, changed: bool) -> None:
    action = ACTION_OF_EVENT[answer.event]
    if changed:
        move(session, case, action, cause, at=answer.confirmed_at)
    else:
        _note_only(session, case, action, cause)


def _check(session: Session, case: Case, answer: TaskAnswer, cause: Cause, *, changed: bool) -> None:  # noqa: ARG001 (one shape for all kinds)
    if answer.event == "done":
        case.check_result = fold_result(case.check_result, answer.result)
        move(session, case, Action.ANSWER_CHECK, cause)
    else:
        _note_only(session, case, ACTION_OF_EVENT[answer.event], cause)


def _verify(session: Session, case: Case, answer: TaskAnswer, cause: Cause, *, changed: bool) -> None:  # noqa: ARG001 (one shape for all kinds)
    if answer.event == "done":
        case.verification_result = fold_result(case.verification_result, answer.result)
        move(session, case, Action.ANSWER_VERIFICATION, cause)
    else:
        _note_only(session, case, ACTION_OF_EVENT[answer.event], cause)


def _revisit(session: Session, case: Case, answer: TaskAnswer, cause: Cause, *, changed: bool) -> None:  # noqa: ARG001 (one shape for all kinds)
    action = "answer_revisit" if answer.event == "done" else ACTION_OF_EVENT[answer.event]
    _note_only(session, case, action, cause)


def _note_only(session: Session, case: Case, action: str, cause: Cause) -> None:
    note(session, case, action, case.state, cause)
    show_case(session, case)


class _Effect(Protocol):
    def __call__(self, session: Session, case: Case, answer: TaskAnswer, cause: Cause, *, changed: bool) -> None: ...


_EFFECTS: dict[str, _Effect] = {
    "disposal": _dispose,
    "disposal_check": _check,
    "pre_filing_verification": _verify,
    "revisit": _revisit,
}
# What is only waited for in one state of the case.
_WAITED_FOR = {"disposal_check": State.CHECKING, "pre_filing_verification": State.VERIFYING}


def _keep_photos(
    session: Session, task: FieldTask, case: Case | None, reporter: Reporter, answer: TaskAnswer
) -> list[str]:
    if case is None:
        if answer.photos:
            told = _("A patrol is about no case: send its photographs with a report.")
            raise Problem("validation", errors={"photos": [told]})
        return []
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
