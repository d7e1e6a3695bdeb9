"""Giving a field task to a squad or an officer, taking it back, and telling both handsets."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from server.base import new_tag, table_of
from server.casework.models import Case, FieldTask, TaskAssignment
from server.casework.operations.traces import mark_task, show_task
from server.ledger.operations import bring

_TASK, _ROUND = insert(table_of(FieldTask)), insert(table_of(TaskAssignment))
_TASK_COLUMNS = table_of(FieldTask).c.keys()


@dataclass(frozen=True)
class Assignee:
    """A squad, of which one member accepts, or one officer."""

    squad_id: UUID | None = None
    officer_id: UUID | None = None


@dataclass(frozen=True)
class Order:
    """Who assigned a task and when, why (of a new round), and what there is to be done beyond the case's own words.

    ``due_at`` and ``grid_code`` belong to a task that is ordered for itself: by when, and where.
    """

    by: UUID
    at: datetime
    reason: str | None = None
    instructions: str | None = None
    due_at: datetime | None = None
    grid_code: str | None = None


def create_task(
    session: Session,
    case: Case | None,
    kind: str,
    to: Assignee,
    order: Order,
    *,
    task_id: UUID,
    agency_id: UUID | None = None,
) -> None:
    """Make a task in its first round and show it to whoever gets it.

    The caller has met ``task:<id>`` before locking the case. Only a patrol is about no case; then ``agency_id`` says
    whose it is.
    """
    owner = agency_id if case is None else case.agency_id
    if owner is None:
        msg = "a task belongs to a case or to an agency"
        raise ValueError(msg)
    task = FieldTask(
        id=task_id,
        agency_id=owner,
        case_id=None if case is None else case.id,
        kind=kind,
        squad_id=to.squad_id,
        officer_id=to.officer_id,
        assignment_no=1,
        status="assigned",
        assigned_at=order.at,
        instructions=order.instructions,
        due_at=order.due_at,
        grid_code=order.grid_code,
        version=new_tag(),
    )
    # Written at once and not kept by the session: whoever needs it in this transaction reads it under the case's lock.
    session.execute(_TASK, {name: getattr(task, name) for name in _TASK_COLUMNS})
    _keep_round(session, task, order)
    mark_task(session, task)


def reassign(session: Session, task: FieldTask, to: Assignee, order: Order) -> None:
    """Begin a new round of a task. Whoever held it before is marked too: it leaves that handset with its reason."""
    task.version = new_tag()
    mark_task(session, task, reason="reassigned")
    task.squad_id, task.officer_id = to.squad_id, to.officer_id
    task.assignment_no += 1
    task.status = "assigned"
    task.assigned_at = order.at
    task.accepted_by = None
    if order.instructions is not None:
        task.instructions = order.instructions
    _keep_round(session, task, order)
    mark_task(session, task)


def cancel(session: Session, task: FieldTask) -> None:
    """Withdraw a task that nobody has finished; the server's word is final."""
    if task.status != "done":
        task.status = "cancelled"
        show_task(session, task, reason="withdrawn")


def _keep_round(session: Session, task: FieldTask, order: Order) -> None:
    begun = {
        "task_id": task.id,
        "assignment_no": task.assignment_no,
        "squad_id": task.squad_id,
        "officer_id": task.officer_id,
        "assigned_at": order.at,
        "assigned_by": order.by,
        "reason": order.reason,
    }
    session.execute(_ROUND, begun)
    # A task that was given to somebody else is as unknown to this round's officers as one that did not exist.
    bring(session, [f"task:{task.id}"])
