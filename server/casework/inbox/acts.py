"""Who is told of what a desk or a handset did to a case: one table, called by the state machine for every move."""

from collections.abc import Callable, Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from server.casework.cause import Cause
from server.casework.inbox.rules import Kind, To
from server.casework.inbox.telling import Notice, tell
from server.casework.models import Case
from server.identity.rules import Permission

_Addressee = Callable[[Case], To | None]


def _unit(case: Case) -> To | None:
    return None if case.squad_id is None else To(squad_id=case.squad_id)


def _whoever_may(permission: Permission) -> _Addressee:
    return lambda _case: To(permission=permission)


# Named as the actions of machine.py. What a request brought about, and a merger, are told where they are decided.
_TOLD: Mapping[str, tuple[Kind, _Addressee]] = {
    "dispatch": (Kind.DISPATCHED, _unit),
    "return": (Kind.RETURNED, _whoever_may(Permission.DISPATCH_CASE)),
    "decline_task": (Kind.RETURNED, _whoever_may(Permission.DISPATCH_CASE)),
    "dispose": (Kind.DISPOSED, _whoever_may(Permission.CLOSE_CASE)),
    "finish_task": (Kind.DISPOSED, _whoever_may(Permission.CLOSE_CASE)),
    "answer_verification": (Kind.REVIEW_RESULT, _whoever_may(Permission.FILE_CASE)),
    "answer_check": (Kind.REVIEW_RESULT, _whoever_may(Permission.CLOSE_CASE)),
    "redo": (Kind.REWORK, _unit),
    "close": (Kind.CLOSED, _unit),
    "force_close": (Kind.CLOSED, _unit),
    "resume": (Kind.RESUMED, _unit),
}
_RESULT: Mapping[str, Callable[[Case], str | None]] = {
    "answer_verification": lambda case: case.verification_result,
    "answer_check": lambda case: case.check_result,
}


def notices_of(session: Session, case: Case, action: str, before: str, cause: Cause) -> None:
    """Tell those concerned that ``action`` moved a case out of the state ``before``; most actions concern nobody."""
    kind, addressee = _TOLD.get(action, (None, None))
    to = addressee and addressee(case)
    if kind is None or not to:
        return
    result = _RESULT[action](case) if action in _RESULT else None
    facts = _known({"before": before, "reason": cause.reason, "result": result})
    tell(session, Notice(kind, to, case.agency_id, case.id, cause.actor_id, facts))


def tell_reassigned(session: Session, case: Case, former_squad_id: UUID | None, cause: Cause) -> None:
    """Tell the unit that had a case's work that somebody else has it now, and the one that has it."""
    if case.squad_id == former_squad_id:
        return
    facts = _known({"reason": cause.reason})
    for kind, squad_id in ((Kind.REASSIGNED, former_squad_id), (Kind.DISPATCHED, case.squad_id)):
        if squad_id is not None:
            to = To(squad_id=squad_id)
            tell(session, Notice(kind, to, case.agency_id, case.id, cause.actor_id, facts))


def tell_merged(session: Session, case: Case, main: Case, cause: Cause) -> None:
    """Tell the unit that has ``main`` of a further report, and the desk of a merger that a policy made by itself."""
    desk = Permission.MERGE_CASES if cause.actor_id is None else None
    if desk is None and main.squad_id is None:
        return
    facts = _known({"reason": cause.reason, "merged_case_id": str(case.id)})
    to = To(squad_id=main.squad_id, permission=desk)
    tell(session, Notice(Kind.MERGED, to, main.agency_id, main.id, cause.actor_id, facts))


def _known(facts: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in facts.items() if value is not None}
