"""Reads of the working calendar: what each day is to an agency and who says so, and the hours that hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import takewhile
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.identity.models import Agency
from server.identity.queries import AgencyRow, agencies
from server.identity.rules import Actor, Permission
from server.problems import Problem, _
from server.standards.calendar_models import CalendarDay, WorkSchedule
from server.standards.calendars import lineage, schedule_of
from server.standards.state_days import state_day, uncovered_from
from server.standards.timing import Schedule
from server.standards.timing.calendar import days_from

_SATURDAY = 5
Decider = Literal["week", "state", "agency"]


@dataclass(frozen=True)
class DayRow:
    """What a day is, and who decided it: the week, the State Council, or ``agency_id`` (which may stand above)."""

    day: date
    workday: bool
    decided_by: Decider
    name: str = ""
    name_en: str = ""
    agency_id: UUID | None = None


@dataclass(frozen=True)
class HoursRow:
    """Hours that an agency, or one above it, has set from a day on."""

    agency_id: UUID
    agency_name: str
    schedule: Schedule


def readable(actor: Actor) -> tuple[str, ...]:
    """Return the scope in which an actor sees calendars: whoever sees cases sees by which days they are judged."""
    scope = (*actor.scope(Permission.MANAGE_CALENDAR), *actor.scope(Permission.READ_CASES))
    return scope or actor.require(Permission.MANAGE_CALENDAR)


def agency_of(session: Session, actor: Actor, agency_id: UUID) -> AgencyRow:
    """Return an agency whose calendar the actor may see; raises forbidden and not-found."""
    found = [row for row in agencies(session, readable(actor)) if row.id == agency_id]
    if not found:
        raise Problem("not-found", _("There is no such agency among yours."))
    return found[0]


def days_of(session: Session, agency: AgencyRow, first: date, last: date) -> list[DayRow]:
    """Return every day from ``first`` to ``last``."""
    own = _own_days(session, agency, first, last)
    days = takewhile(lambda day: day <= last, days_from(first))
    return [own.get(day) or _state_row(day) for day in days]


def hours_of(session: Session, agency: AgencyRow) -> list[HoursRow]:
    """Return the hours that the agency and those above have set: the nearest agency first, the newest first in it."""
    rows = session.execute(
        select(Agency.name, WorkSchedule)
        .join(Agency, Agency.id == WorkSchedule.agency_id)
        .where(Agency.path.in_(lineage(agency.path)))
        .order_by(Agency.path.desc(), WorkSchedule.valid_from.desc())
    )
    return [HoursRow(row.agency_id, name, schedule_of(row)) for name, row in rows]


def unnamed_from(session: Session, agency: AgencyRow, year: int) -> date | None:
    """Return the first day of ``year`` if nobody has said which of its days are holidays, else None.

    One own day, here or above, is taken as the sign that somebody has imported the notice.
    """
    first, last = date(year, 1, 1), date(year, 12, 31)
    if uncovered_from(first) != first or _own_days(session, agency, first, last):
        return None
    return first


def unnamed_year(session: Session, today: date, ahead: timedelta) -> int | None:
    """Return the year for which a top agency has no holidays although it is at most ``ahead`` away, else None."""
    year = (today + ahead).year
    tops = session.execute(select(Agency.id, Agency.path).where(Agency.parent_id.is_(None)))
    known = [AgencyRow(row.id, None, "", "", "", row.path) for row in tops]
    return year if any(unnamed_from(session, top, year) for top in known) else None


def _own_days(session: Session, agency: AgencyRow, first: date, last: date) -> dict[date, DayRow]:
    rows = session.execute(
        select(CalendarDay.day, CalendarDay.workday, CalendarDay.name, CalendarDay.agency_id)
        .join(Agency, Agency.id == CalendarDay.agency_id)
        .where(Agency.path.in_(lineage(agency.path)), CalendarDay.day.between(first, last))
        # The nearest comes last and stays: a path begins with the path of what stands above it.
        .order_by(Agency.path)
    )
    return {row.day: DayRow(row.day, row.workday, "agency", row.name, row.name, row.agency_id) for row in rows}


def _state_row(day: date) -> DayRow:
    named = state_day(day)
    if named is None:
        return DayRow(day, day.weekday() < _SATURDAY, "week")
    return DayRow(day, named.workday, "state", named.name, named.name_en)


def months_of(days: Sequence[DayRow]) -> list[list[DayRow]]:
    """Return a year's days by month."""
    return [[day for day in days if day.day.month == month] for month in range(1, 13)]
