"""Asking, and taking back what one has asked."""

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from server.base import uuid7
from server.casework.cause import Cause
from server.casework.inbox import Kind, Notice, To, tell
from server.casework.models import Case, CaseRequest
from server.casework.operations.traces import note
from server.casework.requests.records import RequestRecord, record_of
from server.casework.requests.rules import (
    RequestKind,
    RequestState,
    decided_with,
    demand_time_can_be_given,
    demand_until,
    impossible,
)
from server.casework.requests.standing import demand, holds, late_clock, seen_case, standing_of
from server.casework.rules import Action, transition
from server.clock import now, stamp
from server.evidence.reasons import written
from server.identity.rules import Actor, Permission
from server.problems import Problem, _


@dataclass(frozen=True)
class Wish:
    """What is asked: ``until`` for a suspension; ``stage``: whose lateness an appeal is about."""

    kind: RequestKind
    reason: str
    until: datetime | None = None
    stage: str = "disposal"


def ask(session: Session, actor: Actor, case_id: UUID, wish: Wish) -> RequestRecord:
    """Ask for something and return the request.

    A unit asks for the cases of its squad; a dispatcher or supervisor may ask in its name; a forced close is proposed
    by who could confirm one. Raises not-found, forbidden, validation, request-open, request-impossible.
    """
    case = seen_case(session, actor, case_id)
    _demand_asker(session, actor, case, wish)
    reason, moment = written(wish.reason), now()
    clock_id = _judge(session, case, wish, moment)
    same = exists().where(
        CaseRequest.case_id == case.id,
        CaseRequest.kind == wish.kind.value,
        CaseRequest.state == RequestState.OPEN.value,
    )
    if session.scalar(select(same)):
        raise Problem("request-open")
    row = CaseRequest(
        id=uuid7(),
        case_id=case.id,
        agency_id=case.agency_id,
        kind=wish.kind.value,
        clock_id=clock_id,
        asked_by=actor.officer_id,
        asked_at=moment,
        reason=reason,
        until=wish.until if wish.kind is RequestKind.SUSPENSION else None,
        state=RequestState.OPEN.value,
        facts=json.dumps({"stage": wish.stage}) if wish.kind is RequestKind.APPEAL else None,
    )
    session.add(row)
    session.flush()
    asked = Cause(actor.officer_id, reason)
    leave_trace(session, case, row, "asked", asked)
    tell_deciders(session, case, row, asked)
    return record_of(row, case.case_no)


def withdraw(session: Session, actor: Actor, request_id: UUID) -> RequestRecord:
    """Take back one's own request while it is open. Raises not-found, forbidden, stale-version."""
    case, row = lock_request(session, actor, request_id)
    if row.asked_by != actor.officer_id:
        raise Problem("forbidden", _("Only who asked takes a request back."))
    row.state, row.decided_by, row.decided_at = RequestState.WITHDRAWN.value, actor.officer_id, now()
    leave_trace(session, case, row, "withdrawn", Cause(actor.officer_id))
    return record_of(row, case.case_no)


def lock_request(session: Session, actor: Actor, request_id: UUID) -> tuple[Case, CaseRequest]:
    """Lock an open request under its case; raises not-found, also out of scope, and stale-version if it is decided."""
    case_id = session.scalars(select(CaseRequest.case_id).where(CaseRequest.id == request_id)).one_or_none()
    if case_id is None:
        raise Problem("not-found")
    case = seen_case(session, actor, case_id)
    wanted = select(CaseRequest).where(CaseRequest.id == request_id).with_for_update()
    row = session.scalars(wanted.execution_options(populate_existing=True)).one()
    if row.state != RequestState.OPEN.value:
        raise Problem("stale-version", _("This request is decided already."), current={"state": row.state})
    return case, row


def leave_trace(session: Session, case: Case, row: CaseRequest, step: str, cause: Cause) -> None:
    """Write the timeline's line of a step: ``extension_asked``, ``appeal_reviewed``, ``suspension_rejected``."""
    facts = {"request_id": str(row.id)} | ({"until": stamp(row.until)} if row.until else {})
    note(session, case, f"{row.kind}_{step}", case.state, cause, facts=facts)


def tell_deciders(session: Session, case: Case, row: CaseRequest, by: Cause) -> None:
    """Tell whoever decides next that a request waits."""
    permission = decided_with(RequestKind(row.kind), reviewed_once=row.first_at is not None)
    facts = {"request": row.kind, "request_id": str(row.id), "reason": row.reason}
    facts |= {"until": stamp(row.until)} if row.until else {}
    to = To(permission=permission)
    tell(session, Notice(Kind.REQUEST_ASKED, to, case.agency_id, case.id, by.actor_id, facts))


def _demand_asker(session: Session, actor: Actor, case: Case, wish: Wish) -> None:
    if wish.kind is RequestKind.FORCE_CLOSE:
        demand(session, actor, Permission.FORCE_CLOSE, case.agency_id)
    elif not holds(actor, case):
        demand(session, actor, Permission.DECIDE_REQUEST, case.agency_id)
    elif wish.stage != "disposal":
        raise Problem("forbidden", _("A unit appeals for its own time limit, that of the disposal."))


def _judge(session: Session, case: Case, wish: Wish, moment: datetime) -> UUID | None:
    """Demand that the wish can be granted as things stand; return the clock that an appeal is about."""
    if wish.kind is RequestKind.FORCE_CLOSE:
        transition(case.state, Action.FORCE_CLOSE)
        return None
    if wish.kind is RequestKind.APPEAL:
        late = late_clock(session, case, wish.stage, moment)
        if late is None:
            raise impossible("not_late", _("This time limit was kept, or is exempted already."))
        return late.id
    if wish.kind is RequestKind.SUSPENSION:
        demand_until(wish.until, moment)
    demand_time_can_be_given(wish.kind, standing_of(session, case), moment)
    return None
