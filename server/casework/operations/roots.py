"""Locking of cases, the roots under which all their tasks change. Lock order: rendezvous rows, cases by id, scopes."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.casework.models import Case, FieldTask
from server.identity.scope import agencies_in


def lock_case(session: Session, case_id: UUID, scope: tuple[str, ...] | None = None) -> Case | None:
    """Lock one case and return it, or None if it does not exist or lies outside ``scope`` (None = any)."""
    wanted = select(Case).where(Case.id == case_id)
    if scope is not None:
        wanted = wanted.where(Case.agency_id.in_(agencies_in(scope)))
    return session.scalars(wanted.with_for_update().execution_options(populate_existing=True)).one_or_none()


def lock_cases(session: Session, case_ids: Collection[UUID]) -> Sequence[Case]:
    """Lock several cases in the order of their ids."""
    wanted = select(Case).where(Case.id.in_(case_ids)).order_by(Case.id).with_for_update()
    return session.scalars(wanted.execution_options(populate_existing=True)).all()


def tasks_of(session: Session, case_ids: Collection[UUID]) -> Sequence[FieldTask]:
    """Return the tasks of locked cases, oldest first; they change only under their case's lock."""
    # populate_existing would silently take back what is not flushed, while its mark stays: a stale mark for ever.
    session.flush()
    wanted = select(FieldTask).where(FieldTask.case_id.in_(case_ids)).order_by(FieldTask.assigned_at, FieldTask.id)
    return session.scalars(wanted.execution_options(populate_existing=True)).all()
