"""/evidence: the gallery, what is missing, and verdicts."""

import json
from uuid import UUID, uuid4

import pytest
import world
from flask import Flask
from flask.testing import FlaskClient
from street import Street, declared, sha256_of, street
from werkzeug.test import TestResponse

from server.db import read
from server.ledger.queries import CustodyEntry, custody_of


@pytest.fixture
def town(app: Flask, client: FlaskClient) -> Street:
    return street(app, client)


@pytest.fixture
def reviewer(town: Street) -> dict[str, str]:
    return world.signed_in(town.client, town.city.reviewer)


def gallery(town: Street, headers: dict[str, str], query: str = "") -> list[dict[str, object]]:
    response = town.client.get(f"/api/v1/evidence{query}", headers=headers)
    assert response.status_code == 200, response.text
    shots: list[dict[str, object]] = response.json["evidence"]
    return shots


def review(town: Street, headers: dict[str, str], shot: dict[str, object], **verdict: object) -> TestResponse:
    return town.client.post(f"/api/v1/evidence/{shot['id']}/review", json=verdict, headers=headers)


def slug(response: TestResponse) -> str:
    return str(response.json["type"]).rpartition("/")[2]


def custody(town: Street, subject: tuple[str, str]) -> list[CustodyEntry]:
    with town.app.app_context():
        return read(custody_of, subject)


def test_a_declared_photograph_is_expected_then_present(town: Street, reviewer: dict[str, str]) -> None:
    case_id = town.report("near")
    (shot,) = gallery(town, reviewer)
    assert (shot["owner_id"], shot["present_at"], shot["photo"]) == (str(case_id), None, None)
    town.upload("near")
    (here,) = gallery(town, reviewer)
    assert here["version"] != shot["version"]
    assert here["photo"]["facts"]["taken_at"] == "2026-11-22T08:31:02"
    assert here["photo"]["derived"] is False


def test_bytes_that_come_before_their_report_are_present_at_once(town: Street, reviewer: dict[str, str]) -> None:
    town.upload("near")
    town.report("near", "far")
    present = {shot["sha256"]: shot["present_at"] is not None for shot in gallery(town, reviewer)}
    assert present == {sha256_of("near"): True, sha256_of("far"): False}


def test_the_same_bytes_may_be_evidence_in_two_slots_and_two_cases(town: Street, reviewer: dict[str, str]) -> None:
    town.report("near", "near")
    town.report("near")
    town.upload("near")
    shots = gallery(town, reviewer)
    assert len(shots) == 3
    assert all(shot["present_at"] for shot in shots)
    review(town, reviewer, shots[0], verdict="accepted")
    assert [shot["review_state"] for shot in gallery(town, reviewer)] == ["accepted", "unreviewed", "unreviewed"]


def test_bytes_that_arrive_twice_change_nothing(town: Street, reviewer: dict[str, str]) -> None:
    town.report("near")
    town.upload("near")
    before = gallery(town, reviewer)
    town.upload("near", handset=town.enforcer)
    assert gallery(town, reviewer) == before


def test_a_verdict_is_kept_with_its_reviewer_and_can_be_taken_back(town: Street, reviewer: dict[str, str]) -> None:
    town.report("near")
    town.upload("near")
    (shot,) = gallery(town, reviewer)
    returned = review(town, reviewer, shot, verdict="returned", reason=" too dark ", version=shot["version"])
    assert returned.status_code == 200
    assert (returned.json["review_state"], returned.json["review_reason"]) == ("returned", "too dark")
    assert returned.json["reviewer_id"] == str(town.city.reviewer.id)
    undone = review(town, reviewer, shot, verdict="unreviewed", version=returned.json["version"])
    assert [undone.json[name] for name in ("review_state", "review_reason", "reviewer_id", "reviewed_at")] == [
        "unreviewed",
        None,
        None,
        None,
    ]
    events = custody(town, ("evidence", str(shot["id"])))
    assert [event.kind for event in events] == ["declared", "reviewed", "reviewed"]
    assert json.loads(events[1].facts) == {
        "before": "unreviewed",
        "verdict": "returned",
        "reason": "too dark",
        "sha256": sha256_of("near"),
    }


@pytest.mark.parametrize("reason", [None, "  "])
def test_returning_needs_a_written_reason(town: Street, reviewer: dict[str, str], reason: str | None) -> None:
    town.report("near")
    town.upload("near")
    (shot,) = gallery(town, reviewer)
    refused = review(town, reviewer, shot, verdict="returned", reason=reason)
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["reason"])


def test_a_verdict_on_what_somebody_else_has_changed_is_stale(town: Street, reviewer: dict[str, str]) -> None:
    town.report("near")
    town.upload("near")
    (shot,) = gallery(town, reviewer)
    assert review(town, reviewer, shot, verdict="accepted", version=shot["version"]).status_code == 200
    supervisor = world.signed_in(town.client, town.city.supervisor)
    refused = review(town, supervisor, shot, verdict="returned", reason="dark", version=shot["version"])
    assert (refused.status_code, slug(refused)) == (409, "stale-version")
    assert refused.json["current"]["review_state"] == "accepted"


def test_nobody_reviews_a_photograph_of_their_own(town: Street, reviewer: dict[str, str]) -> None:
    town.report("near", who=town.city.reviewer)
    town.upload("near")
    (shot,) = gallery(town, reviewer)
    refused = review(town, reviewer, shot, verdict="accepted")
    assert (refused.status_code, slug(refused)) == (403, "reviewed-own-photo")
    supervisor = world.signed_in(town.client, town.city.supervisor)
    assert review(town, supervisor, shot, verdict="accepted").status_code == 200


def test_a_photograph_that_has_not_arrived_gets_no_verdict(town: Street, reviewer: dict[str, str]) -> None:
    town.report("near")
    (shot,) = gallery(town, reviewer)
    assert slug(review(town, reviewer, shot, verdict="accepted")) == "evidence-missing"


def test_only_reviewers_judge_and_only_within_their_scope(town: Street, reviewer: dict[str, str]) -> None:
    town.report("near")
    town.upload("near")
    (shot,) = gallery(town, reviewer)
    assert review(town, town.desk, shot, verdict="accepted").status_code == 403
    assert review(town, reviewer, {"id": uuid4()}, verdict="accepted").status_code == 404
    elsewhere = world.signed_in(town.client, town.city.town_dispatcher)
    assert gallery(town, elsewhere) == []


def test_the_gallery_filters_and_pages(town: Street, reviewer: dict[str, str]) -> None:
    case_id, task_id = town.dispatched("near", "far")
    town.answer(task_id, "done", photos=declared("after", role="after"))
    town.upload("near")
    (near,) = gallery(town, reviewer, "?missing=false")
    review(town, reviewer, near, verdict="accepted")

    def hashes(query: str) -> set[object]:
        return {shot["sha256"] for shot in gallery(town, reviewer, query)}

    near_sha, far_sha, after_sha = (sha256_of(name) for name in ("near", "far", "after"))
    assert hashes("?review_state=accepted") == {near_sha}
    assert hashes("?missing=true") == {far_sha, after_sha}
    assert hashes("?stage=disposal") == {after_sha}
    assert hashes(f"?squad_id={town.city.street_squad_id}") == {after_sha}
    assert hashes(f"?case_id={case_id}&review_state=unreviewed") == {far_sha, after_sha}
    assert hashes(f"?case_id={uuid4()}") == set()
    first = town.client.get("/api/v1/evidence?limit=2", headers=reviewer).json
    rest = town.client.get(f"/api/v1/evidence?limit=2&after={first['next']}", headers=reviewer).json
    ids = [UUID(shot["id"]) for shot in first["evidence"] + rest["evidence"]]
    assert ids == sorted(ids, reverse=True)
    assert (len(ids), rest["next"]) == (3, None)


def test_missing_photographs_name_their_handset_and_officer(town: Street, reviewer: dict[str, str]) -> None:
    case_id = town.report("near", "far")
    town.upload("far")
    (missing,) = town.client.get("/api/v1/photos/missing", headers=reviewer).json["photos"]
    assert missing["sha256"] == sha256_of("near")
    assert missing["handset"] == "collector's"
    assert missing["officer"] == town.city.collector.name
    assert (missing["owner_kind"], missing["owner_id"]) == ("case", str(case_id))
    assert missing["expected_at"].endswith("Z")


def test_receiving_bytes_is_a_custody_event_of_the_photograph(town: Street) -> None:
    town.report("near")
    town.upload("near")
    (event,) = custody(town, ("photo", sha256_of("near")))
    assert (event.kind, event.install_id) == ("received", town.collector.install_id)
