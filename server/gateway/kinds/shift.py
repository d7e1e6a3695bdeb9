"""Kind ``shift``: an officer begins or ends work; tracks that lie behind it are judged by it."""

from sqlalchemy.orm import Session

from server.casework import operations as casework
from server.gateway.kinds.kind import Payload, reporter_of
from server.gateway.kinds.on_shift import key_of, tracks_judged_by
from server.gateway.reopening import reopen
from server.ledger.operations import bring
from sync.handset_time import Corrected
from sync.item import Item, State, Verdict


def apply(session: Session, item: Item, corrected: Corrected, payload: Payload) -> Verdict:
    """Keep the word; wake the tracks that wait for it and open again those that were judged without it."""
    position = payload["position"] or {}
    reporter = reporter_of(session, item)
    punch = casework.ClockPunch(
        item_id=item.key.item_id,
        action=payload["action"],
        lon=position.get("lon"),
        lat=position.get("lat"),
        crs=position.get("crs"),
        captured_at=corrected.claimed,
        captured_at_corrected=corrected.at,
    )
    casework.note_shift(session, reporter, punch)
    judged = tracks_judged_by(session, item)
    # The points go now, not when the track is judged anew: they may not be kept for a moment without a shift.
    casework.forget_tracks(session, item.install_id, [key.item_id for key in judged])
    reopen(session, item.install_id, judged, key_of(item))
    bring(session, [key_of(item)])
    return Verdict(State.APPLIED)
