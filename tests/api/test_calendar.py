"""/calendar: own days and hours, inherited down the tree, and what deadlines make of them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
import world
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from support.statements import statements
from werkzeug.test import TestResponse

from server.clock import use
from server.db import read, transact
from server.identity import operations as identity
from server.ledger.models import AuditEntry
from server.safekeeping import calendar_checks
from server.safekeeping.findings import Level
from server.standards.calendar_operations import set_days
from server.standards.calendar_rules import OwnDay
from server.standards.calendars import calendar_of, calendars_of
from server.standards.timing import Calendar, due_at, parse_limit

# Spring Festival 2026: off from 15 to 23 February, Saturdays 14 and 28 are worked (State Council's notice).
MAKE_UP, HOLIDAY = "2026-02-14", "2026-02-16"


class Desk:
    """The city, and its system administrator at the API."""

    def __init__(self, app: Flask, client: FlaskClient) -> None:
        self.app, self.client, self.city = app, client, world.city(app)
        self.admin = world.signed_in(client, self.city.admin)
        self.town_admin = world.signed_in(client, self.city.town_admin)

    def set_day(self, day: str, *, workday: bool, by: Mapping[str, str] | None = None, **more: object) -> TestResponse:
        body = {"workday": workday, **more}
        return self.client.put(f"/api/v1/calendar/days/{day}", json=body, headers=by or self.admin)

    def set_hours(self, day: str, *periods: str, by: Mapping[str, str] | None = None, **more: object) -> TestResponse:
        body = {"periods": list(periods), **more}
        return self.client.put(f"/api/v1/calendar/schedules/{day}", json=body, headers=by or self.admin)

    def day(self, day: str, agency_id: UUID | None = None) -> dict[str, Any]:
        asked = {"month": day[:7]} | ({} if agency_id is None else {"agency_id": str(agency_id)})
        found = self.client.get("/api/v1/calendar", query_string=asked, headers=self.admin)
        assert found.status_code == 200, found.text
        days: dict[str, dict[str, Any]] = {one["day"]: one for one in found.get_json()["days"]}
        return days[day]

    def calendar(self, agency_id: UUID) -> Calendar:
        with self.app.app_context():
            return read(calendar_of, agency_id)

    def due(self, start: datetime, wording: str, agency_id: UUID) -> datetime | None:
        return due_at(start, parse_limit(wording), self.calendar(agency_id))

    def told(self) -> list[str]:
        with self.app.app_context():
            return read(lambda session: list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id))))


@pytest.fixture
def desk(app: Flask, client: FlaskClient) -> Desk:
    return Desk(app, client)


def test_the_state_councils_days_come_with_the_product(desk: Desk) -> None:
    assert desk.day(MAKE_UP)["workday"] is True
    assert desk.day(MAKE_UP)["decided_by"] == "state"
    assert desk.day(HOLIDAY)["workday"] is False
    assert desk.day("2026-02-10") == {
        "day": "2026-02-10",
        "workday": True,
        "decided_by": "week",
        "name": "",
        "agency_id": None,
    }
    assert desk.day("2026-02-07")["workday"] is False


def test_deadlines_of_the_holiday_week_follow_them(desk: Desk) -> None:
    friday_five = datetime(2026, 2, 13, 9, tzinfo=UTC)
    saturday_five = datetime(2026, 2, 14, 9, tzinfo=UTC)
    assert desk.due(friday_five, "4工作时", desk.city.town_id) == datetime(2026, 2, 14, 3, tzinfo=UTC)
    assert desk.due(saturday_five, "4工作时", desk.city.town_id) == datetime(2026, 2, 24, 3, tzinfo=UTC)


def test_an_own_day_holds_for_all_below_that_say_nothing_themselves(desk: Desk) -> None:
    assert desk.set_day("2026-03-03", workday=False, name="停工日").status_code == 204
    assert desk.set_day("2026-03-03", workday=True, by=desk.town_admin).status_code == 204
    street, town = desk.day("2026-03-03", desk.city.street_id), desk.day("2026-03-03", desk.city.town_id)
    assert (street["workday"], street["agency_id"]) == (False, str(desk.city.city_id))
    assert (street["decided_by"], street["name"]) == ("agency", "停工日")
    assert (town["workday"], town["agency_id"]) == (True, str(desk.city.town_id))
    start = datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert desk.due(start, "1工作日", desk.city.town_id) == datetime(2026, 3, 3, 9, tzinfo=UTC)
    assert desk.due(start, "1工作日", desk.city.street_id) == datetime(2026, 3, 4, 9, tzinfo=UTC)


def test_a_day_that_is_taken_back_is_again_what_the_state_says(desk: Desk) -> None:
    desk.set_day(HOLIDAY, workday=True)
    assert desk.day(HOLIDAY)["workday"] is True
    assert desk.client.delete(f"/api/v1/calendar/days/{HOLIDAY}", headers=desk.admin).status_code == 204
    assert desk.day(HOLIDAY)["decided_by"] == "state"
    assert desk.client.delete(f"/api/v1/calendar/days/{HOLIDAY}", headers=desk.admin).status_code == 404


def test_hours_hold_from_their_day_on_and_the_nearest_agency_decides(desk: Desk) -> None:
    desk.set_hours("2026-01-01", "09:00-17:00")
    desk.set_hours("2026-05-01", "08:00-12:00", "15:00-18:00", work_day_policy="end_of_day")
    desk.set_hours("2026-04-01", "10:00-16:00", by=desk.town_admin)
    city, town = desk.calendar(desk.city.street_id), desk.calendar(desk.city.town_id)
    begun = [(str(one.valid_from), str(one.periods[0]), one.work_day_policy) for one in city.later]
    assert begun == [("2026-01-01", "09:00-17:00", "hours"), ("2026-05-01", "08:00-12:00", "end_of_day")]
    assert [str(town.schedule_on(date(2026, month, 15)).periods[0]) for month in (3, 4, 6)] == [
        "09:00-17:00",
        "10:00-16:00",
        "10:00-16:00",
    ]
    assert str(city.schedule_on(date(2025, 12, 31)).periods[0]) == "08:00-12:00"


def test_hours_are_listed_the_own_first_and_taken_back(desk: Desk) -> None:
    desk.set_hours("2026-01-01", "09:00-17:00")
    desk.set_hours("2026-04-01", "10:00-24:00", by=desk.town_admin)
    path = "/api/v1/calendar/schedules"
    town = world.signed_in(desk.client, desk.city.town_dispatcher)
    rows = desk.client.get(path, headers=town).get_json()["schedules"]
    assert [(row["valid_from"], row["periods"], row["agency_name"]) for row in rows] == [
        ("2026-04-01", ["10:00-24:00"], "沙桥镇"),
        ("2026-01-01", ["09:00-17:00"], "澄浦市"),
    ]
    assert desk.client.delete(f"{path}/2026-04-01", headers=desk.town_admin).status_code == 204
    assert desk.client.delete(f"{path}/2026-04-01", headers=desk.town_admin).status_code == 404
    assert len(desk.client.get(path, headers=town).get_json()["schedules"]) == 1


def test_hours_can_be_set_anew_for_the_same_day(desk: Desk) -> None:
    desk.set_hours("2026-01-01", "09:00-17:00")
    desk.set_hours("2026-01-01", "08:30-17:30")
    assert str(desk.calendar(desk.city.city_id).schedule_on(date(2026, 3, 3)).periods[0]) == "08:30-17:30"


def test_every_change_is_logged_and_what_changes_nothing_is_not(desk: Desk) -> None:
    before = len(desk.told())
    for _twice in range(2):
        desk.set_day("2026-03-03", workday=False)
        desk.set_hours("2026-01-01", "09:00-17:00")
    desk.client.delete("/api/v1/calendar/days/2026-03-03", headers=desk.admin)
    desk.client.delete("/api/v1/calendar/schedules/2026-01-01", headers=desk.admin)
    assert desk.told()[before:] == [
        "calendar_days_set",
        "work_schedule_set",
        "calendar_day_cleared",
        "work_schedule_cleared",
    ]


def test_a_town_neither_sees_nor_keeps_the_calendar_of_another_agency(desk: Desk) -> None:
    for agency_id in (desk.city.city_id, desk.city.street_id):
        of = {"agency_id": str(agency_id)}
        assert desk.set_day("2026-03-03", workday=False, by=desk.town_admin, **of).status_code == 404
        assert desk.set_hours("2026-03-03", "09:00-17:00", by=desk.town_admin, **of).status_code == 404
        asked = {"month": "2026-03", **of}
        assert desk.client.get("/api/v1/calendar", query_string=asked, headers=desk.town_admin).status_code == 404
    assert desk.day("2026-03-03")["decided_by"] == "week"


def test_every_desk_reads_and_only_the_system_administrator_writes(desk: Desk) -> None:
    dispatcher = world.signed_in(desk.client, desk.city.dispatcher)
    asked = {"month": "2026-03"}
    assert desk.client.get("/api/v1/calendar", query_string=asked, headers=dispatcher).status_code == 200
    assert desk.set_day("2026-03-03", workday=False, by=dispatcher).status_code == 403
    assert desk.set_hours("2026-03-03", "09:00-17:00", by=dispatcher).status_code == 403
    assert desk.client.get("/api/v1/calendar", query_string=asked).status_code == 401


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("days/2026-02-30", {"workday": True}, "day"),
        ("days/1999-01-01", {"workday": True}, "day"),
        ("days/2026-03-03", {"workday": True, "name": "two\nlines"}, "name"),
        ("schedules/2026-03-03", {"periods": []}, "periods"),
        ("schedules/2026-03-03", {"periods": ["12:00-08:00"]}, "periods"),
        ("schedules/2026-03-03", {"periods": ["08:00-12:00", "11:00-18:00"]}, "periods"),
        ("schedules/2026-03-03", {"periods": ["08:00-12:00"], "work_day_policy": "soon"}, "work_day_policy"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(desk: Desk, path: str, body: dict[str, Any], field: str) -> None:
    refused = desk.client.put(f"/api/v1/calendar/{path}", json=body, headers=desk.admin)
    assert (refused.status_code, list(refused.get_json()["errors"])) == (422, [field])
    assert desk.told()[-1:] != ["calendar_days_set"]


def test_a_year_whose_holidays_nobody_has_told_says_so(desk: Desk) -> None:
    asked = {"month": "2031-02"}
    unknown = desk.client.get("/api/v1/calendar", query_string=asked, headers=desk.admin).get_json()
    assert unknown["holidays_known"] is False
    desk.set_day("2031-01-01", workday=False, name="元旦")
    known = desk.client.get("/api/v1/calendar", query_string=asked, headers=desk.admin).get_json()
    assert known["holidays_known"] is True


def test_the_doctor_asks_for_next_years_holidays_in_time(desk: Desk) -> None:
    def found() -> Level:
        with desk.app.app_context():
            return next(calendar_checks.holidays()).level

    with use(lambda: datetime(2026, 8, 1, tzinfo=UTC)):
        assert found() is Level.GREEN
    with use(lambda: datetime(2030, 12, 1, tzinfo=UTC)):
        assert found() is Level.YELLOW
        admin, new_year = world.acting(desk.app, desk.city.admin), OwnDay(date(2031, 1, 1), workday=False)
        with desk.app.app_context():
            transact(set_days, admin, desk.city.city_id, [new_year], "notice")
        assert found() is Level.GREEN


def test_the_calendars_of_many_agencies_cost_three_statements(desk: Desk, app: Flask) -> None:
    desk.set_day("2026-03-03", workday=True, by=desk.town_admin)
    with app.app_context():
        admin = world.acting(app, desk.city.admin)
        more = [transact(_add, f"V{number}", desk.city.town_id) for number in range(20)]
        transact(set_days, admin, more[0], [OwnDay(date(2026, 3, 4), workday=False)], "test")
        wanted = [desk.city.city_id, desk.city.street_id, desk.city.town_id, *more]
        with statements(app) as sent:
            found = read(calendars_of, wanted)
    assert len(sent) == 3
    assert set(found) == set(wanted)
    # Whoever follows the same rows shares one calendar, with the days that it remembers.
    assert len({id(one) for one in found.values()}) == 3


def _add(session: Session, code: str, parent_id: UUID) -> UUID:
    return identity.create_agency(session, identity.NewAgency(code, code, "community", parent_id))
