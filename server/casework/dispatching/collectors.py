"""Who is nearest: collectors on shift, for a verification or a check, by where they were last seen.

A position is known from the track, from clocking in, or from the last report; it is shown with its age and used for
nothing else (on-shift only: PIPL articles 6 and 28).
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.casework.duplicates.grouping import Sighting, distance_m
from server.casework.models import Case, FieldShift, FieldTask, Track
from server.clock import now
from server.geography.crs import canonical
from server.geography.locating import officers_of
from server.identity.models import Agency, Officer, RoleGrant
from server.identity.rules import Role, paths_above

# The longest shift; who forgot to clock out is not on shift for ever.
_SHIFT = timedelta(hours=16)
_OPEN_TASK = ("assigned", "accepted", "started")


@dataclass(frozen=True)
class Spot:
    """Where an officer was seen, CGCS2000 degrees."""

    at: datetime
    lon: float
    lat: float


@dataclass(frozen=True)
class CollectorProposal:
    """A collector for a case. ``distance_m`` and ``seen_at`` are None where no position of this shift is known."""

    officer_id: UUID
    name: str
    on_shift: bool
    in_grid: bool
    distance_m: float | None
    seen_at: datetime | None
    open_tasks: int


@dataclass(frozen=True)
class _Known:
    """What is known of all collectors, read in few statements."""

    on_shift: Collection[UUID]
    of_grid: Collection[UUID]
    spots: Mapping[UUID, Spot]
    busy: Mapping[UUID, int]


def propose_collectors(session: Session, case: Case, *, limit: int = 5) -> list[CollectorProposal]:
    """Return the best collectors for a case: on shift before off, of its responsibility grid first, then the nearest.

    Only collectors of the case's city whose agency holds the case or lies around it; never one who is deactivated.
    """
    people = _collectors(session, case)
    on_shift = _on_shift(session, people)
    known = _Known(
        on_shift=on_shift,
        of_grid=set()
        if case.responsibility_code is None
        else set(officers_of(session, case.responsibility_code, case.agency_id)),
        spots=_last_seen(session, on_shift),
        busy=_open_tasks(session, people),
    )
    found = [_proposal(case, officer_id, name, known) for officer_id, name in people.items()]
    return sorted(found, key=_rank)[:limit]


def _rank(one: CollectorProposal) -> tuple[bool, bool, float, int, str]:
    far = float("inf") if one.distance_m is None else one.distance_m
    return not one.on_shift, not one.in_grid, far, one.open_tasks, one.name


def _proposal(case: Case, officer_id: UUID, name: str, known: _Known) -> CollectorProposal:
    spot = known.spots.get(officer_id)
    return CollectorProposal(
        officer_id=officer_id,
        name=name,
        on_shift=officer_id in known.on_shift,
        in_grid=officer_id in known.of_grid,
        distance_m=None if spot is None else round(_metres(case, spot)),
        seen_at=None if spot is None else spot.at,
        open_tasks=known.busy.get(officer_id, 0),
    )


def _metres(case: Case, spot: Spot) -> float:
    here = Sighting(case.id, spot.at, case.lon_canonical, case.lat_canonical)
    return distance_m(here, Sighting(case.id, spot.at, spot.lon, spot.lat))


def _collectors(session: Session, case: Case) -> dict[UUID, str]:
    """Return the active collectors of the case's agency, of those above it and of those below it."""
    path = session.scalars(select(Agency.path).where(Agency.id == case.agency_id)).one()
    rows = session.execute(
        select(Officer.id, Officer.name)
        .join(RoleGrant, RoleGrant.officer_id == Officer.id)
        .join(Agency, Agency.id == Officer.agency_id)
        .where(
            RoleGrant.role == Role.COLLECTOR,
            Officer.active.is_(True),
            Agency.path.in_(paths_above(path)) | Agency.path.startswith(path, autoescape=True),
        )
        .order_by(Officer.id)
    )
    return {row.id: row.name for row in rows}


def _on_shift(session: Session, officers: Collection[UUID]) -> set[UUID]:
    """Return who clocked in last, not longer ago than a shift lasts."""
    at = func.coalesce(FieldShift.captured_at_corrected, FieldShift.received_at)
    number = func.row_number().over(partition_by=FieldShift.officer_id, order_by=(at.desc(), FieldShift.id.desc()))
    punches = (
        select(FieldShift.officer_id, FieldShift.action, number.label("number"))
        .where(FieldShift.officer_id.in_(list(officers)), at > now() - _SHIFT)
        .subquery()
    )
    last = select(punches.c.officer_id).where(punches.c.number == 1, punches.c.action == "in")
    return set(session.scalars(last))


def _last_seen(session: Session, officers: Collection[UUID]) -> dict[UUID, Spot]:
    """Return the newest known spot of each officer on shift."""
    found: dict[UUID, Spot] = {}
    for officer_id, spot in (*_tracked(session, officers), *_punched(session, officers), *_reported(session, officers)):
        if officer_id not in found or found[officer_id].at < spot.at:
            found[officer_id] = spot
    return found


def _tracked(session: Session, officers: Collection[UUID]) -> Iterable[tuple[UUID, Spot]]:
    at = func.coalesce(Track.captured_at_corrected, Track.received_at)
    number = func.row_number().over(partition_by=Track.officer_id, order_by=(at.desc(), Track.id.desc()))
    newest = (
        select(Track.officer_id, Track.crs, Track.points, at.label("at"), number.label("number"))
        .where(Track.officer_id.in_(list(officers)), at > now() - _SHIFT)
        .subquery()
    )
    for row in session.execute(select(newest).where(newest.c.number == 1)):
        points = json.loads(row.points)
        if points:
            lon, lat = canonical(points[-1]["lon"], points[-1]["lat"], row.crs)
            yield row.officer_id, Spot(row.at, lon, lat)


def _punched(session: Session, officers: Collection[UUID]) -> Iterable[tuple[UUID, Spot]]:
    at = func.coalesce(FieldShift.captured_at_corrected, FieldShift.received_at)
    rows = session.execute(
        select(FieldShift.officer_id, FieldShift.lon, FieldShift.lat, FieldShift.crs, at.label("at"))
        .where(FieldShift.officer_id.in_(list(officers)), FieldShift.lon.is_not(None), at > now() - _SHIFT)
        .order_by(at)
    )
    for row in rows:
        lon, lat = canonical(row.lon, row.lat, row.crs or "wgs84")
        yield row.officer_id, Spot(row.at, lon, lat)


def _reported(session: Session, officers: Collection[UUID]) -> Iterable[tuple[UUID, Spot]]:
    at = func.coalesce(Case.captured_at_corrected, Case.reported_at)
    rows = session.execute(
        select(Case.reporter_id, Case.lon_canonical, Case.lat_canonical, at.label("at"))
        .where(Case.reporter_id.in_(list(officers)), Case.install_id.is_not(None), at > now() - _SHIFT)
        .order_by(at)
    )
    for row in rows:
        yield row.reporter_id, Spot(row.at, row.lon_canonical, row.lat_canonical)


def _open_tasks(session: Session, officers: Collection[UUID]) -> dict[UUID, int]:
    rows = session.execute(
        select(FieldTask.officer_id, func.count())
        .where(FieldTask.officer_id.in_(list(officers)), FieldTask.status.in_(_OPEN_TASK))
        .group_by(FieldTask.officer_id)
    )
    return {officer_id: count for officer_id, count in rows if officer_id is not None}
