"""Kind ``task_event``: an officer's word on one assignment of a task."""

from datetime import datetime

from sqlalchemy.orm import Session

from server.casework import operations as casework
from server.clock import now
from server.current import settings
from server.evidence.rules import fix_of
from server.gateway.kinds.kind import NeedsError, Payload, photos_of, reporter_of
from server.ledger.operations import meet
from server.problems import Problem
from sync.handset_time import EXACT, Corrected
from sync.item import Item, State, Verdict


def apply(session: Session, item: Item, corrected: Corrected, payload: Payload) -> Verdict:
    """Let the answer take effect if it still may; wait for a task that nobody knows yet."""
    key = f"task:{payload['task_id']}"
    # Locked before looking: dispatching meets the same key, so one of the two always sees the other.
    meet(session, [key])
    answer = casework.TaskAnswer(
        item_id=item.key.item_id,
        fingerprint=item.key.fingerprint,
        task_id=payload["task_id"],
        assignment_no=payload["assignment_no"],
        event=payload["event"],
        result=payload["result"],
        note=payload["note"],
        captured_at=corrected.claimed,
        captured_at_corrected=corrected.at,
        captured_certainty=corrected.certainty,
        fix=fix_of(payload["position"]),
        photos=photos_of(payload),
        confirmed_at=_confirmed_at(corrected),
    )
    try:
        verdict = casework.answer_task(session, reporter_of(session, item), answer)
    except casework.UnknownTask as error:
        raise NeedsError([key]) from error
    members = {} if verdict.case_id is None else {"case_id": str(verdict.case_id)}
    if verdict.superseded_slug is not None:
        told = {**members, "problem": Problem(verdict.superseded_slug).body()}
        return Verdict(State.SUPERSEDED, told, verdict.missing)
    return Verdict(State.APPLIED, members, verdict.missing)


def _confirmed_at(corrected: Corrected) -> datetime | None:
    """Return when a disposal counts as confirmed: at its capture, if that is certain and the city wants it so."""
    if settings().confirmed_at != "capture" or corrected.certainty != EXACT or corrected.at is None:
        return None
    return min(corrected.at, now())
