"""Case numbers are issued at filing only, without gaps or doubles, also when many desks file at once."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from street import Street, street

import server.standards
from server.clock import now
from server.db import read, transact
from server.standards.operations import load_scheme
from server.standards.queries import CategoryKey, categories, category_names

SCHEME = Path(server.standards.__file__).parent / "schemes/gbt30428_2_2013.json"


@pytest.fixture
def town(app: Flask, client: FlaskClient) -> Street:
    return street(app, client)


def today() -> str:
    return now().astimezone(ZoneInfo("Asia/Shanghai")).strftime("%Y%m%d")


def test_a_reported_case_has_no_number_and_a_filed_one_keeps_its_own(town: Street) -> None:
    case_id = town.report()
    assert town.case(case_id)["case_no"] is None
    filed = town.act(case_id, "file").json
    assert filed["case_no"] in {f"990101{today()}00001", f"990101{filed['filed_at'][:10].replace('-', '')}00001"}
    town.act(case_id, "dispatch", squad_id=town.city.street_squad_id)
    assert town.case(case_id)["case_no"] == filed["case_no"]


def test_a_refused_filing_uses_up_no_number(town: Street) -> None:
    first, second = town.report(), town.report()
    town.act(first, "file")
    assert town.act(first, "file").status_code == 409
    assert town.act(second, "file").json["case_no"].endswith("00002")


def test_eight_desks_that_file_at_once_get_eight_numbers_in_a_row(town: Street) -> None:
    cases = [town.report() for _ in range(8)]

    def file(case_id: UUID) -> str:
        answer = town.app.test_client().post(
            f"/api/v1/cases/{case_id}/actions", json={"action": "file"}, headers=town.desk
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json["case_no"])

    with ThreadPoolExecutor(8) as desks:
        numbers = sorted(desks.map(file, cases))
    assert [number[-5:] for number in numbers] == [f"{place:05d}" for place in range(1, 9)]


def test_two_desks_that_file_one_case_at_once_file_it_once(town: Street) -> None:
    case_id = town.report()

    def file(_desk: int) -> int:
        body = {"action": "file"}
        return town.app.test_client().post(f"/api/v1/cases/{case_id}/actions", json=body, headers=town.desk).status_code

    with ThreadPoolExecutor(4) as desks:
        assert sorted(desks.map(file, range(4))) == [200, 409, 409, 409]


def test_a_filed_case_keeps_the_version_of_the_scheme_it_was_filed_under(town: Street) -> None:
    scheme = json.loads(SCHEME.read_text(encoding="utf-8"))
    with town.app.app_context():
        assert transact(load_scheme, scheme) == transact(load_scheme, scheme) == 132
    case_id = town.report()
    filed = town.act(case_id, "file").json
    assert filed["standard_version"] == "2013-observed"
    assert filed["category"]["name"] == "暴露生活垃圾"
    with town.app.app_context():
        transact(load_scheme, scheme | {"version": "2099"})
    assert town.case(case_id)["standard_version"] == "2013-observed"


def test_a_code_that_no_scheme_knows_is_left_without_a_name(town: Street) -> None:
    with town.app.app_context():
        transact(load_scheme, json.loads(SCHEME.read_text(encoding="utf-8")))
        keys = [
            CategoryKey("gbt30428_2_2013", "0406"),
            CategoryKey("gbt30428_2_2013", "9999"),
            CategoryKey("x", "0406"),
        ]
        assert {key.code: name.name for key, name in read(category_names, keys).items()} == {"0406": "占道经营"}
        assert len(read(categories, "gbt30428_2_2013")) == 132
        assert read(categories, "x") == {}
