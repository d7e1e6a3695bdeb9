"""Alarms: counted while open, cleared by a person of the whole deployment, opened again by their cause."""

import pytest
import world
from console import console
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from support.field import refused

from server.db import read, transact
from server.ledger.alarms import NAMES, OpenAlarm, open_alarms, raise_alarm
from server.ledger.queries import custody_of

ALARMS = "/api/v1/alarms"


def alarm(app: Flask, subject: str = "install:1", **facts: object) -> None:
    with app.app_context():
        transact(raise_alarm, "item_gap", subject, facts)


def opened(app: Flask) -> list[OpenAlarm]:
    with app.app_context():
        return read(open_alarms)


def test_an_alarm_is_counted_and_carries_its_last_facts(app: Flask) -> None:
    for first in (41, 57):
        alarm(app, first=first)
    (only,) = opened(app)
    assert (only.name, only.subject, only.count, only.facts) == ("item_gap", "install:1", 2, {"first": 57})
    assert only.meaning == NAMES["item_gap"]
    assert only.first_at <= only.last_at


def test_an_alarm_is_undone_with_the_transaction_that_raised_it(app: Flask) -> None:
    def failing(session: Session) -> None:
        raise_alarm(session, "item_gap", "install:1", {})
        raise LookupError

    with app.app_context(), pytest.raises(LookupError):
        transact(failing)
    assert opened(app) == []


def test_a_name_that_is_no_alarm_is_refused(app: Flask) -> None:
    with app.app_context(), pytest.raises(ValueError, match="is no alarm"):
        transact(raise_alarm, "something", "install:1", {})


def test_facts_may_hold_what_no_database_takes(app: Flask) -> None:
    alarm(app, "\0\ud800" + "x" * 500, text="\ud800\0")
    (only,) = opened(app)
    assert only.facts == {"text": "\ud800\0"}
    assert only.subject == "??" + "x" * 158


def test_a_cleared_alarm_opens_again_and_counts_from_one(app: Flask, client: FlaskClient, city: world.World) -> None:
    for _ in range(3):
        alarm(app)
    admin = world.signed_in(client, city.admin)
    named = {"name": "item_gap", "subject": "install:1"}
    for _ in range(2):
        assert client.post(f"{ALARMS}/clear", json=named, headers=admin).status_code == 204
    assert client.get(ALARMS, headers=admin).json == {"items": [], "open": {}}
    with app.app_context():
        (cleared,) = read(custody_of, ("alarm", "item_gap"))
    assert (cleared.kind, cleared.actor_id) == ("alarm_cleared", city.admin.id)
    alarm(app)
    listed = client.get(ALARMS, headers=admin).get_json()
    assert [(row["subject"], row["count"]) for row in listed["items"]] == [("install:1", 1)]
    assert listed["open"] == {"item_gap": 1}


def test_only_the_top_agency_reads_and_only_its_administrator_clears(
    app: Flask, client: FlaskClient, city: world.World
) -> None:
    alarm(app)
    named = {"name": "item_gap", "subject": "install:1"}
    for person, reads, clears in (
        (city.admin, 200, 204),
        (city.supervisor, 200, 403),
        (city.town_admin, 403, 403),
        (city.reviewer, 403, 403),
    ):
        headers = world.signed_in(client, person)
        assert client.get(ALARMS, headers=headers).status_code == reads, person.login
        assert client.post(f"{ALARMS}/clear", json=named, headers=headers).status_code == clears, person.login


def test_an_alarm_that_never_was_cannot_be_cleared(client: FlaskClient, city: world.World) -> None:
    admin = world.signed_in(client, city.admin)
    never = {"name": "item_gap", "subject": "install:2"}
    refused(client.post(f"{ALARMS}/clear", json=never, headers=admin), 404, "not-found")
    unsound = {**never, "subject": "\0"}
    refused(client.post(f"{ALARMS}/clear", json=unsound, headers=admin), 422, "validation")
    wrong = {"name": "nonsense", "subject": "install:2"}
    refused(client.post(f"{ALARMS}/clear", json=wrong, headers=admin), 422, "validation")


def test_the_page_shows_and_clears_an_alarm(app: Flask, city: world.World) -> None:
    alarm(app, "install:<b>", first=41)
    browser = console(app, city.admin)
    page = browser.get("/alarms")
    assert page.status_code == 200
    assert "install:&lt;b&gt;" in page.text
    assert "bring its handset to a place with signal" in page.text
    assert browser.post("/alarms/clear", name="item_gap", subject="install:<b>").status_code == 303
    assert "No alarm is open." in browser.text("/alarms")
    assert "button" not in console(app, city.supervisor).text("/alarms").partition("<main")[2]


def test_the_page_speaks_chinese(app: Flask, city: world.World) -> None:
    alarm(app)
    browser = console(app, city.admin)
    browser.client.set_cookie("lang", "zh_Hans_CN")
    assert "未消除" not in browser.text("/alarms")
    assert "请把该移动端带到有信号的地方" in browser.text("/alarms")
