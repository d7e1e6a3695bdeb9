"""What a desk's action does beside moving the case: its number, its unit, the tasks of the field.

Runs before the move, in the state that the case still has; the caller has checked what the step needs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from sqlalchemy import Executable, Uuid, bindparam, select
from sqlalchemy.orm import Session

from server.base import table_of
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
from server.upsert import dialect_of, insert_in

_PATH = select(Agency.path).where(Agency.id == bindparam("agency_id", type_=Uuid))


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
    path = session.execute(_PATH, {"agency_id": case.agency_id}).scalar_one()
    series = {"name": step.numbering.series(path, moment), "last": 1}
    sequence = session.execute(_next_number(dialect_of(session)), series).scalar_one()
    case.case_no = step.numbering.write(path, moment, sequence)
    case.filed_at = moment
    case.standard_version = version
    case.condition_no = step.condition_no
    _withdraw(step, "pre_filing_verification")


@cache
def _next_number(dialect: str) -> Executable:
    """Return the statement that takes the next number of a series, the first for a series that nobody knows."""
    series = table_of(NumberSeries)
    taken = insert_in(dialect, series)
    return taken.on_conflict_do_update(index_elements=["name"], set_={"last": series.c.last + 1}).returning(
        series.c.last
    )


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
