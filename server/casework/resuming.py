"""Suspensions that are over: the case goes on by itself, from the promised time on."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from server.casework.cause import Cause
from server.casework.models import Case, CaseRequest
from server.casework.operations.moving import move
from server.casework.operations.roots import lock_case
from server.casework.requests.rules import RequestKind, RequestState
from server.casework.rules import Action, State

MOST_AT_ONCE = 100
_OVER = (
    select(CaseRequest.case_id, CaseRequest.until)
    .join(Case, Case.id == CaseRequest.case_id)
    .where(
        Case.state == State.SUSPENDED.value,
        CaseRequest.kind == RequestKind.SUSPENSION.value,
        CaseRequest.state == RequestState.APPROVED.value,
        CaseRequest.until <= bindparam("moment"),
    )
    .order_by(CaseRequest.until, CaseRequest.id)
    .limit(MOST_AT_ONCE)
)


@dataclass(frozen=True)
class Ended:
    """A suspension whose promised end has come."""

    case_id: UUID
    until: datetime


def ended(session: Session, moment: datetime) -> list[Ended]:
    """Return the next suspended cases that should go on, those that should have first."""
    rows = session.execute(_OVER, {"moment": moment})
    return [Ended(case_id, until) for case_id, until in rows if until is not None]


def resume(session: Session, one: Ended) -> bool:
    """Let a suspended case go on; False if somebody did so meanwhile.

    The pause ends at the promised time, however late the worker comes: a unit gains nothing from our standstill.
    """
    case = lock_case(session, one.case_id)
    if case is None or case.state != State.SUSPENDED:
        return False
    move(session, case, Action.RESUME, Cause(None), at=one.until)
    return True
