"""What a desk does with a case. The table in rules.py decides; this module gathers facts and leaves the traces."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.base import uuid7
from server.casework.checklist import checklist
from server.casework.models import Case, FieldTask, NumberSeries
from server.casework.numbers import Numbering
from server.casework.operations.assigning import Assignee, Order, cancel, create_task, reassign
from server.casework.operations.roots import lock_case, tasks_of
from server.casework.operations.traces import Cause, note, show_case, show_task
from server.casework.records import CaseRecord, case_records
from server.casework.rules import DESK_ACTIONS, Action, Facts, Need, permission_of, step, transition
from server.clock import now
from server.identity.models import Agency, Squad
from server.identity.rules import Actor
from server.identity.scope import agencies_in
from server.ledger.operations import meet
from server.problems import Problem, _
from server.standards.queries import newest_version
from server.upsert import insert

NUMBERING = Numbering()


@dataclass(frozen=True)
class _Step:
    """One action under way: its case and tasks are locked."""

    session: Session
    actor: Actor
    case: Case
    tasks: Sequence[FieldTask]
    order: Order
    new_task_id: UUID
    squad_id: UUID | None
    numbering: Numbering

    def task(self, kind: str) -> FieldTask | None:
        """Return the newest task of a kind."""
        return next((task for task in reversed(self.tasks) if task.kind == kind), None)


def act(
    session: Session,
    actor: Actor,
    case_id: UUID,
    action: str,
    *,
    version: str | None = None,
    reason: str | None = None,
    squad_id: UUID | None = None,
    numbering: Numbering = NUMBERING,
) -> CaseRecord:
    """Do one desk action and return the case as it stands then.

    ``version`` is the one the actor saw; None skips the comparison. Raises validation (unknown action, missing
    reason or squad), forbidden, not-found (also out of scope), stale-version, illegal-transition,
    evidence-missing (names hashes and handsets), check-missing.
    """
    chosen = _desk_action(action)
    scope = actor.require(permission_of(chosen))
    new_task_id = uuid7()
    if chosen in {Action.DISPATCH, Action.REDO, Action.SEND_CHECK}:
        # Given anew, a task that is there already comes to officers for whom it did not exist before.
        known = session.scalars(select(FieldTask.id).where(FieldTask.case_id == case_id))
        meet(session, (f"task:{task_id}" for task_id in (*known, new_task_id)))
    case = lock_case(session, case_id, scope)
    if case is None:
        raise Problem("not-found")
    if version is not None and version != case.version:
        raise Problem("stale-version", current={"state": case.state, "version": case.version})
    row = transition(case.state, chosen)
    tasks = tasks_of(session, [case.id])
    under_way = _Step(session, actor, case, tasks, Order(actor.officer_id, now()), new_task_id, squad_id, numbering)
    step(case.state, chosen, _facts(under_way, row.needs, reason))
    if squad_id is not None:
        _check_squad(session, squad_id, scope)
    before = case.state
    case.state = row.target
    _EFFECTS[chosen](under_way)
    note(session, case, chosen, before, Cause(actor.officer_id, (reason or "").strip() or None))
    show_case(session, case)
    session.flush()
    return case_records(session, [case])[0]


def _desk_action(action: str) -> Action:
    if action not in DESK_ACTIONS:
        raise Problem("validation", errors={"action": [f"Must be one of: {', '.join(DESK_ACTIONS)}."]})
    return Action(action)


def _facts(under_way: _Step, needs: frozenset[Need], reason: str | None) -> Facts:
    """Gather what the transition's needs are judged by; the evidence is only read where it is needed."""
    case = under_way.case
    return Facts(
        reason=reason,
        has_squad=under_way.squad_id is not None,
        shots=checklist(under_way.session, case) if Need.SHOTS in needs else (),
        check_result=case.check_result,
    )


def _check_squad(session: Session, squad_id: UUID, scope: tuple[str, ...]) -> None:
    known = select(Squad.id).where(Squad.id == squad_id, Squad.agency_id.in_(agencies_in(scope)))
    if session.scalar(known) is None:
        raise Problem("validation", errors={"squad_id": [_("There is no such squad in your scope.")]})


def _file(under_way: _Step) -> None:
    session, case = under_way.session, under_way.case
    path = session.scalars(select(Agency.path).where(Agency.id == case.agency_id)).one()
    moment = under_way.order.at
    name = under_way.numbering.series(path, moment)
    taken = insert(session, NumberSeries).values(name=name, last=1)
    sequence = session.execute(
        taken.on_conflict_do_update(index_elements=[NumberSeries.name], set_={"last": NumberSeries.last + 1}).returning(
            NumberSeries.last
        )
    ).scalar_one()
    case.case_no = under_way.numbering.write(path, moment, sequence)
    case.filed_at = moment
    case.standard_version = newest_version(session, case.scheme)


def _dispatch(under_way: _Step) -> None:
    case = under_way.case
    case.squad_id = under_way.squad_id
    case.dispatched_at = under_way.order.at
    to = Assignee(squad_id=under_way.squad_id)
    declined = under_way.task("disposal")
    if declined is None:
        create_task(under_way.session, case, "disposal", to, under_way.order, task_id=under_way.new_task_id)
    else:
        reassign(under_way.session, declined, to, under_way.order)


def _send_check(under_way: _Step) -> None:
    case = under_way.case
    case.check_result = None
    to = Assignee(officer_id=case.reporter_id)
    create_task(under_way.session, case, "disposal_check", to, under_way.order, task_id=under_way.new_task_id)


def _redo(under_way: _Step) -> None:
    case = under_way.case
    disposal = under_way.task("disposal")
    if disposal is None:
        raise Problem("illegal-transition", _("The case has no disposal task to send back."))
    case.squad_id = under_way.squad_id or case.squad_id
    case.check_result = None
    case.disposed_at = None
    reassign(under_way.session, disposal, Assignee(squad_id=case.squad_id), under_way.order)
    _withdraw_checks(under_way)


def _close(under_way: _Step) -> None:
    under_way.case.closed_at = under_way.order.at
    _withdraw_checks(under_way)
    for task in under_way.tasks:
        show_task(under_way.session, task, reason="closed")


def _withdraw_checks(under_way: _Step) -> None:
    for task in under_way.tasks:
        if task.kind == "disposal_check":
            cancel(under_way.session, task)


_EFFECTS: dict[Action, Callable[[_Step], None]] = {
    Action.FILE: _file,
    Action.DISPATCH: _dispatch,
    Action.SEND_CHECK: _send_check,
    Action.REDO: _redo,
    Action.CLOSE: _close,
}
