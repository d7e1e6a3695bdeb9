"""The API of the working calendar: which days and hours an agency works, for the deadlines of its cases."""

from calendar import monthrange
from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from server.db import read, transact
from server.i18n import current_locale
from server.identity.rules import Actor, Permission
from server.problems import Problem
from server.standards import calendar_operations as operations
from server.standards import calendar_queries as queries
from server.standards.calendar_rules import MOST_BYTES, OwnDay, Unreadable, parse_day, parse_name, read_days
from server.standards.calendar_schemas import (
    AgencyQuerySchema,
    HoursListSchema,
    ImportReportSchema,
    MonthQuerySchema,
    MonthSchema,
    NewDaySchema,
    NewHoursSchema,
)
from server.standards.calendars import POLICIES
from server.standards.timing import Schedule, parse_periods
from server.web import actor, api_blueprint

calendar = api_blueprint("calendar")
calendar_files = api_blueprint("calendar_files", takes_json=False)
blueprints = (calendar, calendar_files)

T = TypeVar("T")
DESK = "desk"


@calendar.get("/calendar")
@calendar.arguments(MonthQuerySchema, location="query")
@calendar.response(200, MonthSchema)
def month(asked: dict[str, Any]) -> dict[str, Any]:
    """Show a month: what each day is to an agency, and who says so."""
    return read(_month, actor(), asked["agency_id"], asked["month"])


@calendar.put("/calendar/days/<day>")
@calendar.arguments(NewDaySchema)
@calendar.response(204)
def set_day(told: dict[str, Any], day: str) -> None:
    """Set a day of an agency, and of all below that say nothing of it themselves."""
    keeper = _keeper()
    own = OwnDay(_valid("day", parse_day, day), told["workday"], _valid("name", parse_name, told["name"]))
    transact(operations.set_days, keeper, told["agency_id"] or keeper.agency_id, [own], DESK)


@calendar.delete("/calendar/days/<day>")
@calendar.arguments(AgencyQuerySchema, location="query")
@calendar.response(204)
def clear_day(asked: dict[str, UUID | None], day: str) -> None:
    """Take an own day back: the agencies above or the State Council decide again."""
    keeper = _keeper()
    transact(operations.clear_day, keeper, asked["agency_id"] or keeper.agency_id, _valid("day", parse_day, day))


@calendar.get("/calendar/schedules")
@calendar.arguments(AgencyQuerySchema, location="query")
@calendar.response(200, HoursListSchema)
def schedules(asked: dict[str, UUID | None]) -> dict[str, Any]:
    """List the hours of work that an agency and those above it have set."""
    return {"schedules": [_told(row) for row in read(_hours, actor(), asked["agency_id"])]}


@calendar.put("/calendar/schedules/<day>")
@calendar.arguments(NewHoursSchema)
@calendar.response(204)
def set_schedule(told: dict[str, Any], day: str) -> None:
    """Set the hours of work of an agency from a day on."""
    keeper = _keeper()
    periods = _valid("periods", parse_periods, " ".join(told["periods"]))
    schedule = Schedule(_valid("day", parse_day, day), periods, POLICIES[told["work_day_policy"]])
    transact(operations.set_hours, keeper, told["agency_id"] or keeper.agency_id, schedule)


@calendar.delete("/calendar/schedules/<day>")
@calendar.arguments(AgencyQuerySchema, location="query")
@calendar.response(204)
def clear_schedule(asked: dict[str, UUID | None], day: str) -> None:
    """Take the hours that begin on a day back."""
    keeper = _keeper()
    transact(operations.clear_hours, keeper, asked["agency_id"] or keeper.agency_id, _valid("day", parse_day, day))


@calendar_files.post("/calendar/import")
@calendar_files.arguments(AgencyQuerySchema, location="query")
@calendar_files.response(200, ImportReportSchema)
def import_days(asked: dict[str, UUID | None]) -> dict[str, Any]:
    """Set the days of a CSV file, sent as text/csv: good rows are taken, bad ones are named."""
    keeper = _keeper()
    # The agency first: who may not keep it need not wait until the file is read.
    agency = read(queries.agency_of, keeper, asked["agency_id"] or keeper.agency_id)
    if request.mimetype != "text/csv":
        raise Problem("wrong-content-type", "Send Content-Type: text/csv.")
    try:
        days, bad = read_days(request.get_data(cache=False)[: MOST_BYTES + 1])
    except Unreadable as error:
        raise Problem("validation", errors={"body": [str(error)]}) from error
    changed = transact(operations.set_days, keeper, agency.id, days, "import")
    return {"read": len(days), "changed": changed, "bad_rows": bad}


def _keeper() -> Actor:
    """Return who is asking, allowed to keep a calendar, before anything else is said about the request."""
    me = actor()
    me.require(Permission.MANAGE_CALENDAR)
    return me


def _valid(field: str, parse: Callable[[str], T], text: str) -> T:
    try:
        return parse(text)
    except ValueError as error:
        raise Problem("validation", errors={field: [str(error)]}) from error


def _month(session: Session, me: Actor, agency_id: UUID | None, first: date) -> dict[str, Any]:
    agency = queries.agency_of(session, me, agency_id or me.agency_id)
    rows = queries.days_of(session, agency, first, first.replace(day=monthrange(first.year, first.month)[1]))
    english = current_locale() == "en"
    days = [vars(row) | {"name": row.name_en if english else row.name} for row in rows]
    known = queries.unnamed_from(session, agency, first.year) is None
    return {"agency_id": agency.id, "holidays_known": known, "days": days}


def _hours(session: Session, me: Actor, agency_id: UUID | None) -> list[queries.HoursRow]:
    return queries.hours_of(session, queries.agency_of(session, me, agency_id or me.agency_id))


def _told(row: queries.HoursRow) -> dict[str, Any]:
    schedule = row.schedule
    return {
        "agency_id": row.agency_id,
        "agency_name": row.agency_name,
        "valid_from": schedule.valid_from,
        "periods": [str(period) for period in schedule.periods],
        "work_day_policy": schedule.work_day_policy,
    }
