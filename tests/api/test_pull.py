"""Pull over the wire: a delta after a cursor, pages that add up, and a clear word when the cursor is of no use."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import world
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session
from support.duty import revoke
from support.field import FieldHandset, answer_to, photo, refused, report, slug_of
from support.office import Office

from server.clock import now
from server.db import transact
from server.identity.models import Install, Officer
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
    """See that the cursor is refused with this reason, and that an empty mirror may start without one."""
    assert refused(handset.ask_page(handset.cursor), 410, "reconcile-required")["reason"] == reason
    carried = handset.push(pull={"cursor": handset.cursor})["pull"]
    assert (slug_of(carried["problem"]), carried["problem"]["reason"]) == ("reconcile-required", reason)
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


def test_hello_tells_what_the_server_speaks_takes_and_offers(collector: FieldHandset) -> None:
    hello = collector.trusted(collector.client.get("/api/v1/sync/hello", headers=collector.headers))
    assert hello["protocols"] == [1]
    assert hello["kinds"]["report"] == [1]
    assert set(hello["kinds"]) == {"report", "self_handled", "task_event", "evidence", "amend", "shift", "track"}
    assert hello["limits"]["max_items"] == 200
    assert (hello["install_id"], hello["officer_id"]) == (
        str(collector.enrolled.install_id),
        str(collector.enrolled.officer_id),
    )
    assert hello["session_until"] > hello["server_time"]
    assert hello["rotate"] is False
    assert isinstance(hello["reference"], dict)


def test_a_revoked_handset_is_told_to_wipe_by_hello_and_pull(
    app: Flask, city: world.World, synced: FieldHandset
) -> None:
    revoke(app, city, synced)
    for path in ("hello", "pull"):
        response = synced.client.get(f"/api/v1/sync/{path}", headers=synced.headers)
        assert refused(response, 403, "handset-revoked")["wipe"] is True
        assert "Answer-MAC" in response.headers


def test_an_expired_session_stops_the_pull_but_not_hello_and_not_the_push(app: Flask, synced: FieldHandset) -> None:
    over = update(Install).values(session_until=now() - timedelta(seconds=1))
    write(app, lambda session: session.execute(over))
    refused(synced.ask_page(synced.cursor), 403, "session-expired")
    answer = synced.push(synced.item(), pull={"cursor": synced.cursor})
    assert [result["state"] for result in answer["results"]] == ["applied"]
    assert slug_of(answer["pull"]["problem"]) == "session-expired"
    assert synced.client.get("/api/v1/sync/hello", headers=synced.headers).status_code == 200
