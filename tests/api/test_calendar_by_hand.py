"""The working calendar from the console, from a file and from the command line."""

from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
import world
from click.testing import Result
from console import Console, console
from flask import Flask
from flask.testing import FlaskClient

from server.db import read
from server.standards.calendars import calendar_of
from server.standards.timing import Calendar

FILE = "日期,类型,名称\n2027-02-06,放假,春节\n2027-02-20,上班,春节调休\n2027-02-31,放假,\n2027-05-01,或许,\n"


@pytest.fixture
def city(app: Flask) -> world.World:
    return world.city(app)


@pytest.fixture
def desk(app: Flask, city: world.World) -> Console:
    return console(app, city.admin)


def calendar(app: Flask, city: world.World) -> Calendar:
    with app.app_context():
        return read(calendar_of, city.street_id)


def worked(app: Flask, city: world.World, *days: str) -> list[bool]:
    known = calendar(app, city)
    return [known.is_workday(date.fromisoformat(day)) for day in days]


def of(city: world.World) -> dict[str, str]:
    return {"agency": str(city.city_id), "year": "2027"}


def test_the_page_shows_the_year_and_warns_of_unknown_holidays(desk: Console, city: world.World) -> None:
    page = desk.text("/standards/calendar?year=2026")
    assert "248 working days" in page
    assert "Spring Festival: make-up day" in page
    assert "Nobody has told" not in page
    assert "Nobody has told the holidays of 2031 yet" in desk.text("/standards/calendar?year=2031")


def test_the_page_sets_a_day_and_takes_it_back(app: Flask, desk: Console, city: world.World) -> None:
    desk.post("/standards/calendar/day", day="2027-03-03", workday="rest", name="停工日", **of(city))
    assert worked(app, city, "2027-03-03") == [False]
    assert "停工日" in desk.text("/standards/calendar?year=2027")
    desk.post("/standards/calendar/day", day="2027-03-03", workday="clear", **of(city))
    assert worked(app, city, "2027-03-03") == [True]


def test_the_page_sets_hours_and_takes_them_back(app: Flask, desk: Console, city: world.World) -> None:
    sent = {
        "valid_from": "2026-05-01",
        "periods": "9:00-12:00，13:00-17:30",
        "work_day_policy": "end_of_day",
        **of(city),
    }
    desk.post("/standards/calendar/hours", **sent)
    (summer,) = calendar(app, city).later
    assert ([str(one) for one in summer.periods], summer.work_day_policy) == (
        ["09:00-12:00", "13:00-17:30"],
        "end_of_day",
    )
    assert "09:00-12:00, 13:00-17:30" in desk.text("/standards/calendar")
    desk.post("/standards/calendar/hours/clear", valid_from="2026-05-01", **of(city))
    assert calendar(app, city).later == ()


@pytest.mark.parametrize(
    ("action", "fields", "told"),
    [
        ("day", {"day": "soon", "workday": "rest"}, "is no date"),
        ("day", {"day": "2027-03-03", "workday": "maybe"}, "neither"),
        ("hours", {"valid_from": "2027-03-03", "periods": "8-12", "work_day_policy": "hours"}, "are no hours"),
        ("hours", {"valid_from": "2027-03-03", "periods": "08:00-12:00"}, "Choose one."),
        ("hours/clear", {"valid_from": "2027-03-03"}, "no hours that begin"),
        ("import", {}, "first row"),
    ],
)
def test_the_page_says_what_it_does_not_take(
    desk: Console, city: world.World, action: str, fields: dict[str, str], told: str
) -> None:
    assert desk.post(f"/standards/calendar/{action}", **fields, **of(city)).status_code == 303
    assert told in desk.text("/standards/calendar")


def test_a_file_from_the_page_names_its_bad_rows(app: Flask, desk: Console, city: world.World) -> None:
    sent = {"csrf_token": desk.csrf_token(), "file": (BytesIO(FILE.encode()), "2027.csv"), **of(city)}
    desk.client.post("/standards/calendar/import", data=sent, content_type="multipart/form-data")
    page = desk.text("/standards/calendar?year=2027")
    assert "2 days have changed." in page
    assert "2 rows were not taken: row 4, day: '2027-02-31' is no date" in page
    assert worked(app, city, "2027-02-06", "2027-02-20") == [False, True]


def test_a_reader_sees_no_forms_and_a_stranger_no_page(app: Flask, city: world.World) -> None:
    reader = console(app, city.dispatcher)
    assert "/standards/calendar/day" not in reader.text("/standards/calendar")
    reader.post("/standards/calendar/day", day="2027-03-03", workday="rest", **of(city))
    assert worked(app, city, "2027-03-03") == [True]
    assert app.test_client().get("/standards/calendar").status_code == 302


def test_a_town_does_not_open_another_agencys_page(app: Flask, city: world.World) -> None:
    town = console(app, city.town_admin)
    assert town.get("/standards/calendar").status_code == 200
    assert town.get(f"/standards/calendar?agency={city.city_id}").status_code == 404


def test_the_api_takes_a_file_and_reports(app: Flask, client: FlaskClient, city: world.World) -> None:
    admin = world.signed_in(client, city.admin)

    def send(content: str, kind: str = "text/csv") -> tuple[int, dict[str, object]]:
        answer = client.post("/api/v1/calendar/import", data=content.encode(), content_type=kind, headers=admin)
        return answer.status_code, answer.get_json()

    status, report = send(FILE)
    assert (status, report["read"], report["changed"]) == (200, 2, 2)
    assert [(row["row"], row["column"]) for row in report["bad_rows"]] == [(4, "day"), (5, "workday")]  # type: ignore[attr-defined, index]  # JSON
    assert send(FILE)[1]["changed"] == 0
    assert send("no heading")[0] == 422
    assert send(FILE, "application/json")[0] == 415
    other = {"agency_id": str(city.city_id)}
    town = world.signed_in(client, city.town_admin)
    refused = client.post(
        "/api/v1/calendar/import", data=FILE, content_type="text/csv", query_string=other, headers=town
    )
    assert refused.status_code == 404


def flask(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["calendar", *arguments])


def test_the_command_line_imports_a_file_with_a_report(app: Flask, city: world.World, tmp_path: Path) -> None:
    file = tmp_path / "2027.csv"
    file.write_text(FILE, encoding="gb18030")
    rehearsed = flask(app, "import", str(file), "--dry-run")
    assert (rehearsed.exit_code, "row 5, workday" in rehearsed.output) == (1, True)
    assert worked(app, city, "2027-02-20") == [False]
    done = flask(app, "import", str(file))
    assert done.exit_code == 1
    assert "2 days read, 2 rows are bad." in done.output
    assert "2 days have changed." in done.output
    assert worked(app, city, "2027-02-20") == [True]


def test_the_command_line_sets_days_and_hours_and_shows_them(app: Flask, city: world.World) -> None:
    assert flask(app, "set", "2027-03-03", "rest", "--name", "停工日", "--agency", "001").exit_code == 0
    assert worked(app, city, "2027-03-03") == [False]
    assert flask(app, "hours", "09:00-17:00", "--from", "2027-01-01", "--policy", "end_of_day").exit_code == 0
    shown = flask(app, "show", "--year", "2027", "--agency", "001").output
    assert "2027-03-03" in shown
    assert "09:00-17:00, policy end_of_day, from 2027-01-01 at 澄浦市" in shown
    assert "2027-03-03" not in flask(app, "show", "--year", "2027").output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("set", "soon", "rest"), "is no date"),
        (("set", "2027-03-03", "maybe"), "neither"),
        (("hours", "8-12", "--from", "2027-01-01"), "are no hours"),
        (("show", "--agency", "XX"), "at the top stand: 990101"),
    ],
)
def test_the_command_line_says_what_it_does_not_take(
    app: Flask, city: world.World, arguments: tuple[str, ...], told: str
) -> None:
    refused = flask(app, *arguments)
    assert refused.exit_code != 0
    assert told in refused.output
