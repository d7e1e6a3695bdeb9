"""Kind ``report``: an officer found a problem; a case is opened."""

from sqlalchemy.orm import Session

from server.casework import operations as casework
from server.gateway.kinds.kind import Payload, photos_of, reporter_of
from sync.handset_time import Corrected
from sync.item import Item, State, Verdict
from sync.uuid7 import derived


def apply(session: Session, item: Item, corrected: Corrected, payload: Payload) -> Verdict:
    """Open the case."""
    report = report_of(item, corrected, payload)
    missing = casework.report_cases(session, item.install_id, [(reporter_of(session, item), report)])
    return Verdict(State.APPLIED, {"case_id": str(report.case_id)}, tuple(missing[report.item_id]))


def report_of(item: Item, corrected: Corrected, payload: Payload) -> casework.Report:
    """Return what a loaded payload reports: the one place where a payload becomes a Report."""
    position = payload["position"]
    return casework.Report(
        item_id=item.key.item_id,
        fingerprint=item.key.fingerprint,
        case_id=derived(item.install_id, item.key.item_id),
        scheme=payload["category"]["scheme"],
        category_code=payload["category"]["code"],
        description=payload["description"],
        lon=position["lon"],
        lat=position["lat"],
        crs=position["crs"],
        accuracy_m=position["accuracy_m"],
        captured_at=corrected.claimed,
        captured_at_corrected=corrected.at,
        captured_certainty=corrected.certainty,
        captured_uncertainty_ms=corrected.uncertainty_ms,
        source="handset",
        photos=photos_of(payload),
        prior=_named(payload["prior"] or {}),
    )


def _named(prior: Payload) -> str | None:
    """Return the number or id of the case that an earlier report had opened, as the handset remembers it."""
    case_no, case_id = prior.get("case_no"), prior.get("case_id")
    return case_no or (None if case_id is None else str(case_id))
