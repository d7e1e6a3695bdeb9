"""Legal hold: who places and releases one, what it says on the case's page and in the custody record."""

from uuid import uuid4

import pytest
import world
from console import console
from flask import Flask
from flask.testing import FlaskClient
from street import Street, street
from support.custody import told


@pytest.fixture
def town(app: Flask, client: FlaskClient) -> Street:
    return street(app, client)


@pytest.fixture
def clerk(town: Street) -> dict[str, str]:
    return world.signed_in(town.client, town.city.reviewer)


def test_a_hold_is_placed_and_released_with_reasons_that_stay(town: Street, clerk: dict[str, str]) -> None:
    case_id = town.report("near")
    url = f"/api/v1/cases/{case_id}/holds"
    placed = town.client.post(url, json={"reason": "asked for by the court"}, headers=clerk)
    assert placed.status_code == 201
    release = f"{url}/{placed.json['id']}/release"
    assert town.client.post(release, json={"reason": "the case is over"}, headers=clerk).status_code == 204
    (hold,) = town.client.get(url, headers=town.desk).json["holds"]
    assert (hold["reason"], hold["release_reason"]) == ("asked for by the court", "the case is over")
    assert (hold["placed_by"], hold["released_by"]) == (str(town.city.reviewer.id),) * 2
    assert town.case(case_id)["holds"] == [hold]
    assert [one["reason"] for one in told(town.app, "case", case_id, "held")] == ["asked for by the court"]
    assert [one["reason"] for one in told(town.app, "case", case_id, "released")] == ["the case is over"]
    assert [line["action"] for line in town.case(case_id)["timeline"]][-2:] == ["hold", "release_hold"]


def test_a_hold_is_released_once_and_only_on_its_own_case(town: Street, clerk: dict[str, str]) -> None:
    case_id, other_id = town.report("near"), town.report("far")
    url = f"/api/v1/cases/{case_id}/holds"
    hold_id = town.client.post(url, json={"reason": "court"}, headers=clerk).json["id"]
    why = {"reason": "over"}
    elsewhere = f"/api/v1/cases/{other_id}/holds/{hold_id}/release"
    assert town.client.post(elsewhere, json=why, headers=clerk).status_code == 404
    assert town.client.get(url, headers=town.desk).json["holds"][0]["released_at"] is None
    assert town.client.post(f"{url}/{hold_id}/release", json=why, headers=clerk).status_code == 204
    assert town.client.post(f"{url}/{hold_id}/release", json=why, headers=clerk).status_code == 409
    assert town.client.post(f"{url}/{uuid4()}/release", json=why, headers=clerk).status_code == 404


def test_only_who_may_holds_within_scope_and_with_a_reason(town: Street, clerk: dict[str, str]) -> None:
    case_id = town.report("near")
    url = f"/api/v1/cases/{case_id}/holds"
    assert town.client.post(url, json={"reason": "court"}, headers=town.desk).status_code == 403
    assert town.client.post(url, json={"reason": "  "}, headers=clerk).status_code == 422
    assert (
        town.client.post(f"/api/v1/cases/{uuid4()}/holds", json={"reason": "court"}, headers=clerk).status_code == 404
    )


def test_the_page_of_the_case_places_and_releases(town: Street) -> None:
    case_id = town.report("near")
    desk = console(town.app, town.city.supervisor)
    desk.post(f"/cases/{case_id}/holds", reason="asked for by the court")
    assert "asked for by the court" in desk.text(f"/cases/{case_id}")
    (hold,) = town.case(case_id)["holds"]
    desk.post(f"/cases/{case_id}/holds", hold_id=hold["id"], reason="the case is over")
    assert "the case is over" in desk.text(f"/cases/{case_id}")
    assert "Place a hold" not in console(town.app, town.city.dispatcher).text(f"/cases/{case_id}")
