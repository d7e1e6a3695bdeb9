"""What a desk's action does beside moving the case: its number, its unit, the tasks of the field.

Runs before the move, in the state that the case still has; the caller has checked what the step needs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.casework.limits import version_for
from server.casework.models import Case, FieldTask, NumberSeries
from server.casework.numbers import Numbering
from server.casework.operations.assigning import Assignee, Order, cancel, create_task, reassign
from server.casework.operations.traces import show_task
from server.casework.rules import Action, fold_task
from server.identity.models import Agency
from server.problems import Problem, _
from server.standards.conditions import conditions_of
from server.standards.queries import today
from server.upsert import insert


@dataclass(frozen=True)
class Step:
    """One action under way: its case and tasks are locked."""

    session: Session
    case: Case
    tasks: Sequence[FieldTask]
    order: Order
    new_task_id: UUID
    squad_id: UUID | None
    officer_id: UUID | None
    condition_no: int | None
    numbering: Numbering

    def task(self, kind: str) -> FieldTask | None:
        """Return the newest task of a kind."""
        return next((task for task in reversed(self.tasks) if task.kind == kind), None)


def _verify(step: Step) -> None:
    step.case.verification_result = None
    _give_look(step, "pre_filing_verification")


def _send_check(step: Step) -> None:
    step.case.check_result = None
    _give_look(step, "disposal_check")


def _give_look(step: Step, kind: str) -> None:
    to = Assignee(officer_id=step.officer_id)
    create_task(step.session, step.case, kind, to, step.order, task_id=step.new_task_id)


def _file(step: Step) -> None:
    session, case, moment = step.session, step.case, step.order.at
    version = version_for(session, case.scheme, today())
    if step.condition_no is not None:
        known = () if version is None else conditions_of(session, case.scheme, version, case.category_code)
        if step.condition_no not in {one.no for one in known}:
            raise Problem("validation", errors={"condition_no": [_("The class has no condition of this number.")]})
    path = session.scalars(select(Agency.path).where(Agency.id == case.agency_id)).one()
    taken = insert(session, NumberSeries).values(name=step.numbering.series(path, moment), last=1)
    sequence = session.execute(
        taken.on_conflict_do_update(index_elements=[NumberSeries.name], set_={"last": NumberSeries.last + 1}).returning(
            NumberSeries.last
        )
    ).scalar_one()
    case.case_no = step.numbering.write(path, moment, sequence)
    case.filed_at = moment
    case.standard_version = version
    case.condition_no = step.condition_no
    _withdraw(step, "pre_filing_verification")


def _dispatch(step: Step) -> None:
    case = step.case
    case.squad_id = step.squad_id
    case.dispatched_at = step.order.at
    to = Assignee(squad_id=step.squad_id)
    returned = step.task("disposal")
    if returned is None:
        create_task(step.session, case, "disposal", to, step.order, task_id=step.new_task_id)
    else:
        reassign(step.session, returned, to, step.order)


def _redo(step: Step) -> None:
    disposal = step.task("disposal")
    if disposal is None:
        raise Problem("illegal-transition", _("The case has no disposal task to send back."))
    step.case.squad_id = step.squad_id or step.case.squad_id
    reassign(step.session, disposal, Assignee(squad_id=step.case.squad_id), step.order)
    _withdraw(step, "disposal_check")


def _close(step: Step) -> None:
    _withdraw(step, "disposal_check")


def _withdraw(step: Step, kind: str) -> None:
    for task in step.tasks:
        if task.kind == kind:
            cancel(step.session, task)


def _as_unit(event: str) -> Callable[[Step], None]:
    """Return the effect of a unit's word at its desk: the same as a member's in the field."""

    def say(step: Step) -> None:
        disposal = step.task("disposal")
        if disposal is not None:
            disposal.status = fold_task(disposal.status, event)
            show_task(step.session, disposal)

    return say


EFFECTS: dict[Action, Callable[[Step], None]] = {
    Action.VERIFY: _verify,
    Action.FILE: _file,
    Action.DISPATCH: _dispatch,
    Action.ACCEPT: _as_unit("accepted"),
    Action.RETURN: _as_unit("declined"),
    Action.DISPOSE: _as_unit("done"),
    Action.SEND_CHECK: _send_check,
    Action.REDO: _redo,
    Action.CLOSE: _close,
}
