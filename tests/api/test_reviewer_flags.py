"""A reviewer's own flag: shown with its reason, kept apart from those that the machine works out, taken back."""

from uuid import UUID, uuid4

import pytest
import world
from console import console
from flask import Flask
from flask.testing import FlaskClient
from street import Street, street
from support.custody import told
from support.showing import show
from werkzeug.test import TestResponse

from server.casework.jobs import sweep_flags


@pytest.fixture
def town(app: Flask, client: FlaskClient) -> Street:
    built = street(app, client)
    built.report("near")
    built.upload("near")
    show(app, "near")
    return built


@pytest.fixture
def reviewer(town: Street) -> dict[str, str]:
    return world.signed_in(town.client, town.city.reviewer)


@pytest.fixture
def shot_id(town: Street) -> UUID:
    (shot,) = town.client.get("/api/v1/evidence", headers=town.desk).json["evidence"]
    return UUID(shot["id"])


def flag(town: Street, headers: dict[str, str], shot_id: UUID, reason: str) -> TestResponse:
    return town.client.put(f"/api/v1/evidence/{shot_id}/flag", json={"reason": reason}, headers=headers)


def flags(town: Street) -> list[tuple[str, object]]:
    (shot,) = town.client.get("/api/v1/evidence", headers=town.desk).json["evidence"]
    return [(one["kind"], one["facts"].get("reason")) for one in shot["flags"] if one["kind"] == "reviewer"]


def test_a_flag_stays_while_the_machine_works_out_its_own(
    town: Street, reviewer: dict[str, str], shot_id: UUID
) -> None:
    assert flag(town, reviewer, shot_id, "the sign looks painted").status_code == 204
    with town.app.app_context():
        sweep_flags.run()
    assert flags(town) == [("reviewer", "the sign looks painted")]


def test_the_last_reason_is_shown_and_every_one_recorded(town: Street, reviewer: dict[str, str], shot_id: UUID) -> None:
    flag(town, reviewer, shot_id, "the sign looks painted")
    flag(town, reviewer, shot_id, "the shadow is wrong")
    assert flags(town) == [("reviewer", "the shadow is wrong")]
    url = f"/api/v1/evidence/{shot_id}/flag"
    assert [town.client.delete(url, headers=reviewer).status_code for _ in range(2)] == [204, 204]
    assert flags(town) == []
    reasons = [one["reason"] for one in told(town.app, "evidence", shot_id, "flagged")]
    assert reasons == ["the sign looks painted", "the shadow is wrong"]
    assert len(told(town.app, "evidence", shot_id, "unflagged")) == 1


def test_only_reviewers_flag_with_a_reason_within_their_scope(
    town: Street, reviewer: dict[str, str], shot_id: UUID
) -> None:
    assert flag(town, town.desk, shot_id, "odd").status_code == 403
    assert flag(town, reviewer, shot_id, "  ").status_code == 422
    assert flag(town, reviewer, uuid4(), "odd").status_code == 404


def test_the_page_flags_and_takes_back(town: Street, shot_id: UUID) -> None:
    desk = console(town.app, town.city.reviewer)
    desk.post(f"/evidence/{shot_id}/flag", reason="the sign looks painted")
    assert "the sign looks painted" in desk.text(f"/evidence/{shot_id}")
    desk.post(f"/evidence/{shot_id}/unflag")
    assert "the sign looks painted" not in desk.text(f"/evidence/{shot_id}")
    assert flags(town) == []
