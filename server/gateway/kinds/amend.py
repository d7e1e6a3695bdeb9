"""Kind ``amend``: a later word on an earlier report, or on an earlier amendment of it."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from server.casework import operations as casework
from server.gateway.kinds.kind import NeedsError, Payload, reporter_of
from server.gateway.kinds.target import NO_RECORD, demand_that_it_may_come, numbers, stored
from server.problems import Problem
from sync.handset_time import Corrected
from sync.item import Item, State, Verdict

_PLACE = ("lon", "lat", "crs", "accuracy_m")


def apply(session: Session, item: Item, corrected: Corrected, payload: Payload) -> Verdict:
    """Let the correction count while nobody has filed the case; wait for a target that has not come."""
    target = payload["target"]
    correction = casework.Correction(
        item_id=item.key.item_id,
        target_item_id=target["id"],
        target_fingerprint=target["h"],
        changes=_changes(payload["changes"]),
        reason=payload["reason"],
        captured_at_corrected=corrected.at,
    )
    try:
        done = casework.amend(
            session, reporter_of(session, item), correction, partial(numbers, session, item.install_id)
        )
    except casework.UnknownReport as unknown:
        demand_that_it_may_come(session, item, unknown.item_id, "payload.target.id", NO_RECORD)
        raise NeedsError([f"item:{unknown.item_id}"]) from unknown
    _compare(session, item, payload)
    members = {"case_id": str(done.case_id)}
    if not done.effective:
        return Verdict(State.SUPERSEDED, {**members, "problem": Problem("case-already-filed").body()})
    return Verdict(State.APPLIED, members)


def _compare(session: Session, item: Item, payload: Payload) -> None:
    """Refuse a correction of another content than the one in effect; the caller's savepoint takes it back."""
    held = stored(session, item.install_id, payload["target"]["id"])
    if held is None or held.fingerprint != payload["target"]["h"]:
        told = ["Is not the fingerprint of the content that is in effect under this id."]
        raise Problem("amend-target-differs", errors={"payload.target.h": told})


def _changes(given: Mapping[str, Any]) -> dict[str, Any]:
    changes = dict(given)
    if "position" in changes:
        changes["position"] = {member: given["position"][member] for member in _PLACE}
    return changes
