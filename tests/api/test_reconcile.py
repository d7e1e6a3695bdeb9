"""Reconciliation and the digest over the wire: any mirror ends equal to what the officer may see at that moment."""

import json
import random
from collections.abc import Callable
from uuid import uuid4

import pytest
import world
from flask import Flask
from sqlalchemy import text, update
from sqlalchemy.orm import Session
from support.field import FieldHandset, answer_to, packed, photo, refused, report
from support.mirrored import RECONCILE, MirroredHandset
from support.office import Office
from werkzeug.test import TestResponse

from server.base import new_tag
from server.casework.models import Case
from server.db import read, transact
from server.identity.models import Officer
from server.identity.operations import revoke
from server.ledger.alarms import open_alarms
from server.ledger.models import Deployment, FeedMark, FeedScope
from server.ledger.purge import crowded_scopes, purge_marks

WEEDS = [["case", str(uuid4()), "0" * 16], ["task", "no uuid", "v"], ["weed", "\0", "街"], ["receipt", "r", "v"]]


def write(app: Flask, operation: Callable[[Session], object]) -> None:
    with app.app_context():
        transact(operation)


def alarms(app: Flask) -> dict[str, str]:
    with app.app_context():
        return {alarm.name: alarm.subject for alarm in read(open_alarms)}


@pytest.fixture
def mirrored(collector: FieldHandset) -> MirroredHandset:
    """Return the handset of a reporter with five cases, who has pulled nothing yet."""
    collector.push(*(collector.item(payload=report(photo(1))) for _ in range(5)))
    return MirroredHandset(collector)


def test_an_empty_mirror_is_filled_like_by_a_pull(mirrored: MirroredHandset, collector: FieldHandset) -> None:
    mirrored.reconcile(limit=2)
    other = MirroredHandset(collector)
    other.pull()
    assert mirrored.mirror.held == other.mirror.held
    assert len(mirrored.mirror.held) == 5
    assert mirrored.digests == 1
    assert mirrored.pull() == []


@pytest.mark.parametrize("limit", [1, 3, 200])
def test_a_garbage_mirror_ends_equal_to_what_can_be_seen(mirrored: MirroredHandset, limit: int) -> None:
    mirrored.pull()
    truth = dict(mirrored.mirror.held)
    for place, entity in enumerate(sorted(truth)):
        if place % 2:
            mirrored.mirror.held[entity] = "f" * 16
        elif place % 3 == 0:
            del mirrored.mirror.held[entity]
    mirrored.mirror.held |= {(kind, name): version for kind, name, version in WEEDS}
    changes = mirrored.reconcile(limit)
    assert mirrored.mirror.held == truth
    assert {change["reason"] for change in changes if change["op"] == "drop"} == {"out_of_scope"}
    assert mirrored.reconcile() == []


def test_the_digest_stays_equal_through_random_changes(
    mirrored: MirroredHandset, collector: FieldHandset, enforcer: FieldHandset, office: Office
) -> None:
    chance, squad = random.Random(7), MirroredHandset(enforcer)  # noqa: S311 (the same story every time)
    for round_no in range(12):
        case = chance.choice(office.cases())
        if case["state"] == "reported":
            office.act(case["id"], "file")
        elif case["state"] == "filed":
            office.act(case["id"], "dispatch", squad_id=str(office.city.street_squad_id))
        else:
            collector.push(collector.item(payload=report(photo(round_no + 2))))
        if chance.random() < 0.6:
            mirrored.pull(limit=chance.choice([1, 2, 200]))
            squad.pull(limit=chance.choice([1, 2, 200]))
    collector.upload(photo(1))
    for one in (mirrored, squad):
        one.pull()
        compared = one.digests
        one.pull(want_digest=True)
        assert one.digests == compared + 1
        assert one.mirror.held


def test_the_reason_is_told_only_of_what_this_officer_was_shown(
    mirrored: MirroredHandset, enforcer: FieldHandset, office: Office, city: world.World
) -> None:
    squad = MirroredHandset(enforcer)
    case_id = office.cases()[0]["id"]
    office.dispatch(case_id)
    squad.pull()
    ((_, task_id),) = squad.mirror.held
    (task,) = [change["data"] for change in squad.handset.trusted(squad.ask())["changes"]]
    enforcer.upload(photo(2))
    enforcer.push(enforcer.item("task_event", answer_to(task, "done", photo(2))))
    office.act(case_id, "send_check")
    office.act(case_id, "redo", reason="again", squad_id=str(city.town_squad_id))
    (drop,) = squad.reconcile()
    assert (drop["id"], drop["reason"]) == (task_id, "reassigned")
    guess = mirrored.ask_reconcile(manifest=[["task", task_id, "v"]], page=None).json["changes"]
    assert [change["reason"] for change in guess if change["op"] == "drop"] == ["out_of_scope"]


def test_a_reassigned_task_leaves_with_its_reason_and_does_not_come_back(
    mirrored: MirroredHandset, enforcer: FieldHandset, office: Office, city: world.World
) -> None:
    squad = MirroredHandset(enforcer)
    case_id = office.cases()[0]["id"]
    office.dispatch(case_id)
    (put,) = squad.pull()
    enforcer.upload(photo(2))
    enforcer.push(enforcer.item("task_event", answer_to(put["data"], "done", photo(2))))
    office.act(case_id, "send_check")
    office.act(case_id, "redo", reason="again", squad_id=str(city.town_squad_id))
    (drop,) = squad.pull()
    assert (drop["op"], drop["id"], drop["reason"]) == ("drop", put["id"], "reassigned")
    enforcer.push(enforcer.item("task_event", answer_to(put["data"], "started")))
    mirrored.handset.upload(photo(1))
    assert squad.pull() == []
    assert squad.reconcile() == []
    assert squad.mirror.held == {}


def test_revocation_between_two_pages_ends_the_second_with_a_wipe(
    app: Flask, city: world.World, mirrored: MirroredHandset
) -> None:
    first = mirrored.ask(limit=1).json
    page = mirrored.ask_reconcile(manifest=[], page=None, limit=1).json
    write(app, lambda session: revoke(session, world.acting(app, city.admin), mirrored.handset.enrolled.install_id))
    assert refused(mirrored.ask(first["next_cursor"]), 403, "handset-revoked")["wipe"] is True
    again = mirrored.ask_reconcile(manifest=[], page=page["next_page"])
    assert refused(again, 403, "handset-revoked")["wipe"] is True
    assert "Answer-MAC" in again.headers
    carried = mirrored.handset.push(mirrored.handset.item(), pull={"cursor": first["next_cursor"]})["pull"]
    assert carried["problem"]["wipe"] is True


def test_after_a_purge_the_old_cursor_expires_and_reconciliation_brings_everything(
    app: Flask, mirrored: MirroredHandset, collector: FieldHandset
) -> None:
    old = mirrored.ask(limit=1).json["next_cursor"]
    mirrored.pull()
    scope = f"officer:{collector.enrolled.officer_id}"
    with app.app_context():
        assert read(crowded_scopes, 2) == [scope]
        assert read(crowded_scopes, 5) == []
        assert transact(purge_marks, scope, 2) == 3
        assert transact(purge_marks, scope, 2) == 0
    assert mirrored.pull() == [], "a cursor at the end has lost nothing"
    assert refused(mirrored.ask(old), 410, "reconcile-required")["reason"] == "expired"
    fresh = MirroredHandset(collector)
    assert refused(fresh.ask(), 410, "reconcile-required")["reason"] == "expired"
    fresh.reconcile(limit=2)
    assert fresh.mirror.held == mirrored.mirror.held
    collector.push(collector.item())
    assert len(fresh.pull()) == 1


def test_a_void_page_token_says_why(app: Flask, mirrored: MirroredHandset, enforcer: FieldHandset) -> None:
    token = mirrored.ask_reconcile(manifest=[], page=None, limit=1).json["next_page"]

    def reason(one: MirroredHandset, page: str) -> str:
        told: str = refused(one.ask_reconcile(manifest=[], page=page), 410, "reconcile-required")["reason"]
        return told

    assert reason(mirrored, "nonsense") == "bad_cursor"
    assert reason(mirrored, mirrored.ask().json["next_cursor"]) == "bad_cursor"
    assert reason(MirroredHandset(enforcer), token) == "scope"
    with app.app_context():
        transact(purge_marks, f"officer:{mirrored.handset.enrolled.officer_id}", 0)
    assert mirrored.ask_reconcile(manifest=[], page=token).status_code == 200, "its heads are at the floor"
    write(app, lambda session: session.execute(update(Deployment).values(epoch="another")))
    assert reason(mirrored, token) == "epoch"


def test_a_token_from_the_future_or_below_the_floor_is_void(app: Flask, mirrored: MirroredHandset) -> None:
    token = mirrored.ask_reconcile(manifest=[], page=None, limit=1).json["next_page"]
    mirrored.handset.push(mirrored.handset.item())
    with app.app_context():
        transact(purge_marks, f"officer:{mirrored.handset.enrolled.officer_id}", 0)
    expired = mirrored.ask_reconcile(manifest=[], page=token)
    assert refused(expired, 410, "reconcile-required")["reason"] == "expired"

    def fall_back(session: Session) -> None:
        session.execute(text("DELETE FROM feed_mark"))
        session.execute(update(FeedScope).values(head=0, floor=0))

    write(app, fall_back)
    ahead = mirrored.ask_reconcile(manifest=[], page=token)
    assert refused(ahead, 410, "reconcile-required")["reason"] == "ahead"


def test_a_changed_squad_voids_the_page_token(app: Flask, city: world.World, mirrored: MirroredHandset) -> None:
    token = mirrored.ask_reconcile(manifest=[], page=None, limit=1).json["next_page"]
    moved = update(Officer).where(Officer.id == city.collector.id).values(squad_id=city.town_squad_id)
    write(app, lambda session: session.execute(moved))
    void = mirrored.ask_reconcile(manifest=[], page=token)
    assert refused(void, 410, "reconcile-required")["reason"] == "scope"


def test_a_mismatching_digest_raises_an_alarm_once_per_reconciliation(app: Flask, mirrored: MirroredHandset) -> None:
    mirrored.reconcile(limit=2)
    assert alarms(app) == {}
    mirrored.mirror.held.clear()
    mirrored.reconcile(limit=2, because="digest")
    assert alarms(app) == {"digest_mismatch": f"install:{mirrored.handset.enrolled.install_id}"}
    with app.app_context():
        assert read(open_alarms)[0].count == 1


def test_what_cannot_be_rendered_is_deferred_alarmed_and_blocks_nothing(
    app: Flask, mirrored: MirroredHandset, enforcer: FieldHandset, office: Office
) -> None:
    cases = [case["id"] for case in office.cases()]
    for case_id in cases:
        office.dispatch(case_id)
    squad = MirroredHandset(enforcer)

    def spoil(session: Session, lon: float) -> None:
        case = session.query(Case).order_by(Case.id).first()
        assert case is not None
        # As a damaged import would leave it: JSON has no form for it.
        spoilt = update(Case).where(Case.id == case.id).values(lon=lon, version=new_tag())
        session.execute(spoilt.execution_options(unmarked="a spoilt record"))

    write(app, lambda session: spoil(session, float("inf")))
    ops = [change["op"] for change in squad.pull()]
    assert sorted(ops) == ["defer", *["put"] * 4]
    (deferred,) = squad.mirror.deferred
    assert alarms(app) == {"render_failed": f"task:{deferred[1]}"}
    assert squad.pull(want_digest=True) == []
    again = MirroredHandset(enforcer)
    assert sorted(change["op"] for change in again.reconcile(limit=1)) == ["defer", *["put"] * 4]
    write(app, lambda session: spoil(session, 123.5))
    for one in (squad, again):
        assert [(change["op"], change["id"]) for change in one.pull()] == [("put", deferred[1])]
        assert len(one.mirror.held) == 5


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({}, "manifest"),
        ({"manifest": None}, "manifest"),
        ({"manifest": [["case"]]}, "manifest"),
        ({"manifest": [["case", "\ud800", "v"]]}, "manifest"),
        ({"manifest": [], "page": 7}, "page"),
        ({"manifest": [], "limit": "many"}, "limit"),
        ({"manifest": [], "limit": True}, "limit"),
    ],
)
def test_a_request_of_another_form_is_refused_with_its_field(
    mirrored: MirroredHandset, members: dict[str, object], field: str
) -> None:
    body = json.dumps(members)
    headers = mirrored.handset.headers | {"Content-Type": "application/json"}
    response = mirrored.handset.client.post(RECONCILE, data=body, headers=headers)
    assert list(refused(response, 422, "validation")["errors"]) == [field]


def test_a_body_that_is_no_object_is_refused(mirrored: MirroredHandset) -> None:
    for body in ([], 7, "x"):
        response = mirrored.handset.client.post(RECONCILE, json=body, headers=mirrored.handset.headers)
        refused(response, 400, "bad-request")


def test_the_largest_manifest_is_taken_packed_and_a_larger_one_refused(mirrored: MirroredHandset) -> None:
    mirrored.pull()
    truth = mirrored.manifest()
    entries = truth + [["case", str(uuid4()), "0" * 16] for _ in range(20_000 - len(truth))]
    headers = mirrored.handset.headers | {"Content-Type": "application/json", "Content-Encoding": "gzip"}

    def send(manifest: list[list[str]]) -> TestResponse:
        data = packed({"manifest": manifest, "page": None})
        return mirrored.handset.client.post(RECONCILE, data=data, headers=headers)

    page = mirrored.handset.trusted(send(entries))
    assert (len(page["changes"]), page["has_more"]) == (200, True)
    refused(send([*entries, ["case", "one more", "v"]]), 422, "validation")


def test_what_is_seen_decides_and_never_what_a_mark_says(app: Flask, mirrored: MirroredHandset) -> None:
    marks = update(FeedMark).values(reason="closed")
    write(app, lambda session: session.execute(marks))
    assert {change["op"] for change in mirrored.pull()} == {"put"}
