"""Deciding a request; what is approved takes effect in the same transaction."""

import json
from collections.abc import Callable, Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from server.casework.cause import Cause
from server.casework.inbox import Kind, Notice, To, tell
from server.casework.models import Case, CaseClock, CaseRequest
from server.casework.operations import timing
from server.casework.operations.moving import move
from server.casework.operations.traces import show_case
from server.casework.requests.asking import leave_trace, lock_request, tell_deciders
from server.casework.requests.records import RequestRecord, facts_of, record_of
from server.casework.requests.rules import (
    RequestKind,
    RequestState,
    Verdict,
    decided_with,
    demand_time_can_be_given,
    demand_until,
)
from server.casework.requests.standing import alone, demand, standing_of
from server.casework.rules import Action
from server.clock import now, stamp
from server.evidence.reasons import written
from server.identity.rules import Actor

_STATES = {Verdict.APPROVE: RequestState.APPROVED, Verdict.REJECT: RequestState.REJECTED}


def decide(
    session: Session, actor: Actor, request_id: UUID, verdict: Verdict, *, reason: str | None = None
) -> RequestRecord:
    """Approve or reject a request; the first approval of an appeal hands it on to its second review.

    A rejection needs a reason, and so does a decision by who asked, which is possible only where nobody else could.
    Raises not-found, forbidden, stale-version, second-person-needed, validation, request-impossible.
    """
    case, row = lock_request(session, actor, request_id)
    kind = RequestKind(row.kind)
    permission = decided_with(kind, reviewed_once=row.first_at is not None)
    demand(session, actor, permission, case.agency_id)
    single = alone(session, actor, permission, case.agency_id, others=(row.asked_by, row.first_by))
    why = written(reason or "") if single or verdict is Verdict.REJECT else (reason or "").strip() or None
    said = Cause(actor.officer_id, why)
    if single:
        row.facts = json.dumps({**facts_of(row), "single_person": True}, sort_keys=True)
    if kind is RequestKind.APPEAL and row.first_at is None and verdict is Verdict.APPROVE:
        _review(session, case, row, said)
    else:
        _end(session, case, row, verdict, said)
    return record_of(row, case.case_no)


def _review(session: Session, case: Case, row: CaseRequest, said: Cause) -> None:
    row.first_by, row.first_at = said.actor_id, now()
    row.first_verdict, row.first_reason = RequestState.APPROVED.value, said.reason
    leave_trace(session, case, row, "reviewed", said)
    tell_deciders(session, case, row, said)


def _end(session: Session, case: Case, row: CaseRequest, verdict: Verdict, said: Cause) -> None:
    state = _STATES[verdict].value
    row.state, row.decided_by, row.decided_at, row.decision_reason = state, said.actor_id, now(), said.reason
    leave_trace(session, case, row, state, said)
    if verdict is Verdict.APPROVE:
        _EFFECTS[RequestKind(row.kind)](session, case, row)
    facts = {"request": row.kind, "request_id": str(row.id), "state": state}
    facts |= {"reason": said.reason} if said.reason else {}
    # The unit learns of it too where somebody else has asked in its name; that its case is closed, it is told anyway.
    unit = None if row.kind == RequestKind.FORCE_CLOSE else case.squad_id
    to = To(officer_id=row.asked_by, squad_id=unit)
    tell(session, Notice(Kind.REQUEST_DECIDED, to, case.agency_id, case.id, said.actor_id, facts))


def _extend(session: Session, case: Case, row: CaseRequest) -> None:
    demand_time_can_be_given(RequestKind.EXTENSION, standing_of(session, case, row.id), now())
    timing.extend(session, case, "disposal", now())
    show_case(session, case)


def _suspend(session: Session, case: Case, row: CaseRequest) -> None:
    until = demand_until(row.until, now())
    demand_time_can_be_given(RequestKind.SUSPENSION, standing_of(session, case, row.id), now())
    move(session, case, Action.SUSPEND, _as_decided(row), facts={"until": stamp(until)})


def _exempt(session: Session, _case: Case, row: CaseRequest) -> None:
    timing.exempt(session, session.get_one(CaseClock, row.clock_id, with_for_update=True), now())


def _force_close(session: Session, case: Case, row: CaseRequest) -> None:
    move(session, case, Action.FORCE_CLOSE, _as_decided(row))


def _as_decided(row: CaseRequest) -> Cause:
    """Return who caused the case to move: who decided, for the reason that was given when it was asked."""
    return Cause(row.decided_by, row.reason)


_EFFECTS: Mapping[RequestKind, Callable[[Session, Case, CaseRequest], None]] = {
    RequestKind.EXTENSION: _extend,
    RequestKind.SUSPENSION: _suspend,
    RequestKind.APPEAL: _exempt,
    RequestKind.FORCE_CLOSE: _force_close,
}
