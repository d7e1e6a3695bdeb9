"""Cases that come to a desk: registered once, in the loop like any other, and on no handset as a report."""

from typing import Any
from uuid import UUID, uuid4

import pytest
import world
from console import console
from flask import Flask
from flask.testing import FlaskClient
from street import Street, street
from support.databases import ON_SQLITE_ONLY
from support.stations import Stations, unit_account
from werkzeug.test import TestResponse

from server.casework.rules import State
from server.db import transact
from server.standards.operations import load_scheme
from server.standards.shipped import read_shipped

CALL: dict[str, Any] = {
    "source": "hotline",
    "category": {"scheme": "gbt30428_2_2013", "code": "0110"},
    "description": "市民来电：人民路有垃圾",
    "position": {"lon": 121.4737, "lat": 31.2304, "crs": "gcj02"},
    "address": "人民路12号",
}


@pytest.fixture
def town(app: Flask, client: FlaskClient) -> Street:
    made = street(app, client)
    with app.app_context():
        transact(load_scheme, read_shipped("gbt30428_2_2013"))
    return made


def register(town: Street, who: world.Person | None = None, **changed: object) -> TestResponse:
    headers = world.signed_in(town.app.test_client(), who or town.city.acceptance)
    return town.client.post("/api/v1/cases", json={**CALL, **changed}, headers=headers)


def test_a_registered_case_enters_the_loop_with_its_clock_and_its_place_in_the_legal_system(town: Street) -> None:
    made = register(town)
    assert made.status_code == 201, made.text
    page = town.case(UUID(made.json["id"]))
    assert (page["state"], page["source"], page["address"]) == ("reported", "hotline", "人民路12号")
    assert page["position"] == {"lon": 121.4737, "lat": 31.2304, "crs": "gcj02", "accuracy_m": None}
    assert [(one["stage"], one["wording"]) for one in page["clocks"]] == [("acceptance", "0.25 emergency_hour")]
    assert page["timeline"][0]["facts"] == {"source": "hotline"}
    assert town.act(UUID(page["id"]), "file").status_code == 200


def test_registering_twice_under_one_id_makes_one_case(town: Street) -> None:
    own = str(uuid4())
    first, again = register(town, id=own), register(town, id=own, description="something else")
    assert (again.status_code, again.json["id"], again.json["version"]) == (201, own, first.json["version"])
    assert register(town, town.city.dispatcher, id=own).status_code == 404


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"source": "rumour"}, "source"),
        ({"category": {"scheme": "gbt30428_2_2013", "code": "9999"}}, "category"),
        ({"description": "  "}, "description"),
        ({"position": {"lon": 200, "lat": 0, "crs": "wgs84"}}, "position.lon"),
        ({"position": {"lon": 1, "lat": 1, "crs": "mars"}}, "position.crs"),
        ({"seen_at": "2090-01-01T00:00:00Z"}, "seen_at"),
        ({"agency_id": str(UUID(int=1))}, "agency_id"),
    ],
)
def test_what_cannot_be_registered_is_named(town: Street, changed: dict[str, object], field: str) -> None:
    refused = register(town, **changed)
    assert (refused.status_code, list(refused.json["errors"])) == (422, [field])


def test_only_who_files_cases_registers_them(town: Street) -> None:
    assert register(town, town.city.reviewer).status_code == 403


def test_somebody_in_the_field_must_be_named_to_look_at_what_nobody_reported_from_there(town: Street) -> None:
    case_id = UUID(register(town).json["id"])
    refused = town.act(case_id, "verify")
    assert (refused.status_code, refused.json["lacks"], list(refused.json["errors"])) == (
        422,
        "officer",
        ["officer_id"],
    )
    collector = town.city.collector
    assert town.act(case_id, "verify", officer_id=collector.id, instructions="door 12").json["state"] == "verifying"
    task = town.task(case_id, "pre_filing_verification")
    seen = town.seen([f"officer:{collector.id}"], "task", task)
    assert seen is not None
    assert (seen[1]["task_kind"], seen[1]["instructions"]) == ("pre_filing_verification", "door 12")
    assert town.seen([f"officer:{town.city.acceptance.id}"], "case", case_id) is None
    town.answer(task, "done", result="not_found", who=collector)
    assert town.act(case_id, "file").json["lacks"] == "answer"
    assert town.act(case_id, "reject", reason="nothing there").json["state"] == "rejected"
    assert town.seen([f"officer:{collector.id}"], "task", task) is None


def test_a_case_is_filed_under_a_condition_of_its_class(town: Street) -> None:
    case_id = UUID(register(town).json["id"])
    refused = town.act(case_id, "file", condition_no=77)
    assert list(refused.json["errors"]) == ["condition_no"]
    filed = town.act(case_id, "file", condition_no=1)
    assert (filed.status_code, filed.json["condition_no"]) == (200, 1), filed.text


def test_the_page_registers_a_case_and_keeps_what_was_typed_when_it_is_refused(app: Flask, town: Street) -> None:
    desk = console(app, town.city.acceptance)
    typed = {
        "id": str(uuid4()),
        "source": "video",
        "category": "gbt30428_2_2013|0110",
        "description": "摄像头看到垃圾",
        "lon": "here",
        "lat": "31.2304",
        "crs": "wgs84",
        "seen_at": "2026-01-09T08:00",
    }
    refused = desk.post("/cases/new", **typed)
    assert refused.status_code == 422
    assert "摄像头看到垃圾" in refused.text
    made = desk.post("/cases/new", **{**typed, "lon": "121.4737"})
    assert made.status_code == 303, made.text
    assert town.case(UUID(typed["id"]))["captured_at"].startswith("2026-01-09T00:00:00")
    assert console(app, town.city.reviewer).get("/cases/new").status_code == 403


@ON_SQLITE_ONLY
def test_the_page_of_a_case_in_every_state_offers_its_steps(app: Flask, town: Street) -> None:
    unit = unit_account(app, town.city, "unit", town.city.street_squad_id)
    desk, of_unit = console(app, town.city.dispatcher), console(app, unit)
    for state in State:
        case_id = Stations(town).at(state)
        page = desk.text(f"/cases/{case_id}")
        for action in town.case(case_id)["actions"]:
            offered = f'name="action" value="{action}"' in page
            assert offered == (action not in {"accept", "return", "dispose"}), (state, action)
        page = of_unit.text(f"/cases/{case_id}")
        wanted = {"accept", "return", "dispose"}.intersection(town.case(case_id)["actions"])
        assert {one for one in ("accept", "return", "dispose") if f'value="{one}"' in page} == wanted, state


def test_a_unit_reads_and_handles_the_cases_of_its_squad_wherever_they_lie(app: Flask, town: Street) -> None:
    case_id = UUID(register(town).json["id"])
    unit = world.signed_in(app.test_client(), unit_account(app, town.city, "unit", town.city.street_squad_id))
    path = f"/api/v1/cases/{case_id}"
    assert town.client.get(path, headers=unit).status_code == 404
    town.act(case_id, "file")
    town.act(case_id, "dispatch", squad_id=town.city.street_squad_id)
    assert town.client.get(path, headers=unit).status_code == 200
    assert str(case_id) in {one["id"] for one in town.client.get("/api/v1/cases", headers=unit).json["cases"]}
    assert town.act(case_id, "accept", unit).json["state"] == "in_disposal"
    assert town.act(case_id, "dispose", unit).json["state"] == "disposed"
    assert [task["status"] for task in town.case(case_id)["tasks"]] == ["done"]
