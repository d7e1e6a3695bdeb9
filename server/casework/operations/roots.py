"""Locking of cases, the roots under which all their tasks change. Lock order: rendezvous rows, cases by id, scopes."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from server.casework.models import Case, FieldTask
from server.identity.models import Agency
from server.identity.scope import agencies_in

# Written once: every act of a desk and every answer from the field begins with one of these.
_FRESH = {"populate_existing": True}
_WITH_PATH = (
    select(Case, Agency.path)
    .join(Agency, Agency.id == Case.agency_id)
    .where(Case.id == bindparam("case_id"))
    .with_for_update(of=Case)
    .execution_options(**_FRESH)
)
_ONE = select(Case).where(Case.id == bindparam("case_id")).with_for_update().execution_options(**_FRESH)
_SEVERAL = (
    select(Case)
    .where(Case.id.in_(bindparam("case_ids", expanding=True)))
    .order_by(Case.id)
    .with_for_update()
    .execution_options(**_FRESH)
)
_OF_TASK = (
    select(Case)
    .where(Case.id == select(FieldTask.case_id).where(FieldTask.id == bindparam("task_id")).scalar_subquery())
    .with_for_update()
    .execution_options(**_FRESH)
)
_TASKS = (
    select(FieldTask)
    .where(FieldTask.case_id.in_(bindparam("case_ids", expanding=True)))
    .order_by(FieldTask.assigned_at, FieldTask.id)
    .execution_options(**_FRESH)
)


def lock_case(session: Session, case_id: UUID, scope: tuple[str, ...] | None = None) -> Case | None:
    """Lock one case and return it, or None if it does not exist or lies outside ``scope`` (None = any)."""
    wanted = _ONE if scope is None else _ONE.where(Case.agency_id.in_(agencies_in(scope)))
    return session.scalars(wanted, {"case_id": case_id}).one_or_none()


def lock_case_with_path(session: Session, case_id: UUID) -> Row[Case, str] | None:
    """Lock one case and return it with the path of its agency, which never changes; None if it does not exist."""
    return session.execute(_WITH_PATH, {"case_id": case_id}).one_or_none()


def lock_case_of(session: Session, task_id: UUID) -> Case | None:
    """Lock the case of a task and return it; None for a task that is about no case, or that nobody knows."""
    return session.scalars(_OF_TASK, {"task_id": task_id}).one_or_none()


def lock_cases(session: Session, case_ids: Collection[UUID]) -> Sequence[Case]:
    """Lock several cases in the order of their ids."""
    return session.scalars(_SEVERAL, {"case_ids": list(case_ids)}).all()


def tasks_of(session: Session, case_ids: Collection[UUID]) -> Sequence[FieldTask]:
    """Return the tasks of locked cases, oldest first; they change only under their case's lock."""
    # populate_existing would silently take back what is not flushed, while its mark stays: a stale mark for ever.
    session.flush()
    return session.scalars(_TASKS, {"case_ids": list(case_ids)}).all()
