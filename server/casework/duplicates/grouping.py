"""Which reports are one problem: a pure function of the reports, so that their order of arrival cannot matter.

Knows no database. Positions are CGCS2000 degrees, times aware.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from uuid import UUID

# Mean radius of the earth (IUGG).
_EARTH_M = 6_371_008.8


@dataclass(frozen=True)
class Sighting:
    """A report of a problem of one class. ``anchored``: a desk has acted on it, so it is never attached by itself."""

    case_id: UUID
    at: datetime
    lon: float
    lat: float
    anchored: bool = False


@dataclass(frozen=True)
class Nearness:
    """How near two reports of one class must be to count as one problem (defaults: domain.md S-07)."""

    radius_m: float = 50.0
    within: timedelta = timedelta(hours=24)

    def holds(self, one: Sighting, other: Sighting) -> bool:
        """Tell whether two reports are near enough in place and time."""
        return abs(one.at - other.at) <= self.within and distance_m(one, other) <= self.radius_m


def distance_m(one: Sighting, other: Sighting) -> float:
    """Return the distance of two reports in metres (haversine; exact to centimetres over a street)."""
    north, south = radians(one.lat), radians(other.lat)
    chord = sin((south - north) / 2) ** 2 + cos(north) * cos(south) * sin(radians(other.lon - one.lon) / 2) ** 2
    return 2 * _EARTH_M * asin(min(1.0, sqrt(chord)))


def attachments(
    sightings: Iterable[Sighting], nearness: Nearness, apart: Collection[frozenset[UUID]] = ()
) -> dict[UUID, UUID]:
    """Return to which report each duplicate belongs; who stands for itself is not in it.

    The reports that a desk has acted on come first, then the others by their time: each one joins the first that is
    near enough and stands for itself. ``apart``: pairs that a person has parted; they never meet again by themselves.
    """
    standing: list[Sighting] = []
    found: dict[UUID, UUID] = {}
    for sighting in sorted(sightings, key=_precedence):
        main = None if sighting.anchored else _joined(sighting, standing, nearness, apart)
        if main is None:
            standing.append(sighting)
        else:
            found[sighting.case_id] = main.case_id
    return found


def recurrences(sightings: Iterable[Sighting], nearness: Nearness, at_least: int = 3) -> tuple[tuple[UUID, ...], ...]:
    """Return the groups of ``at_least`` reports that hang together by nearness, each in the order of time."""
    waiting = sorted(sightings, key=_precedence)
    groups = []
    while waiting:
        group, waiting = _hanging_together(waiting, nearness)
        if len(group) >= at_least:
            groups.append(tuple(one.case_id for one in sorted(group, key=_precedence)))
    return tuple(groups)


def changes(wanted: Mapping[UUID, UUID], standing: Mapping[UUID, UUID]) -> tuple[dict[UUID, UUID], dict[UUID, UUID]]:
    """Return what must be parted and what must be attached to get from ``standing`` to ``wanted``."""
    part = {case_id: main for case_id, main in standing.items() if wanted.get(case_id) != main}
    attach = {case_id: main for case_id, main in wanted.items() if standing.get(case_id) != main}
    return part, attach


def _precedence(sighting: Sighting) -> tuple[bool, datetime, UUID]:
    return not sighting.anchored, sighting.at, sighting.case_id


def _joined(
    sighting: Sighting, standing: Sequence[Sighting], nearness: Nearness, apart: Collection[frozenset[UUID]]
) -> Sighting | None:
    for main in standing:
        if nearness.holds(sighting, main) and frozenset({sighting.case_id, main.case_id}) not in apart:
            return main
    return None


def _hanging_together(waiting: Sequence[Sighting], nearness: Nearness) -> tuple[list[Sighting], list[Sighting]]:
    group, rest = [waiting[0]], list(waiting[1:])
    for one in group:  # grows while it is walked
        near = [other for other in rest if nearness.holds(one, other)]
        rest = [other for other in rest if other not in near]
        group += near
    return group, rest
