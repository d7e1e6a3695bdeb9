"""Problems that come back: closed cases of one class at one place within a number of days are linked.

Source: domain.md sections S-07 and 2.8 (recurrence rate: groups of three and more). Links only; no case changes.
"""

from datetime import datetime, timedelta
from math import cos, radians

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from server.casework.duplicates.candidates import METRES_PER_DEGREE, Matter, escaped
from server.casework.duplicates.grouping import Nearness, Sighting, recurrences
from server.casework.duplicates.linking import POLICY, put
from server.casework.duplicates.models import CaseLink
from server.casework.models import Case
from server.casework.rules import State
from server.identity.models import Agency

RECURRENCE = "recurrence"
AT_LEAST = 3
_MOST_LOOKED_AT = 500
_CLOSED = (State.CLOSED, State.FORCED_CLOSED)
_NEAR = (
    select(Case)
    .join(Agency, Agency.id == Case.agency_id)
    .where(
        Case.scheme == bindparam("scheme"),
        Case.category_code == bindparam("code"),
        Case.state.in_(_CLOSED),
        Agency.path.startswith(bindparam("city_path"), escape="|"),
        Case.lat_canonical.between(bindparam("south"), bindparam("north")),
        Case.lon_canonical.between(bindparam("west"), bindparam("east")),
        Case.closed_at.between(bindparam("since"), bindparam("until")),
    )
    .order_by(Case.closed_at, Case.id)
    .limit(_MOST_LOOKED_AT)
)


def link_recurrences(session: Session, case: Case, matter: Matter, nearness: Nearness) -> None:
    """Link ``case`` and what it belongs to, each later one to the first; links that do not hold any more go."""
    if case.closed_at is None:
        return
    near = {one.id: one for one in _near(session, case, case.closed_at, matter, nearness)}
    groups = recurrences([_closed(one) for one in near.values()], nearness, AT_LEAST)
    group = next((ids for ids in groups if case.id in ids), ())
    if not group:
        return
    first = near[group[0]]
    stale = update(CaseLink).where(
        CaseLink.kind == RECURRENCE, CaseLink.case_id.in_(group), CaseLink.other_id != first.id
    )
    session.execute(stale.values(state="outdated").execution_options(synchronize_session=False))
    for case_id in group[1:]:
        put(session, RECURRENCE, (near[case_id], first), "attached", POLICY)


def _closed(case: Case) -> Sighting:
    # What comes back does so after it was put right: the time that counts is when the case was closed.
    return Sighting(case.id, case.closed_at or case.reported_at, case.lon_canonical, case.lat_canonical)


def _near(session: Session, case: Case, closed_at: datetime, matter: Matter, nearness: Nearness) -> list[Case]:
    """Return closed cases of the matter around ``case``, as far as a chain of three can reach."""
    reach = timedelta(days=2 * nearness.within.days)
    north = 2 * nearness.radius_m / METRES_PER_DEGREE
    east = north / max(cos(radians(min(abs(case.lat_canonical) + north, 89.0))), 0.01)
    asked = {
        "scheme": matter.scheme,
        "code": matter.code,
        "city_path": escaped(matter.city_path),
        "south": case.lat_canonical - north,
        "north": case.lat_canonical + north,
        "west": case.lon_canonical - east,
        "east": case.lon_canonical + east,
        "since": closed_at - reach,
        "until": closed_at + reach,
    }
    return list(session.scalars(_NEAR, asked))
