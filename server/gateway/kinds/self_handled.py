"""Kind ``self_handled``: found and fixed on the spot; the case begins and ends here."""

from dataclasses import replace

from sqlalchemy.orm import Session

from server.casework import operations as casework
from server.evidence.rules import STAGE_ON_THE_SPOT
from server.gateway.kinds.kind import Payload, reporter_of
from server.gateway.kinds.report import report_of
from sync.handset_time import Corrected
from sync.item import Item, State, Verdict


def apply(session: Session, item: Item, corrected: Corrected, payload: Payload) -> Verdict:
    """Open the case in its last state, with what was found and what was done as evidence of their stages."""
    found = report_of(item, corrected, payload)
    photos = tuple(replace(photo, stage=STAGE_ON_THE_SPOT.get(photo.role)) for photo in found.photos)
    report = replace(found, measure=payload["measure"], photos=photos)
    missing = casework.report_cases(session, item.install_id, [(reporter_of(session, item), report)])
    members = {"case_id": str(report.case_id)}
    return Verdict(State.APPLIED, members, tuple(missing[report.item_id]))
