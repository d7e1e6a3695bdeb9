"""Kind ``track``: where an officer on shift went. Outside a shift nothing of it is kept but the raw item."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from server.casework import operations as casework
from server.gateway.kinds.kind import NeedsError, Payload, reporter_of
from server.gateway.kinds.on_shift import key_of, punch_before
from server.problems import Problem
from sync.handset_time import Corrected, instant
from sync.item import Item, State, Verdict

# Two corrected times of one handset differ by what their requests' journeys did; more is another time.
TOLERANCE = timedelta(minutes=2)


def apply(session: Session, item: Item, corrected: Corrected, payload: Payload) -> Verdict:
    """Keep the points if the officer had clocked in before; wait while no clocking before it is known.

    Judged by the last clocking in or out of the same officer on this install before the track, in the handset's own
    order (dseq). A clocking that arrives later opens the track again, so the end state is the same whatever order
    they come in. Points from before the clocking in are left out.
    """
    punch = punch_before(session, item)
    if punch is None:
        raise NeedsError([key_of(item)])
    points = payload["points"] if punch.action == "in" else []
    if punch.at is not None:
        earliest = punch.at - TOLERANCE
        points = [point for point in points if (at := _time(point, item, corrected)) is None or at >= earliest]
    if not points:
        return Verdict(State.SUPERSEDED, {"problem": Problem("not-on-shift").body()})
    walk = casework.Walk(item.key.item_id, payload["crs"], tuple(points), corrected.at)
    casework.keep_track(session, reporter_of(session, item), walk)
    return Verdict(State.APPLIED)


def _time(point: dict[str, Any], item: Item, corrected: Corrected) -> datetime | None:
    """Return when a point was taken by the server's clock: as long before the item as the handset's clocks say."""
    mono_ms, wall = point["mono_ms"], instant(point["wall"])
    if corrected.at is None:
        return None
    try:
        # A counter that ran backwards means another boot: then only the wall clock can tell.
        if mono_ms is not None and item.captured.mono_ms is not None and mono_ms <= item.captured.mono_ms:
            return corrected.at - timedelta(milliseconds=item.captured.mono_ms - mono_ms)
        if wall is not None and corrected.claimed is not None:
            return corrected.at - (corrected.claimed - wall)
    except OverflowError:
        return None  # clocks that say so tell nothing
    return None
