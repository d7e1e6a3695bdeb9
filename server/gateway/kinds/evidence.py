"""Kind ``evidence``: photographs added to a case, a task or an earlier report."""

from sqlalchemy.orm import Session

from server.casework import operations as casework
from server.evidence.rules import fix_of
from server.gateway.kinds.kind import NeedsError, Payload, photos_of, reporter_of
from server.gateway.kinds.target import NO_RECORD, demand_that_it_may_come
from sync.handset_time import Corrected
from sync.item import Item, State, Verdict

_NO_REPORT = NO_RECORD | {"amend"}


def apply(session: Session, item: Item, corrected: Corrected, payload: Payload) -> Verdict:
    """Keep the photographs, or wait for the task or report that they belong to."""
    addition = casework.Addition(
        item_id=item.key.item_id,
        fingerprint=item.key.fingerprint,
        case_id=payload["case_id"],
        task_id=payload["task_id"],
        report_id=payload["item_id"],
        note=payload["note"],
        photos=photos_of(payload),
        captured_at=corrected.claimed,
        captured_at_corrected=corrected.at,
        captured_certainty=corrected.certainty,
        fix=fix_of(payload["position"]),
    )
    try:
        added = casework.add_evidence(session, reporter_of(session, item), addition)
    except casework.UnknownTask as unknown:
        raise NeedsError([f"task:{unknown.task_id}"]) from unknown
    except casework.UnknownReport as unknown:
        demand_that_it_may_come(session, item, unknown.item_id, "payload.item_id", _NO_REPORT)
        raise NeedsError([f"item:{unknown.item_id}"]) from unknown
    return Verdict(State.APPLIED, {"case_id": str(added.case_id)}, added.missing)
