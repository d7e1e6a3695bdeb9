"""Finds the reports that may be one problem with a case: all that hang together with it by nearness. Read-only."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import cos, radians
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from server.casework.duplicates.grouping import Nearness, Sighting
from server.casework.duplicates.models import CaseLink
from server.casework.models import Case
from server.casework.rules import ENDED, State
from server.identity.models import Agency

# A crowd larger than this is no set of duplicates of one problem but a policy that is much too wide.
MOST_TOGETHER = 200
METRES_PER_DEGREE = 111_195.0
# What a desk has touched stands for itself; a report that nobody has looked at may still be attached by policy.
_ACTED_ON = frozenset(State) - ENDED - {State.REPORTED}
_TIME = func.coalesce(Case.captured_at_corrected, Case.reported_at)

# Asked for every case that is settled: written once.
_main = aliased(Case)
_IDS: BindParameter[list[UUID]] = bindparam("ids", expanding=True)
_ATTACHED = CaseLink.kind == "duplicate", CaseLink.state == "attached"
_BY_POLICY = (
    select(CaseLink.case_id)
    .join(_main, _main.id == CaseLink.other_id)
    .where(CaseLink.case_id.in_(_IDS), *_ATTACHED, CaseLink.origin == "policy", _main.state.not_in(ENDED))
)
_BY_DESK = select(CaseLink.other_id).where(CaseLink.other_id.in_(_IDS), *_ATTACHED, CaseLink.origin == "desk")
_TIES = select(CaseLink.case_id, CaseLink.other_id).where(
    CaseLink.kind == "duplicate",
    CaseLink.state.in_(["proposed", "attached"]),
    CaseLink.origin == "policy",
    or_(CaseLink.case_id.in_(_IDS), CaseLink.other_id.in_(_IDS)),
)
_AROUND = (
    select(Case.id, _TIME.label("at"), Case.lon_canonical, Case.lat_canonical)
    .join(Agency, Agency.id == Case.agency_id)
    .where(
        Case.scheme == bindparam("scheme"),
        Case.category_code == bindparam("code"),
        Agency.path.startswith(bindparam("city_path"), escape="|"),
        Case.lat_canonical.between(bindparam("south"), bindparam("north")),
        Case.lon_canonical.between(bindparam("west"), bindparam("east")),
        _TIME.between(bindparam("since"), bindparam("until")),
        or_(Case.state.not_in(ENDED), Case.state == State.MERGED),
    )
    .order_by(Case.id)
    .limit(5 * MOST_TOGETHER)
)


@dataclass(frozen=True)
class Matter:
    """The class and the city within which reports are compared; ``city_path`` ends with a slash."""

    city_path: str
    scheme: str
    code: str


def sighting_of(case: Case, *, anchored: bool) -> Sighting:
    """Return what grouping needs to know of a case; the time is the corrected capture time, else our receipt."""
    at = case.captured_at_corrected or case.reported_at
    return Sighting(case.id, at, case.lon_canonical, case.lat_canonical, anchored)


def gathered(session: Session, cases: Iterable[Case], matter: Matter, nearness: Nearness) -> set[UUID]:
    """Return the ids of all reports that hang together with ``cases``, themselves included.

    At most MOST_TOGETHER or so with each. Also those that were attached to one while it stood elsewhere: they must be
    decided on anew.
    """
    found: set[UUID] = set()
    crowds: set[UUID] = set()
    for case in cases:
        # What hangs together with one hangs together with the other, unless the crowd was cut off.
        if case.id not in found or case.id in crowds:
            around = _hanging_together(session, case, matter, nearness)
            found |= around
            crowds |= around if len(around) >= MOST_TOGETHER else set()
    return found | _tied(session, found)


def _hanging_together(session: Session, case: Case, matter: Matter, nearness: Nearness) -> set[UUID]:
    found = {case.id: sighting_of(case, anchored=False)}
    frontier = list(found.values())
    while frontier and len(found) < MOST_TOGETHER:
        near = [one for one in _around(session, frontier, matter, nearness) if one.case_id not in found]
        frontier = [one for one in near if any(nearness.holds(one, other) for other in found.values())]
        found |= {one.case_id: one for one in frontier}
    return set(found)


def joinable(session: Session, cases: Iterable[Case]) -> list[Sighting]:
    """Return which of locked cases take part in grouping, and how.

    Ended ones and those that a desk has merged do not; nor do those whose main case has ended: that is history.
    """
    chosen = list(cases)
    ids = {"ids": [case.id for case in chosen]}
    by_policy = set(session.scalars(_BY_POLICY, ids))
    by_desk = set(session.scalars(_BY_DESK, ids))
    return [
        sighting_of(case, anchored=case.state in _ACTED_ON or case.id in by_desk)
        for case in chosen
        if case.state not in ENDED or case.id in by_policy
    ]


def _around(session: Session, frontier: list[Sighting], matter: Matter, nearness: Nearness) -> list[Sighting]:
    """Return the reports of the matter in the box around ``frontier``, wide enough for all that can be near."""
    north = nearness.radius_m / METRES_PER_DEGREE
    widest = max(abs(one.lat) for one in frontier) + north
    east = north / max(cos(radians(min(widest, 89.0))), 0.01)
    asked = {
        "scheme": matter.scheme,
        "code": matter.code,
        "city_path": escaped(matter.city_path),
        "south": min(one.lat for one in frontier) - north,
        "north": max(one.lat for one in frontier) + north,
        "west": min(one.lon for one in frontier) - east,
        "east": max(one.lon for one in frontier) + east,
        "since": min(one.at for one in frontier) - nearness.within,
        "until": max(one.at for one in frontier) + nearness.within,
    }
    rows = session.execute(_AROUND, asked)
    return [Sighting(row.id, row.at, row.lon_canonical, row.lat_canonical) for row in rows]


def escaped(path: str) -> str:
    """Return the beginning of a path as LIKE takes it with the escape sign ``|``."""
    return re.sub(r"([|%_])", r"|\1", path)


def _tied(session: Session, found: Iterable[UUID]) -> set[UUID]:
    """Return the cases at the other ends of the links in force, so that they are decided on together."""
    return {end for row in session.execute(_TIES, {"ids": list(found)}) for end in row}
