"""/required-shots: what a case of a class needs before it can be closed, on the case's page and at the gate."""

import json
from pathlib import Path
from typing import Any

import pytest
import world
from console import console
from flask import Flask
from flask.testing import FlaskClient
from street import Street, declared, sha256_of, street
from support.custody import told
from werkzeug.test import TestResponse

from server.db import transact
from server.evidence.rules import Stage
from server.gateway.payloads import PhotoShape
from server.standards.operations import load_scheme
from server.standards.rules import ROLES, STAGES

FILE = Path(__file__).parents[2] / "server/standards/schemes/gbt30428_2_2013.json"
SCHEME, VERSION, CODE = "gbt30428_2_2013", "2013-observed", "0110"
AFTER = {"stage": "disposal", "role": "after", "count": 1}
NEAR = {"stage": "report", "role": "near", "count": 1}
CHECK = {"stage": "check", "role": "check", "count": 1}


@pytest.fixture
def scheme() -> dict[str, Any]:
    read_: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return read_


@pytest.fixture
def town(app: Flask, client: FlaskClient, scheme: dict[str, Any]) -> Street:
    built = street(app, client)
    with app.app_context():
        transact(load_scheme, scheme)
    return built


@pytest.fixture
def admin(town: Street) -> dict[str, str]:
    return world.signed_in(town.client, town.city.admin)


def put(town: Street, headers: dict[str, str], *shots: dict[str, object], **of: str) -> TestResponse:
    body = {"scheme": SCHEME, "version": VERSION, "code": CODE, "shots": list(shots), **of}
    return town.client.put("/api/v1/required-shots", json=body, headers=headers)


def classes(town: Street) -> dict[str, list[dict[str, object]]]:
    found = town.client.get("/api/v1/required-shots", headers=town.desk).json["classes"]
    return {one["code"]: one["shots"] for one in found}


def to_check(town: Street, *after: str, reported: tuple[str, ...] = ()) -> Any:  # noqa: ANN401 (a case's id)
    case_id, task_id = town.dispatched(*reported)
    town.answer(task_id, "done", photos=declared(*after, role="after"))
    town.upload(*after, handset=town.enforcer)
    town.act(case_id, "send_check")
    town.answer(town.task(case_id, "disposal_check"), "done", who=town.city.collector, result="passed")
    return case_id


def test_the_words_for_stages_and_roles_are_those_of_evidence() -> None:
    assert tuple(STAGES) == tuple(Stage)
    assert list(ROLES) == PhotoShape().fields["role"].validate.choices  # type: ignore[union-attr]  # marshmallow's OneOf


def test_the_scheme_brings_what_always_was_required(town: Street) -> None:
    assert classes(town) == {"": [AFTER]}


def test_a_case_is_closed_once_the_class_has_what_it_requires(town: Street, admin: dict[str, str]) -> None:
    assert put(town, admin, AFTER | {"count": 2}).status_code == 200
    case_id = to_check(town, "after 1")
    refused = town.act(case_id, "close", reason="it looks fine")
    assert (refused.status_code, refused.json["type"].rpartition("/")[2]) == (409, "evidence-missing")
    assert refused.json["shots"] == [AFTER | {"count": 2, "present": 1, "lacking": 1, "missing": []}]
    put(town, admin)
    assert town.act(case_id, "close").status_code == 200


def test_the_page_of_a_case_says_what_is_here_on_its_way_and_lacking(town: Street, admin: dict[str, str]) -> None:
    put(town, admin, AFTER | {"count": 3}, NEAR)
    case_id, task_id = town.dispatched("near")
    town.answer(task_id, "done", photos=declared("after 1", "after 2", role="after"))
    town.upload("after 1", handset=town.enforcer)
    near, after = town.case(case_id)["checklist"]
    assert (near["stage"], near["present"], near["lacking"], near["complete"]) == ("report", 0, 0, False)
    assert near["missing"] == [{"sha256": sha256_of("near"), "install_id": str(town.collector.install_id)}]
    assert (after["present"], after["lacking"], len(after["missing"])) == (1, 1, 1)


def test_only_the_current_round_of_a_disposal_counts(town: Street) -> None:
    case_id = to_check(town, "after 1")
    assert town.case(case_id)["checklist"][0]["complete"]
    town.act(case_id, "redo", reason="half of it is still there")
    assert town.case(case_id)["checklist"][0] == AFTER | {"present": 0, "lacking": 1, "missing": [], "complete": False}


@pytest.mark.parametrize("shot", [NEAR, CHECK])
def test_a_reason_stands_in_for_a_moment_that_is_over(
    town: Street, admin: dict[str, str], shot: dict[str, object]
) -> None:
    put(town, admin, AFTER, shot)
    case_id = to_check(town, "after 1")
    refused = town.act(case_id, "close")
    assert [one["stage"] for one in refused.json["shots"]] == [shot["stage"]]
    assert town.act(case_id, "close", reason="reported by telephone").status_code == 200


def test_a_class_of_its_own_follows_all_classes_where_it_says_nothing(town: Street, admin: dict[str, str]) -> None:
    assert put(town, admin, NEAR).status_code == 200
    case_id, _task_id = town.dispatched()
    assert [one["stage"] for one in town.case(case_id)["checklist"]] == ["report", "disposal"]


def test_loading_the_scheme_again_keeps_what_the_city_has_set(
    town: Street, admin: dict[str, str], scheme: dict[str, Any]
) -> None:
    put(town, admin, AFTER, NEAR, code="")
    with town.app.app_context():
        transact(load_scheme, scheme)
    assert classes(town) == {"": [NEAR, AFTER]}


def test_setting_is_recorded_with_what_was_before(town: Street, admin: dict[str, str]) -> None:
    put(town, admin, NEAR)
    put(town, admin, NEAR | {"count": 2})
    (_first, second) = told(town.app, "standard", SCHEME, "required_shots_set")
    assert (second["code"], second["before"], second["shots"]) == (CODE, [NEAR], [NEAR | {"count": 2}])


@pytest.mark.parametrize(
    ("shots", "of", "field"),
    [
        ([], {"code": ""}, "shots"),
        ([NEAR, NEAR], {}, "shots"),
        ([NEAR], {"code": "9999"}, "code"),
        ([NEAR | {"count": 21}], {}, "shots.0.count"),
        ([NEAR | {"role": "sideways"}], {}, "shots.0.role"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(
    town: Street, admin: dict[str, str], shots: list[dict[str, object]], of: dict[str, str], field: str
) -> None:
    refused = put(town, admin, *shots, **of)
    assert (refused.status_code, list(refused.json["errors"])) == (422, [field])


def test_an_unknown_version_is_not_found(town: Street, admin: dict[str, str]) -> None:
    assert put(town, admin, NEAR, version="1999").status_code == 404


def test_only_the_top_administrator_sets_and_every_desk_reads(town: Street, admin: dict[str, str]) -> None:
    assert put(town, town.desk, NEAR).status_code == 403
    below = world.signed_in(town.client, town.city.town_admin)
    assert put(town, below, NEAR).status_code == 403
    assert town.client.get("/api/v1/required-shots", headers=admin).status_code == 200


def test_the_page_sets_one_shot_and_takes_it_off(town: Street) -> None:
    desk = console(town.app, town.city.admin)
    of = {"scheme": SCHEME, "version": VERSION, "code": CODE, "stage": "check", "role": "check"}
    assert "All other classes" in desk.text("/required-shots")
    desk.post("/required-shots", count="2", **of)
    assert classes(town)[CODE] == [CHECK | {"count": 2}]
    desk.post("/required-shots", count="0", **of)
    assert CODE not in classes(town)
