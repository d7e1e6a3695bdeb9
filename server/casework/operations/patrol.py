"""Shifts and tracks of officers in the field.

A track shows where a person went. It is kept only for the time on shift (PIPL, articles 6 and 28; domain.md
section 3.5): what turns out to lie outside is removed here at once. The raw item stays in the inbox, sealed, as
every item does.
"""

import json
from collections.abc import Collection
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from server.casework.facts import Reporter
from server.casework.models import FieldShift, Track
from server.casework.proposals import ClockPunch, Walk
from server.clock import now


def note_shift(session: Session, reporter: Reporter, punch: ClockPunch) -> None:
    """Keep an officer's clocking in or out."""
    session.add(
        FieldShift(
            install_id=reporter.install_id,
            item_id=punch.item_id,
            agency_id=reporter.agency_id,
            officer_id=reporter.officer_id,
            action=punch.action,
            lon=punch.lon,
            lat=punch.lat,
            crs=punch.crs,
            captured_at=punch.captured_at,
            captured_at_corrected=punch.captured_at_corrected,
            received_at=now(),
        )
    )
    session.flush()


def keep_track(session: Session, reporter: Reporter, walk: Walk) -> None:
    """Keep the points of a walk on shift; whether it was one is the caller's to know."""
    session.add(
        Track(
            install_id=reporter.install_id,
            item_id=walk.item_id,
            agency_id=reporter.agency_id,
            officer_id=reporter.officer_id,
            crs=walk.crs,
            points=json.dumps([dict(point) for point in walk.points], ensure_ascii=False),
            point_count=len(walk.points),
            captured_at_corrected=walk.captured_at_corrected,
            received_at=now(),
        )
    )
    session.flush()


def forget_tracks(session: Session, install_id: UUID, item_ids: Collection[UUID]) -> None:
    """Remove the points of these items of an install."""
    gone = delete(Track).where(Track.install_id == install_id, Track.item_id.in_(item_ids))
    session.execute(gone.execution_options(synchronize_session=False))
