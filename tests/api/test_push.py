"""Push over the wire: stored first, then interpreted, one truthful verdict per item, whatever the envelope says."""

import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
import world
from flask import Flask
from sqlalchemy import func, select
from support.field import CLOCK, FieldHandset, handset_of, packed, photo, refused, report, slug_of
from support.office import Office

from server.db import transact
from server.gateway.models import InboxItem
from server.identity.operations import revoke


@pytest.fixture
def handset(app: Flask, city: world.World) -> FieldHandset:
    return handset_of(app, city, city.collector)


def stored(office: Office) -> int:
    count: int = office.rows(lambda session: session.scalar(select(func.count()).select_from(InboxItem)))
    return count


def test_a_report_becomes_a_case_and_is_answered_with_everything_the_handset_needs(
    handset: FieldHandset, office: Office
) -> None:
    item = handset.item(payload=report(photo(1), photo(2)))
    answer = handset.push(item)
    (result,) = answer["results"]
    assert result == {
        "id": item["id"],
        "index": 0,
        "state": "applied",
        "n": 1,
        "durability": "committed",
        "case_id": result["case_id"],
        "missing_photos": [photo(1).sha256, photo(2).sha256],
    }
    assert {want["sha256"] for want in answer["photo_wants"]} == {photo(1).sha256, photo(2).sha256}
    assert answer["limits"]["max_items"] == 200
    case = office.case(result["case_id"])
    assert (case["state"], case["description"]) == ("reported", "垃圾堆放在路边")
    assert case["reporter_id"] == str(handset.enrolled.officer_id)
    assert (case["evidence_expected"], case["evidence_present"]) == (2, 0)


def test_resending_a_batch_changes_nothing_and_answers_the_present_outcome(
    handset: FieldHandset, office: Office
) -> None:
    items = [handset.item(payload=report(photo(1))), handset.item("no-such-kind")]
    first = handset.results(*items)
    handset.upload(photo(1))
    second = handset.results(*items)
    assert [result["state"] for result in second] == ["duplicate", "duplicate"]
    assert second[0]["current"] == {"state": "applied", "case_id": first[0]["case_id"]}
    assert second[1]["current"] == {"state": "waiting", "needs": first[1]["needs"]}
    assert [result["n"] for result in second] == [result["n"] for result in first]
    assert "missing_photos" in first[0]
    assert "missing_photos" not in second[0]
    assert len(office.cases()) == 1


def test_n_counts_the_installs_items_without_a_gap(handset: FieldHandset) -> None:
    first = handset.results(handset.item(), handset.item(), handset.item("no-such-kind"))
    again = handset.item()
    second = handset.results(again, "no item at all", handset.item())
    third = handset.results(again, handset.item())
    numbers = [result["n"] for result in [*first, *second, third[1]]]
    assert sorted(numbers) == [1, 2, 3, 4, 5, 6, 7]
    assert third[0]["n"] == second[0]["n"]


def test_the_same_item_twice_in_one_batch_is_applied_once(handset: FieldHandset, office: Office) -> None:
    item = handset.item()
    results = handset.results(item, item)
    assert sorted(result["state"] for result in results) == ["applied", "duplicate"]
    assert results[0]["case_id"] == results[1]["case_id"]
    assert len(office.cases()) == 1


def test_another_content_under_a_used_id_is_kept_as_a_conflict_and_changes_nothing(
    handset: FieldHandset, office: Office
) -> None:
    first = handset.item()
    assert handset.states(first) == ["applied"]
    other = handset.item(id=first["id"], payload=report(description="another"))
    for _ in range(2):
        (result,) = handset.results(other)
        assert result["state"] == "conflict"
        assert slug_of(result["problem"]) == "item-conflict"
    assert [case["description"] for case in office.cases()] == ["垃圾堆放在路边"]
    assert [item["fingerprint"] for item in office.quarantine()] == [other["h"]]
    assert handset.states(first) == ["duplicate"]


def test_two_contents_of_one_id_in_one_batch_give_one_effect_and_one_conflict(
    handset: FieldHandset, office: Office
) -> None:
    first = handset.item()
    other = handset.item(id=first["id"])
    assert sorted(handset.states(first, other)) == ["applied", "conflict"]
    assert len(office.cases()) == 1


def test_a_sound_newcomer_takes_the_place_of_an_item_that_never_took_effect(
    handset: FieldHandset, office: Office
) -> None:
    broken = handset.item(payload={"category": None})
    assert handset.states(broken) == ["quarantined"]
    repaired = handset.item(id=broken["id"])
    assert handset.states(repaired) == ["applied"]
    assert len(office.cases()) == 1
    assert handset.results(broken)[0]["current"]["state"] == "quarantined"


def test_an_item_damaged_on_its_way_is_asked_for_again_and_then_taken(handset: FieldHandset, office: Office) -> None:
    item = handset.item()
    damaged = {**item, "body": item["body"].replace("路边", "路中")}
    (result,) = handset.results(damaged)
    assert (result["state"], slug_of(result["problem"])) == ("retry", "fingerprint-mismatch")
    assert "n" not in result
    assert stored(office) == 0
    assert handset.states(item) == ["applied"]


def test_members_outside_that_nobody_knows_are_ignored(handset: FieldHandset) -> None:
    item = {**handset.item(), "future": {"member": [1, 2]}}
    assert handset.push(item, future="x", clock=None, on_handset=[1], pull=7)["results"][0]["state"] == "applied"


ADVICE: list[dict[str, Any]] = [
    {"clock": {"wall": "1996-01-01T00:00:00+08:00", "boot_id": "\0", "mono_ms": 2**63}},
    {"clock": {"wall": "9999-12-31T23:59:59-08:00", "boot_id": "\ud800" * 900, "mono_ms": -1}},
    {"clock": {"wall": "0001-01-01T00:00:00Z", "boot_id": 7, "mono_ms": 0.5}},
    {"clock": {"wall": "9999-12-31T23:59:59Z"}},
    {"on_handset": {"unsent_items": 2**70, "unsent_photos": "many", "free_mb": -1, "app": "\0\ud800"}},
    {"on_handset": {"unsent_items": "3", "unsent_photos": [None] * 5, "free_mb": 1e400, "app": "x" * 9000}},
]


def test_advice_that_cannot_be_true_never_costs_an_item(handset: FieldHandset) -> None:
    for advice in ADVICE:
        assert handset.push(handset.item(), **advice)["results"][0]["state"] == "applied", advice


def test_a_capture_at_the_edge_of_the_calendar_never_makes_a_case_unreadable(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In Shanghai the last evening of the year 9999 is already the year 10000, which no reader of the database takes.
    monkeypatch.setenv("PGTZ", "Asia/Shanghai")
    city = world.city(app)
    handset, office = handset_of(app, city, city.collector), Office(app, city)
    for wall in ("9999-12-31T20:00:00Z", "9999-12-31T23:59:59+08:00", "0001-01-01T00:00:00Z", "0001-01-01T23:00:00Z"):
        captured = {**CLOCK, "wall": wall, "boot_id": "another"}
        (result,) = handset.results(handset.item(captured=captured))
        assert result["state"] == "applied"
        assert office.case(result["case_id"])["captured_at"] is None
    assert len(office.cases()) == 4
    assert len(handset.pull()) == 4


def test_a_batch_id_of_any_kind_never_costs_an_item(handset: FieldHandset) -> None:
    for batch_id in (None, 5, "\0", "b\ud800", [], "x" * 5000):
        answer = handset.trusted(handset.post(handset.envelope([handset.item()], batch_id=batch_id)))
        assert [result["state"] for result in answer["results"]] == ["applied"], batch_id


def test_an_empty_push_reports_the_handset_and_may_carry_a_pull(handset: FieldHandset) -> None:
    answer = handset.push(pull={"cursor": None, "limit": 10})
    assert answer["results"] == []
    assert answer["pull"]["changes"] == []
    assert answer["pull"]["has_more"] is False


def test_the_pull_of_a_push_already_shows_what_the_push_brought(handset: FieldHandset) -> None:
    answer = handset.push(handset.item(), pull={"cursor": None})
    case_id = answer["results"][0]["case_id"]
    assert [(change["op"], change["id"]) for change in answer["pull"]["changes"]] == [("put", case_id)]


def test_a_pull_that_fails_never_costs_the_push_its_answer(handset: FieldHandset) -> None:
    for cursor in ("", "nonsense", "\0", "街"):
        answer = handset.push(handset.item(), pull={"cursor": cursor})
        assert answer["results"][0]["state"] == "applied"
        assert slug_of(answer["pull"]["problem"]) == "reconcile-required"
        assert answer["pull"]["problem"]["reason"] == "bad_cursor"


def test_a_pull_that_asks_for_nonsense_is_answered_as_well_as_it_can_be(handset: FieldHandset) -> None:
    wanted: list[dict[str, Any]] = [{"cursor": 5}, {"limit": "many"}, {"limit": 10**30}, {"limit": None}, {"limit": []}]
    for pull in wanted:
        assert handset.push(pull=pull)["pull"]["has_more"] is False, pull
    handset.push(handset.item(), handset.item())
    assert len(handset.push(pull={"limit": -3})["pull"]["changes"]) == 1


def test_a_gzip_push_is_taken(handset: FieldHandset) -> None:
    sent = packed(handset.envelope([handset.item(), handset.item()]))
    answer = handset.trusted(handset.post(sent, headers={"Content-Encoding": "gzip"}))
    assert [result["state"] for result in answer["results"]] == ["applied", "applied"]


def test_a_push_of_another_install_is_refused_whole(handset: FieldHandset, office: Office) -> None:
    sent = handset.envelope([handset.item()], install_id=str(uuid4()))
    refused(handset.post(sent), 400, "bad-request")
    assert stored(office) == 0


def test_what_is_no_push_is_refused_with_what_to_do(handset: FieldHandset) -> None:
    for install_id in ([], {}, 5, "\0", "\ud800"):
        refused(handset.post(handset.envelope([], install_id=install_id)), 400, "bad-request")
    for content in (b"", b"{", b"null", b"[]", b'{"items": 5}', b"\xff\xfe", b"\0", b"[" * 100_000):
        refused(handset.post(content), 400, "bad-request")


def test_another_protocol_version_is_refused(handset: FieldHandset) -> None:
    for version in (2, 0, "1", None, [], {}):
        refused(handset.post(handset.envelope([], protocol=version)), 400, "protocol-version")


def test_too_many_items_are_refused_before_anything_is_stored(handset: FieldHandset, office: Office) -> None:
    item = handset.item()
    assert "200" in refused(handset.post(handset.envelope([item] * 201)), 400, "bad-request")["detail"]
    assert stored(office) == 0


def test_a_body_over_one_mebibyte_is_refused(handset: FieldHandset) -> None:
    refused(handset.post(b" " * (1024 * 1024 + 1)), 413, "body-too-large")
    refused(handset.post(b" " * (3 * 1024 * 1024)), 413, "body-too-large")


def test_the_wrong_content_type_is_refused(handset: FieldHandset) -> None:
    found = refused(handset.post({}, headers={"Content-Type": "text/plain"}), 415, "wrong-content-type")
    assert "application/json" in found["detail"]


def test_hello_tells_limits_time_and_epoch(handset: FieldHandset) -> None:
    found = handset.client.get("/api/v1/sync/hello", headers=handset.headers)
    assert found.status_code == 200
    assert found.json["limits"]["max_item_bytes"] == 256 * 1024
    assert found.json["protocol"] == 1
    assert found.json["epoch"] == handset.push()["epoch"]


def test_a_revoked_handset_brings_its_evidence_to_quarantine_and_learns_nothing_new(
    app: Flask, city: world.World, handset: FieldHandset, office: Office
) -> None:
    known = handset.item()
    handset.push(known)
    with app.app_context():
        transact(revoke, world.acting(app, city.admin), handset.enrolled.install_id)
    late = handset.item()
    answer = handset.push(known, late, pull={"cursor": None})
    assert [result["state"] for result in answer["results"]] == ["duplicate", "quarantined"]
    assert slug_of(answer["results"][1]["problem"]) == "handset-revoked"
    assert answer["pull"]["problem"]["wipe"] is True
    assert "changes" not in answer["pull"]
    assert [item["id"] for item in office.quarantine()] == [late["id"]]
    assert refused(handset.ask_page(), 403, "handset-revoked")["wipe"] is True


def test_every_answer_is_sealed_over_its_exact_bytes(handset: FieldHandset) -> None:
    response = handset.post(handset.envelope([handset.item(payload=report(description="街面上的垃圾"))]))
    handset.trusted(response)
    assert response.headers["Answer-MAC"] != handset.post(handset.envelope([])).headers["Answer-MAC"]
    json.loads(response.data)


def test_handsets_are_told_the_limit_that_this_server_holds_for_photographs(
    app: Flask, collector: FieldHandset
) -> None:
    told = collector.push()["limits"]["max_photo_bytes"]
    assert told == app.extensions["xuncha_settings"].max_photo_bytes == 25 * 1024 * 1024
    lowered = replace(app.extensions["xuncha_settings"], max_photo_bytes=1024)
    app.extensions["xuncha_settings"], before = lowered, app.extensions["xuncha_settings"]
    try:
        assert collector.push()["limits"]["max_photo_bytes"] == 1024
        hello = collector.client.get("/api/v1/sync/hello", headers=collector.headers).json
        assert hello["limits"]["max_photo_bytes"] == 1024
    finally:
        app.extensions["xuncha_settings"] = before
