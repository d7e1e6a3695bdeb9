"""Reads of requests: those of a case, and the desk's list."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from server.casework.models import Case, CaseRequest
from server.casework.requests.records import RequestRecord, record_of
from server.casework.requests.rules import RequestKind, RequestState
from server.casework.rules import ENDED
from server.identity.rules import Actor, Permission
from server.identity.scope import agencies_in
from server.keyset import Page, cut, decode
from server.problems import Problem


def requests_of(session: Session, actor: Actor, case_id: UUID) -> tuple[RequestRecord, ...]:
    """Return all requests about a case, the oldest first; raises not-found, also out of scope."""
    case = session.scalars(select(Case).where(Case.id == case_id, _seen(actor))).one_or_none()
    if case is None:
        raise Problem("not-found")
    rows = session.scalars(select(CaseRequest).where(CaseRequest.case_id == case_id).order_by(CaseRequest.id))
    return tuple(record_of(row, case.case_no) for row in rows)


def requests(
    session: Session,
    actor: Actor,
    *,
    state: str | None = None,
    kind: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[RequestRecord]:
    """Return the requests about cases that the actor may see, the newest first; raises validation.

    Of the open ones those that wait for somebody: where a case has ended, only the appeal is left to decide.
    """
    wanted = select(CaseRequest, Case.case_no).join(Case, Case.id == CaseRequest.case_id).where(_seen(actor))
    if state is not None:
        wanted = wanted.where(CaseRequest.state == _one_of(RequestState, "state", state))
    if state == RequestState.OPEN:
        wanted = wanted.where(or_(CaseRequest.kind == RequestKind.APPEAL.value, Case.state.not_in(ENDED)))
    if kind is not None:
        wanted = wanted.where(CaseRequest.kind == _one_of(RequestKind, "kind", kind))
    if after is not None:
        wanted = wanted.where(CaseRequest.id < decode(after))
    rows = session.execute(wanted.order_by(CaseRequest.id.desc()).limit(limit + 1)).all()
    return cut(rows, limit, lambda row: row[0].id, lambda row: record_of(*row))


def _seen(actor: Actor) -> ColumnElement[bool]:
    """Return the condition of cases that the actor sees as a desk, or as the unit that has them."""
    seen = Case.agency_id.in_(agencies_in(actor.scope(Permission.READ_CASES)))
    if actor.squad_id is None or not actor.may(Permission.DISPOSE_CASE):
        return seen
    return or_(seen, Case.squad_id == actor.squad_id)


def _one_of(kinds: type[StrEnum], name: str, text: str) -> str:
    if text not in set(kinds):
        raise Problem("validation", errors={name: [f"Must be one of: {', '.join(kinds)}."]})
    return text
