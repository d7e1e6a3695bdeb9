"""Field tasks that a desk gives beside the loop (revisit, patrol), and giving any open task to somebody else.

Verification, disposal and check follow from the case's actions; they are only reassigned here. Reassigning begins a
new round: the task leaves the old handset with the reason, late answers of the old round stay as evidence.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from server.base import uuid7
from server.casework.cause import Cause
from server.casework.inbox.acts import tell_reassigned
from server.casework.models import Case, FieldTask
from server.casework.operations.assigning import Assignee, Order, cancel, create_task, reassign
from server.casework.operations.roots import lock_case, tasks_of
from server.casework.operations.traces import note, show_case
from server.casework.rules import State
from server.clock import now
from server.evidence.reasons import written
from server.identity.models import Officer, RoleGrant, Squad
from server.identity.rules import FIELD_ROLES, Actor, Permission
from server.identity.scope import agencies_in
from server.ledger.operations import meet
from server.problems import Problem, _

ORDERED = ("revisit", "patrol")
_OPEN = ("assigned", "accepted", "started", "declined")
_REVISITED = (State.CLOSED, State.FORCED_CLOSED)


@dataclass(frozen=True)
class TaskOrder:
    """What is to be done by whom until when; a revisit names a closed case, a patrol a grid or instructions."""

    kind: str
    to: Assignee
    case_id: UUID | None = None
    instructions: str | None = None
    due_at: datetime | None = None
    grid_code: str | None = None


def order_task(session: Session, actor: Actor, wanted: TaskOrder) -> UUID:
    """Give a revisit or a patrol and return the task's id.

    Raises forbidden, not-found (case out of scope), validation (kind, assignee, nothing said, due in the past),
    illegal-transition (a revisit of a case that is not closed).
    """
    scope = actor.require(Permission.DISPATCH_CASE)
    _check(session, scope, wanted)
    told = (wanted.instructions or "").strip() or None
    task_id = uuid7()
    order = Order(actor.officer_id, now(), None, told, wanted.due_at, wanted.grid_code)
    meet(session, [f"task:{task_id}"])
    case = None if wanted.case_id is None else lock_case(session, wanted.case_id, scope)
    if wanted.case_id is not None:
        if case is None:
            raise Problem("not-found")
        if case.state not in _REVISITED:
            raise Problem("illegal-transition", state=case.state, action="revisit", allowed=[])
    agency_id = case.agency_id if case is not None else _agency_of(session, wanted.to)
    create_task(session, case, wanted.kind, wanted.to, order, task_id=task_id, agency_id=agency_id)
    if case is not None:
        note(session, case, "revisit", case.state, Cause(actor.officer_id, told))
        show_case(session, case)
    session.flush()
    return task_id


def reassign_task(session: Session, actor: Actor, task_id: UUID, to: Assignee, *, reason: str) -> None:
    """Give an open task to somebody else. Raises forbidden, not-found, validation, illegal-transition (it is done)."""
    scope = actor.require(Permission.DISPATCH_CASE)
    why = written(reason)
    _check_assignee(session, scope, to)
    task, case = _locked(session, scope, task_id)
    if task.kind == "disposal" and to.squad_id is None:
        told = _("A disposal goes to a squad; one of its members accepts it.")
        raise Problem("validation", errors={"squad_id": [told]})
    reassign(session, task, to, Order(actor.officer_id, now(), reason=why))
    if case is not None:
        _trace(session, case, task, Cause(actor.officer_id, why))
    session.flush()


def withdraw_task(session: Session, actor: Actor, task_id: UUID, *, reason: str) -> None:
    """Take a revisit or a patrol back. Raises forbidden, not-found, validation, illegal-transition."""
    scope = actor.require(Permission.DISPATCH_CASE)
    why = written(reason)
    task, case = _locked(session, scope, task_id)
    if task.kind not in ORDERED:
        told = _("Only revisits and patrols are withdrawn; others end with an action of their case.")
        raise Problem("validation", errors={"task": [told]})
    cancel(session, task)
    if case is not None:
        note(session, case, "withdraw_task", case.state, Cause(actor.officer_id, why))
        show_case(session, case)
    session.flush()


def _trace(session: Session, case: Case, task: FieldTask, cause: Cause) -> None:
    former = case.squad_id
    if task.kind == "disposal":
        case.squad_id = task.squad_id
        tell_reassigned(session, case, former, cause)
    note(session, case, "reassign", case.state, cause)
    show_case(session, case)


def _locked(session: Session, scope: tuple[str, ...], task_id: UUID) -> tuple[FieldTask, Case | None]:
    """Lock an open task's case, or where it has none the task itself."""
    meet(session, [f"task:{task_id}"])
    mine = FieldTask.id == task_id, FieldTask.agency_id.in_(agencies_in(scope))
    found = session.execute(select(FieldTask.case_id).where(*mine)).one_or_none()
    if found is None:
        raise Problem("not-found")
    case = None if found.case_id is None else lock_case(session, found.case_id, scope)
    if found.case_id is not None and case is None:
        raise Problem("not-found")
    task = _task(session, task_id, case)
    if task.status not in _OPEN:
        raise Problem("illegal-transition", state=task.status, action="reassign", allowed=[])
    return task, case


def _task(session: Session, task_id: UUID, case: Case | None) -> FieldTask:
    if case is not None:
        return next(task for task in tasks_of(session, [case.id]) if task.id == task_id)
    return session.scalars(select(FieldTask).where(FieldTask.id == task_id).with_for_update()).one()


def _check(session: Session, scope: tuple[str, ...], wanted: TaskOrder) -> None:
    wrong: dict[str, list[str]] = {}
    if wanted.kind not in ORDERED:
        wrong["kind"] = [f"Must be one of: {', '.join(ORDERED)}."]
    if wanted.kind == "revisit" and wanted.case_id is None:
        wrong["case_id"] = [_("A revisit is of a closed case: name it.")]
    if wanted.kind == "patrol" and not ((wanted.instructions or "").strip() or wanted.grid_code):
        wrong["instructions"] = [_("Say where to patrol or what to look at.")]
    if wanted.kind == "patrol" and wanted.case_id is not None:
        wrong["case_id"] = [_("A patrol belongs to no case.")]
    if wanted.due_at is not None and wanted.due_at <= now():
        wrong["due_at"] = [_("This time is over.")]
    if wrong:
        raise Problem("validation", errors=wrong)
    _check_assignee(session, scope, wanted.to)


def _check_assignee(session: Session, scope: tuple[str, ...], to: Assignee) -> None:
    if (to.squad_id is None) == (to.officer_id is None):
        raise Problem("validation", errors={"officer_id": [_("Name a squad or an officer, one of them.")]})
    if to.squad_id is not None:
        known = select(Squad.id).where(Squad.id == to.squad_id, Squad.agency_id.in_(agencies_in(scope)))
        if session.scalar(known) is None:
            raise Problem("validation", errors={"squad_id": [_("There is no such squad in your scope.")]})
    if to.officer_id is not None and not _field_officer(session, scope, to.officer_id):
        told = _("There is no active field officer of this id in your scope.")
        raise Problem("validation", errors={"officer_id": [told]})


def _field_officer(session: Session, scope: Collection[str], officer_id: UUID) -> bool:
    granted = exists().where(RoleGrant.officer_id == Officer.id, RoleGrant.role.in_(FIELD_ROLES))
    mine = Officer.id == officer_id, Officer.active.is_(True), Officer.agency_id.in_(agencies_in(tuple(scope)))
    return session.scalar(select(Officer.id).where(*mine, granted)) is not None


def _agency_of(session: Session, to: Assignee) -> UUID:
    of = select(Squad.agency_id).where(Squad.id == to.squad_id)
    if to.officer_id is not None:
        of = select(Officer.agency_id).where(Officer.id == to.officer_id)
    return session.scalars(of).one()
