"""The desk's list of field tasks. Read-only."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.casework.models import Case, FieldTask
from server.identity.scope import agencies_in
from server.keyset import Page, cut, decode


@dataclass(frozen=True)
class DeskTask:
    """A field task; ``case_id`` and ``case_no`` are None for a patrol."""

    id: UUID
    kind: str
    status: str
    case_id: UUID | None
    case_no: str | None
    squad_id: UUID | None
    officer_id: UUID | None
    accepted_by: UUID | None
    assignment_no: int
    instructions: str | None
    grid_code: str | None
    assigned_at: datetime
    due_at: datetime | None
    version: str


def desk_tasks(
    session: Session,
    scope: tuple[str, ...],
    *,
    kind: str | None = None,
    status: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[DeskTask]:
    """Return field tasks in scope, the newest first."""
    wanted = (
        select(FieldTask, Case.case_no)
        .outerjoin(Case, Case.id == FieldTask.case_id)
        .where(FieldTask.agency_id.in_(agencies_in(scope)))
    )
    if kind is not None:
        wanted = wanted.where(FieldTask.kind == kind)
    if status is not None:
        wanted = wanted.where(FieldTask.status == status)
    if after is not None:
        wanted = wanted.where(FieldTask.id < decode(after))
    rows = session.execute(wanted.order_by(FieldTask.id.desc()).limit(limit + 1)).all()
    return cut(rows, limit, lambda row: row[0].id, lambda row: _record(row[0], row[1]))


def _record(task: FieldTask, case_no: str | None) -> DeskTask:
    return DeskTask(
        id=task.id,
        kind=task.kind,
        status=task.status,
        case_id=task.case_id,
        case_no=case_no,
        squad_id=task.squad_id,
        officer_id=task.officer_id,
        accepted_by=task.accepted_by,
        assignment_no=task.assignment_no,
        instructions=task.instructions,
        grid_code=task.grid_code,
        assigned_at=task.assigned_at,
        due_at=task.due_at,
        version=task.version,
    )
