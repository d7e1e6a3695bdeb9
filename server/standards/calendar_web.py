"""Console page of the working calendar: a year at a glance, own days, hours of work, import of a file of days."""

from collections.abc import Callable
from datetime import date
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from server.clock import now
from server.current import settings
from server.db import read, transact
from server.forms import chosen_id, field, field_id, go, tell, tell_problem
from server.i18n import _, ngettext
from server.identity.queries import agencies
from server.identity.rules import Actor, Permission
from server.problems import Problem
from server.standards import calendar_operations as operations
from server.standards import calendar_queries as queries
from server.standards.calendar_rules import (
    EARLIEST,
    LATEST,
    LONGEST_NAME,
    MOST_BYTES,
    OwnDay,
    Unreadable,
    parse_day,
    parse_name,
    parse_workday,
    read_days,
)
from server.standards.calendars import POLICIES, USUAL_HOURS
from server.standards.timing import Schedule, parse_periods
from server.web import actor, console_pages

pages = console_pages("calendar")

T = TypeVar("T")
DESK = "desk"
# A page is no report: whoever sends a broken file sees the first of its rows.
_MOST_TOLD = 20


@pages.get("/standards/calendar")
def year() -> ResponseReturnValue:
    """Show a year of an agency's calendar with its hours of work."""
    me = actor()
    queries.readable(me)
    agency_id, shown = chosen_id("agency") or me.agency_id, _year()
    return render_template("standards/calendar.html", **read(_page, me, agency_id, shown))


@pages.post("/standards/calendar/day")
def set_day() -> ResponseReturnValue:
    """Set an own day, or take it back."""
    return _done(_set_day)


@pages.post("/standards/calendar/hours")
def set_hours() -> ResponseReturnValue:
    """Set the hours of work from a day on."""
    return _done(_set_hours)


@pages.post("/standards/calendar/hours/clear")
def clear_hours() -> ResponseReturnValue:
    """Take hours back."""
    return _done(_clear_hours)


@pages.post("/standards/calendar/import")
def import_days() -> ResponseReturnValue:
    """Set the days of a CSV file; bad rows are named."""
    return _done(_import)


def _set_day() -> None:
    me, agency_id, day = actor(), field_id("agency"), _valid("day", parse_day)
    if field("workday") == "clear":
        transact(operations.clear_day, me, agency_id, day)
        tell(_("The day is again what the agencies above or the State Council say."))
        return
    own = OwnDay(day, _valid("workday", parse_workday), _valid("name", parse_name))
    transact(operations.set_days, me, agency_id, [own], DESK)
    tell(_("The day is set."))


def _set_hours() -> None:
    if field("work_day_policy") not in POLICIES:
        raise Problem("validation", errors={"work_day_policy": [_("Choose one.")]})
    periods, policy = _valid("periods", parse_periods), POLICIES[field("work_day_policy")]
    schedule = Schedule(_valid("valid_from", parse_day), periods, policy)
    transact(operations.set_hours, actor(), field_id("agency"), schedule)
    tell(_("The hours of work are set."))


def _clear_hours() -> None:
    transact(operations.clear_hours, actor(), field_id("agency"), _valid("valid_from", parse_day))
    tell(_("The hours of work are taken back."))


def _import() -> None:
    agency_id, sent = field_id("agency"), request.files.get("file")
    actor().require(Permission.MANAGE_CALENDAR)
    try:
        days, bad = read_days(sent.stream.read(MOST_BYTES + 1) if sent else b"")
    except Unreadable as error:
        raise Problem("validation", errors={"file": [str(error)]}) from error
    changed = transact(operations.set_days, actor(), agency_id, days, "import")
    if bad:
        told = "; ".join(str(row) for row in bad[:_MOST_TOLD])
        tell_problem(
            Problem("validation", errors={"file": [_("%(count)s rows were not taken:", count=len(bad)), told]})
        )
    tell(ngettext("%(num)d day has changed.", "%(num)d days have changed.", changed))


def _done(act: Callable[[], None]) -> ResponseReturnValue:
    try:
        act()
    except Problem as problem:
        tell_problem(problem)
    return go("calendar_pages.year", agency=field("agency") or None, year=field("year") or None)


def _valid(name: str, parse: Callable[[str], T]) -> T:
    try:
        return parse(field(name))
    except ValueError as error:
        raise Problem("validation", errors={name: [str(error)]}) from error


def _year() -> int:
    text = request.args.get("year", "")
    shown = int(text) if text.isdecimal() and len(text) == len("2026") else _today().year
    return min(max(shown, EARLIEST.year), LATEST.year)


def _today() -> date:
    return now().astimezone(ZoneInfo(settings().timezone)).date()


def _page(session: Session, me: Actor, agency_id: UUID, shown: int) -> dict[str, object]:
    agency = queries.agency_of(session, me, agency_id)
    days = queries.days_of(session, agency, date(shown, 1, 1), date(shown, 12, 31))
    scope = me.scope(Permission.MANAGE_CALENDAR)
    return {
        "agency": agency,
        "agencies": agencies(session, queries.readable(me)),
        "year": shown,
        "today": _today(),
        "months": [weeks_of(month) for month in queries.months_of(days)],
        "workdays": sum(day.workday for day in days),
        "named": [day for day in days if day.decided_by != "week"],
        "hours": queries.hours_of(session, agency),
        "usual": USUAL_HOURS,
        "unnamed": queries.unnamed_from(session, agency, shown) is not None,
        "manages": any(agency.path.startswith(path) for path in scope),
        "longest_name": LONGEST_NAME,
        "first_year": EARLIEST.year,
        "last_year": LATEST.year,
    }


def weeks_of(month: list[queries.DayRow]) -> list[list[queries.DayRow | None]]:
    """Return a month as weeks of seven from Monday, with None before its first and after its last day."""
    cells: list[queries.DayRow | None] = [*([None] * month[0].day.weekday()), *month]
    cells += [None] * (-len(cells) % 7)
    return [cells[first : first + 7] for first in range(0, len(cells), 7)]
