"""Which limit holds for a stage of a case, and by which calendar it runs. Read-only."""

from collections.abc import Collection
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from server.casework.models import Case
from server.recall import recall
from server.standards.calendars import calendar_of
from server.standards.conditions import conditions_by_code, in_season
from server.standards.limits import USUAL_LIMITS, limits_by_code, limits_of
from server.standards.queries import local_day, newest_version
from server.standards.rules import ALL_CLASSES, ALL_CONDITIONS, LimitStage
from server.standards.timing import Calendar, Clock, Limit, WorkPeriod

# Emergency hours and natural days pass by night and on holidays: no calendar need be read for them.
_CONTINUOUS = frozenset({Clock.EMERGENCY_HOUR, Clock.NATURAL_DAY})
_ALWAYS = Calendar(ZoneInfo("UTC"), (WorkPeriod(time.min, time.min),), lambda _day: True)

Class = tuple[str, str]


def limit_for(session: Session, case: Case, stage: str, at: datetime) -> Limit:
    """Return the limit of a stage for a case: by the version it was filed under, else the one in force."""
    day = local_day(at)
    version = case.standard_version or version_for(session, case.scheme, day)
    key = case.scheme, version, case.category_code, case.condition_no
    found = recall(session, ("limits", *key, day), lambda: limits_of(session, *key, on=day))
    return found[LimitStage(stage)]


def version_for(session: Session, scheme: str, on: date) -> str | None:
    """Return the version of a scheme that is in force on a day, or None: a case is filed under it."""
    return recall(session, ("version", scheme, on), lambda: newest_version(session, scheme, on))


def calendar_for(session: Session, agency_id: UUID, limit: Limit) -> Calendar:
    """Return the calendar that a limit runs by; one that runs without pause asks nobody's."""
    if limit.clock in _CONTINUOUS:
        return _ALWAYS
    return recall(session, ("calendar", agency_id), lambda: calendar_of(session, agency_id))


def acceptance_limits(session: Session, classes: Collection[Class], at: datetime) -> dict[Class, Limit]:
    """Return how long a desk may take over reports of these classes, as `limits_of` does for one.

    In two statements for each scheme, however many classes there are; in one more where a condition has such a limit.
    """
    found: dict[Class, Limit] = {}
    for scheme in {scheme for scheme, _code in classes}:
        version = newest_version(session, scheme, local_day(at))
        codes = {code for one, code in classes if one == scheme}
        rows = {} if version is None else _acceptance(session, scheme, version, codes)
        spoken = {code for code, number in rows if number != ALL_CONDITIONS}
        conditions = {} if version is None or not spoken else conditions_by_code(session, scheme, version, spoken)
        for code in codes:
            own = conditions.get(code, ())
            first = in_season(own, own[0].no, local_day(at)) if own else None
            keys = [(code, ALL_CONDITIONS), *([(code, first.no)] if first else []), (ALL_CLASSES, ALL_CONDITIONS)]
            found[scheme, code] = next((rows[key] for key in keys if key in rows), USUAL_LIMITS[LimitStage.ACCEPTANCE])
    return found


def _acceptance(session: Session, scheme: str, version: str, codes: Collection[str]) -> dict[tuple[str, int], Limit]:
    """Return the limits of this stage that a version has for some classes and for all, by code and condition."""
    rows = limits_by_code(session, scheme, version, {*codes, ALL_CLASSES})
    return {key: row[LimitStage.ACCEPTANCE] for key, row in rows.items() if LimitStage.ACCEPTANCE in row}
