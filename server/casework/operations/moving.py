"""One step of a case, whoever asks for it: the table decides, its clocks follow, and everybody concerned is shown.

The only place that changes a case's state. The caller has locked the case, and met the keys of tasks that change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from server.casework.cause import Cause
from server.casework.inbox.acts import notices_of
from server.casework.models import Case, FieldTask
from server.casework.operations import timing
from server.casework.operations.assigning import cancel
from server.casework.operations.roots import tasks_of
from server.casework.operations.traces import note, show_case, show_task, show_tasks
from server.casework.rules import ENDED, Action, Facts, State, Transition, step
from server.clock import now

_RETURNING = frozenset({Action.RETURN, Action.DECLINE_TASK})
_AT_WORK = frozenset({Action.ACCEPT_TASK, Action.START_TASK})
# What a case can be found by, or whether it came back, has changed.
_UNSETTLING = frozenset({Action.FILE, Action.CLOSE, Action.FORCE_CLOSE})


def move(
    session: Session,
    case: Case,
    action: Action,
    cause: Cause,
    *,
    facts: Mapping[str, Any] | None = None,
    given: Facts | None = None,
    at: datetime | None = None,
    tasks: Sequence[FieldTask] | None = None,
) -> Transition:
    """Take a locked case one step further; return the row of the table, its target being the state reached.

    ``facts`` are kept with the line of the timeline. ``given`` is what the row's needs are judged by (the reason alone
    where it is left out). ``at`` dates the effect on clocks, now if left out. ``tasks`` are the case's, where
    the caller has read them under the lock. Raises illegal-transition and the problems of what is missing; then nothing
    was changed.
    """
    moment, before = at or now(), case.state
    row = step(before, action, given or Facts(reason=cause.reason))
    target = row.target or State(case.resumes_to or State.REPORTED)
    _count(case, action, State(before), target)
    _date(case, action, State(before), target, moment)
    case.state = target
    if action in _UNSETTLING:
        case.settled_at = None
    touched = timing.apply(session, case, row.clocks, moment)
    told = {**(facts or {}), **({"clocks": timing.told(touched)} if touched else {})}
    note(session, case, action, before, cause, facts=told)
    _show_tasks(session, case, action, State(before), tasks)
    notices_of(session, case, action, before, cause)
    show_case(session, case)
    session.flush()
    return replace(row, target=target)


def _count(case: Case, action: Action, before: State, target: State) -> None:
    if action in _RETURNING and before != target:
        case.return_count += 1
    if action is Action.REDO:
        case.rework_count += 1


def _date(case: Case, action: Action, before: State, target: State, moment: datetime) -> None:
    """Set what a state of the case is tied to; ends and beginnings are the server's, whatever ``moment`` says."""
    if target in ENDED:
        case.closed_at = now()
    elif before in ENDED:
        # It goes back to its reporter's handset too.
        case.closed_at = case.shelved_at = None
    if target == State.DISPOSED:
        case.disposed_at = moment
    elif before == State.CHECKING and target == State.REWORK:
        case.disposed_at = case.check_result = None
    if target in {State.SUSPENDED, State.MERGED} and before != target:
        case.resumes_to = before
    elif target == State.SUSPENDED and action in _AT_WORK:
        case.resumes_to = State.IN_DISPOSAL
    elif target not in {State.SUSPENDED, State.MERGED}:
        case.resumes_to = None


def _show_tasks(session: Session, case: Case, action: Action, before: State, tasks: Sequence[FieldTask] | None) -> None:
    """Take the tasks of an ended case off their handsets, and bring them back when it goes on."""
    ends, goes_on = case.state in ENDED, before in ENDED
    if not ends and not goes_on:
        return
    if tasks is None:
        tasks = tasks_of(session, [case.id])
    if goes_on:
        show_tasks(session, tasks)
        return
    for task in tasks:
        if action is Action.MERGE:
            show_task(session, task, reason="withdrawn")
        elif task.status not in {"done", "cancelled"} and not (action is Action.CLOSE and task.kind == "disposal"):
            cancel(session, task)
        else:
            show_task(session, task, reason="closed")
