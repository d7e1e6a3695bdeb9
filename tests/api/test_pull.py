"""Pull over the wire: a delta after a cursor, pages that add up, and a clear word when the cursor is of no use."""

from collections.abc import Callable
from typing import Any

import pytest
import world
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session
from support.field import FieldHandset, answer_to, photo, refused, report
from support.office import Office

from server.db import transact
from server.identity.models import Officer
from server.ledger.models import Deployment, FeedMark, FeedScope


def write(app: Flask, operation: Callable[[Session], object]) -> None:
    with app.app_context():
        transact(operation)


def test_the_reporter_sees_the_own_case_grow(collector: FieldHandset, office: Office) -> None:
    (result,) = collector.results(collector.item(payload=report(photo(1))))
    (put,) = collector.pull()
    assert (put["op"], put["type"], put["id"]) == ("put", "case", result["case_id"])
    assert put["data"]["missing_photos"] == [photo(1).sha256]
    assert len(put["v"]) == 16
    assert collector.pull() == []
    collector.upload(photo(1))
    (again,) = collector.pull()
    assert again["v"] != put["v"]
    assert again["data"]["missing_photos"] == []
    office.act(result["case_id"], "file")
    (filed,) = collector.pull()
    assert (filed["data"]["state"], bool(filed["data"]["case_no"])) == ("filed", True)


def test_a_dispatched_task_reaches_the_squad_with_everything_that_the_work_needs(
    collector: FieldHandset, enforcer: FieldHandset, office: Office
) -> None:
    (result,) = collector.results(collector.item(payload=report(photo(1))))
    collector.upload(photo(1))
    office.dispatch(result["case_id"])
    (put,) = enforcer.pull()
    assert (put["op"], put["type"]) == ("put", "task")
    task = put["data"]
    assert (task["task_kind"], task["assignment_no"], task["status"]) == ("disposal", 1, "assigned")
    assert task["position"] == {"lon": 123.5, "lat": 30.5, "crs": "wgs84"}
    assert task["photos"] == [{"sha256": photo(1).sha256, "role": "near"}]
    assert enforcer.states(enforcer.item("task_event", answer_to(task, "accepted"))) == ["applied"]
    (again,) = enforcer.pull()
    assert again["data"]["status"] == "accepted"


def test_pages_of_any_size_give_the_same_mirror(collector: FieldHandset) -> None:
    collector.push(*(collector.item() for _ in range(7)))
    mirrors = []
    for limit in (1, 2, 3, 7, 200):
        collector.cursor, collector.mirror = None, {}
        assert len(collector.pull(limit)) == 7
        mirrors.append(collector.mirror)
    assert all(mirror == mirrors[0] for mirror in mirrors)


def test_a_page_says_that_there_is_more_and_its_cursor_goes_on(collector: FieldHandset) -> None:
    collector.push(*(collector.item() for _ in range(3)))
    first = collector.ask_page(limit=2).json
    assert (len(first["changes"]), first["has_more"], first["mode"]) == (2, True, "delta")
    second = collector.ask_page(first["next_cursor"], 2).json
    assert (len(second["changes"]), second["has_more"]) == (1, False)
    ids = {change["id"] for change in first["changes"] + second["changes"]}
    assert len(ids) == 3
    assert (first["protocol"], first["epoch"], bool(first["server_time"])) == (1, second["epoch"], True)


def test_a_limit_that_is_no_number_is_refused_with_its_field(collector: FieldHandset) -> None:
    for limit in ("many", "-1", "1.5", "²", " 5", "9" * 5000):
        response = collector.client.get("/api/v1/sync/pull", query_string={"limit": limit}, headers=collector.headers)
        assert list(refused(response, 422, "validation")["errors"]) == ["limit"]


def reconcile(handset: FieldHandset, reason: str) -> None:
    """See that the cursor is refused with this reason, and that starting without one works."""
    assert refused(handset.ask_page(handset.cursor), 410, "reconcile-required")["reason"] == reason
    assert "problem" in handset.push(pull={"cursor": handset.cursor})["pull"]
    before, handset.cursor, handset.mirror = handset.mirror, None, {}
    handset.pull()
    assert handset.mirror == before


@pytest.fixture
def synced(collector: FieldHandset) -> FieldHandset:
    """Return a handset that has pulled everything."""
    collector.push(*(collector.item() for _ in range(3)))
    collector.pull()
    return collector


def test_a_damaged_cursor_starts_over(synced: FieldHandset) -> None:
    for cursor in ("nonsense", "c1.AAAA", f"{synced.cursor}x", "c1.街"):
        assert refused(synced.ask_page(cursor), 410, "reconcile-required")["reason"] == "bad_cursor"
    synced.cursor = "c2." + (synced.cursor or "")
    reconcile(synced, "bad_cursor")


def test_a_restored_database_starts_over(app: Flask, synced: FieldHandset) -> None:
    write(app, lambda session: session.execute(update(Deployment).values(epoch="another")))
    reconcile(synced, "epoch")


def test_a_scope_that_fell_behind_the_cursor_starts_over(app: Flask, synced: FieldHandset) -> None:
    def fall_back(session: Session) -> None:
        session.execute(update(FeedMark).where(FeedMark.seq == 3).values(seq=0))
        session.execute(update(FeedScope).values(head=2))

    write(app, fall_back)
    assert refused(synced.ask_page(synced.cursor), 410, "reconcile-required")["reason"] == "ahead"


def test_a_cursor_below_what_was_purged_starts_over_and_the_new_mirror_ends(
    app: Flask, collector: FieldHandset
) -> None:
    collector.push(*(collector.item() for _ in range(3)))
    old = collector.ask_page(limit=1).json["next_cursor"]

    def purge(session: Session) -> None:
        session.execute(update(FeedScope).values(floor=2))

    write(app, purge)
    assert refused(collector.ask_page(old), 410, "reconcile-required")["reason"] == "expired"
    assert collector.pull(limit=1)


def test_a_cursor_of_another_officer_is_of_no_use(synced: FieldHandset, enforcer: FieldHandset) -> None:
    assert refused(enforcer.ask_page(synced.cursor), 410, "reconcile-required")["reason"] == "scope"


def test_an_officer_who_changed_the_squad_starts_over_and_keeps_nothing_of_the_old_one(
    app: Flask, city: world.World, collector: FieldHandset, enforcer: FieldHandset, office: Office
) -> None:
    (result,) = collector.results(collector.item())
    office.dispatch(result["case_id"])
    enforcer.pull()
    assert len(enforcer.tasks()) == 1
    moved = update(Officer).where(Officer.id == city.enforcer.id).values(squad_id=city.town_squad_id)
    write(app, lambda session: session.execute(moved))
    assert refused(enforcer.ask_page(enforcer.cursor), 410, "reconcile-required")["reason"] == "scope"
    enforcer.cursor, enforcer.mirror = None, {}
    enforcer.pull()
    assert enforcer.mirror == {}


def test_a_pull_without_credentials_is_refused(app: Flask, city: world.World) -> None:
    client = app.test_client()
    desk = world.signed_in(client, city.dispatcher)
    headers: list[dict[str, Any]] = [{}, desk, {"Authorization": "Bearer hs_stolen"}, {"Authorization": "Basic aa"}]
    for wrong in headers:
        refused(client.get("/api/v1/sync/pull", headers=wrong), 401, "unknown-handset")
