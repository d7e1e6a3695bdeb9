"""Legal holds on cases: who may keep a case's photographs from being disposed of, and the timeline's line of it."""

from uuid import UUID

from sqlalchemy.orm import Session

from server.casework.cause import Cause
from server.casework.operations.roots import lock_case
from server.casework.operations.traces import note
from server.evidence import holds
from server.identity.rules import Actor, Permission
from server.problems import Problem


def place_hold(session: Session, actor: Actor, case_id: UUID, *, reason: str) -> UUID:
    """Place a hold on a case and return its id. Raises forbidden, not-found (also out of scope), validation."""
    scope = actor.require(Permission.HOLD_EVIDENCE)
    # Keys before cases: the order in which everybody locks.
    holds.meet_owner(session, ("case", case_id))
    case = lock_case(session, case_id, scope)
    if case is None:
        raise Problem("not-found")
    hold_id = holds.place(session, actor, ("case", case_id), case.agency_id, reason=reason)
    note(session, case, "hold", case.state, Cause(actor.officer_id, reason.strip()))
    return hold_id


def release_hold(session: Session, actor: Actor, case_id: UUID, hold_id: UUID, *, reason: str) -> None:
    """Release one hold of a case. Raises what :func:`place_hold` raises, and stale-version if it is released."""
    scope = actor.require(Permission.HOLD_EVIDENCE)
    holds.meet_owner(session, ("case", case_id))
    case = lock_case(session, case_id, scope)
    if case is None or holds.release(session, actor, hold_id, reason=reason) != ("case", case_id):
        raise Problem("not-found")
    note(session, case, "release_hold", case.state, Cause(actor.officer_id, reason.strip()))
