"""The calendar that an agency's deadlines run by: its own rows, else those of the agencies above, else the State's."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, time
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from server.identity.models import Agency
from server.identity.rules import paths_above
from server.standards.calendar_models import CalendarDay, WorkSchedule
from server.standards.state_days import is_state_workday
from server.standards.timing import Calendar, Schedule, WorkDayPolicy, WorkPeriod, parse_periods

# All of China lives by Beijing time.
BEIJING = ZoneInfo("Asia/Shanghai")
# What holds until an agency at the top sets its own hours (the example of domain.md section 2.7).
USUAL_HOURS = Schedule(date.min, (WorkPeriod(time(8), time(12)), WorkPeriod(time(14), time(18))), "hours")
POLICIES: Mapping[str, WorkDayPolicy] = {"hours": "hours", "end_of_day": "end_of_day"}
# Every clock that starts or stops asks these.
_PATHS = select(Agency.id, Agency.path).where(Agency.id.in_(bindparam("ids", expanding=True)))
_HERE = Agency.path.in_(bindparam("paths", expanding=True))
_DAYS = (
    select(Agency.path, CalendarDay.day, CalendarDay.workday)
    .join(Agency, Agency.id == CalendarDay.agency_id)
    .where(_HERE)
)
_HOURS = (
    select(Agency.path, WorkSchedule)
    .join(Agency, Agency.id == WorkSchedule.agency_id)
    .where(_HERE)
    .order_by(WorkSchedule.valid_from)
)


def calendar_of(session: Session, agency_id: UUID, zone: ZoneInfo = BEIJING) -> Calendar:
    """Return the calendar of one agency; raises KeyError if there is no such agency."""
    return calendars_of(session, [agency_id], zone)[agency_id]


def calendars_of(session: Session, agency_ids: Iterable[UUID], zone: ZoneInfo = BEIJING) -> dict[UUID, Calendar]:
    """Return the calendars of agencies in three statements; an id that is no agency's is left out.

    Agencies for which the same rows decide share one calendar, which remembers the days that it was asked for.
    """
    paths = {row.id: row.path for row in session.execute(_PATHS, {"ids": list(set(agency_ids))})}
    above = {path: lineage(path) for path in paths.values()}
    days, schedules = _rows(session, {step for steps in above.values() for step in steps})
    made: dict[tuple[str, ...], Calendar] = {}
    found = {}
    for agency_id, path in paths.items():
        deciding = tuple(step for step in above[path] if step in days or step in schedules)
        if deciding not in made:
            own = [days.get(step, {}) for step in deciding]
            made[deciding] = _calendar(zone, own, [schedules.get(step, []) for step in deciding])
        found[agency_id] = made[deciding]
    return found


def lineage(path: str) -> list[str]:
    """Return the paths of an agency and all above it, its own first."""
    return paths_above(path)[::-1]


def schedule_of(row: WorkSchedule) -> Schedule:
    """Return a row's hours."""
    return Schedule(row.valid_from, parse_periods(" ".join(json.loads(row.periods))), POLICIES[row.work_day_policy])


def _rows(session: Session, paths: Iterable[str]) -> tuple[dict[str, dict[date, bool]], dict[str, list[Schedule]]]:
    here = {"paths": sorted(paths)}
    days: dict[str, dict[date, bool]] = {}
    for path, day, workday in session.execute(_DAYS, here):
        days.setdefault(path, {})[day] = workday
    schedules: dict[str, list[Schedule]] = {}
    for path, row in session.execute(_HOURS, here):
        schedules.setdefault(path, []).append(schedule_of(row))
    return days, schedules


def _calendar(zone: ZoneInfo, days: Sequence[Mapping[date, bool]], schedules: Sequence[Sequence[Schedule]]) -> Calendar:
    """Build a calendar from rows by agency, the nearest first."""
    decided: dict[date, bool] = {}
    for level in reversed(days):
        decided.update(level)
    usual, later = USUAL_HOURS, in_force(schedules)
    return Calendar(zone, usual.periods, _workday(decided), usual.work_day_policy, later)


def in_force(schedules: Sequence[Sequence[Schedule]]) -> tuple[Schedule, ...]:
    """Return which schedule holds from which day on, of schedules by agency, the nearest first, each in order."""
    begins = sorted({schedule.valid_from for level in schedules for schedule in level})
    chosen = []
    for day in begins:
        begun = ([schedule for schedule in level if schedule.valid_from <= day] for level in schedules)
        nearest = next(level[-1] for level in begun if level)
        chosen.append(Schedule(day, nearest.periods, nearest.work_day_policy))
    return tuple(chosen)


def _workday(decided: Mapping[date, bool]) -> Callable[[date], bool]:
    def is_workday(day: date) -> bool:
        return decided[day] if day in decided else is_state_workday(day)

    return is_workday
