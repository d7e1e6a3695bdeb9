"""The reference handset against the application itself: what the contract promises, both sides as they are."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest
import world
from flask import Flask
from support.duty import code_for
from support.field import photo, report
from support.inside import ADDRESS, Inside
from support.office import Office

from server.db import transact
from server.identity import operations
from server.standards.published import publish_all
from sync.handset import Handset, LineBroken, Refused, Snap, delivery
from sync.handset.cli import run
from sync.handset.delivery import SMALL_BYTES, WORTH_ASKING

SHOT = Snap("near", photo(1).content)
PAYLOAD = {name: value for name, value in report().items() if name != "photos"}


@pytest.fixture
def inside(app: Flask) -> Inside:
    with app.app_context():
        transact(publish_all)
    return Inside(app=app)


@pytest.fixture
def handset(app: Flask, city: world.World, inside: Inside, tmp_path: Path) -> Iterator[Handset]:
    with Handset(tmp_path / "handset", ADDRESS, transport=inside) as handset:
        handset.enrol(code_for(app, city, city.enforcer))
        yield handset


def case_of(handset: Handset, item_id: str) -> str:
    answer = handset.outbox.item(item_id).answer
    assert answer is not None
    return str(answer["case_id"])


def revoke(app: Flask, city: world.World, handset: Handset) -> None:
    with app.app_context():
        transact(operations.revoke, world.acting(app, city.admin), UUID(handset.install_id))


def test_a_report_becomes_a_case_and_its_task_comes_back(
    handset: Handset, inside: Inside, office: Office, city: world.World
) -> None:
    item_id = handset.record("report", PAYLOAD, [SHOT])
    tally = handset.sync()
    assert (tally.answers, tally.photos, tally.told) == ({"applied": 1}, 1, [])
    assert handset.outbox.item(item_id).n == 1
    office.dispatch(case_of(handset, item_id))
    handset.sync()
    assert [task["case_id"] for task in handset.mirror.entities("task")] == [case_of(handset, item_id)]
    assert inside.digest == handset.mirror.digest()
    assert handset.documents.entries("squads")


def test_a_damaged_mirror_is_found_and_set_right(handset: Handset, inside: Inside, office: Office) -> None:
    items = [handset.record("report", PAYLOAD) for _ in range(3)]
    handset.sync()
    for item_id in items:
        office.dispatch(case_of(handset, item_id))
    handset.sync()
    sound = handset.mirror.digest()
    store = handset._device.store  # noqa: SLF001 (a card that lies)
    store.execute("DELETE FROM entities WHERE type = 'task'")
    store.execute("UPDATE entities SET v = 'x', data = '{}' WHERE type = 'case'")
    tally = handset.reconcile()
    assert (tally.reconciled, tally.digest_differed) == (1, False)
    assert handset.mirror.digest() == sound == inside.digest
    assert len(handset.mirror.entities("task")) == 3


def test_two_officers_share_it_and_the_credential_changes_under_them(
    app: Flask, city: world.World, handset: Handset
) -> None:
    first = handset.officer["id"]
    handset.record("report", PAYLOAD)
    handset.sync()
    handset.enrol_officer(code_for(app, city, city.collector))
    handset.record("report", PAYLOAD)
    handset.rotate()
    assert handset.sync().answers == {"applied": 1}
    handset.switch_officer(first)
    handset.sync()
    handset.record("report", PAYLOAD)
    assert handset.sync().answers == {"applied": 1}
    assert (handset.verify().needed, handset.outbox.acked()["count"]) == (0, 3)


@pytest.mark.parametrize(
    "path", ["/api/v1/enrol", "/api/v1/sync/shift", "/api/v1/sync/session", "/api/v1/sync/credential"]
)
def test_a_lost_answer_locks_nobody_out(
    app: Flask, city: world.World, inside: Inside, tmp_path: Path, path: str
) -> None:
    first, second = code_for(app, city, city.enforcer), code_for(app, city, city.collector)
    steps: list[Callable[[Handset], object]] = [
        lambda handset: handset.enrol(first),
        lambda handset: handset.record("report", PAYLOAD),
        lambda handset: handset.enrol_officer(second),
        lambda handset: handset.renew_session(),
        lambda handset: handset.rotate(),
    ]
    inside.lost, broken = path, 0
    for step in steps:
        with Handset(tmp_path / "other", ADDRESS, transport=inside) as handset:
            try:
                step(handset)
            except LineBroken:
                broken += 1
                step(handset)
    with Handset(tmp_path / "other", ADDRESS, transport=inside) as handset:
        assert handset.officer["id"] == str(city.collector.id)
        assert handset.sync().answers == {"applied": 1}
        handset.switch_officer(str(city.enforcer.id))
        assert handset.sync().is_current
    assert broken == 1


def test_an_officer_whose_joining_got_lost_does_not_take_the_handset_over(
    app: Flask, city: world.World, handset: Handset, inside: Inside
) -> None:
    inside.lost = "/api/v1/sync/shift"
    with pytest.raises(LineBroken):
        handset.enrol_officer(code_for(app, city, city.collector))
    assert handset.sync().told == []
    assert handset.officer["id"] == str(city.enforcer.id)
    handset.switch_officer(str(city.collector.id))
    assert handset.sync().told == []


def test_all_that_was_acknowledged_is_confirmed_and_the_photos_too(handset: Handset) -> None:
    for n in range(3):
        handset.record("report", PAYLOAD, [Snap("near", photo(n + 1).content)])
    handset.sync()
    assert handset.verify().needed == 0
    assert len(handset.album.pending()) == 3
    handset.sync()
    assert len(handset.album.pending()) == 0


def test_a_revoked_handset_is_wiped_and_still_delivers(
    app: Flask, city: world.World, handset: Handset, office: Office
) -> None:
    item_id = handset.record("report", PAYLOAD)
    handset.sync()
    office.dispatch(case_of(handset, item_id))
    handset.sync()
    later = handset.record("report", PAYLOAD)
    revoke(app, city, handset)
    with pytest.raises(Refused) as refusal:
        handset.sync()
    assert refusal.value.slug == "handset-revoked"
    assert (handset.is_wiped, handset.mirror.entities("task")) == (True, [])
    assert handset.outbox.item(later).state == "quarantined"
    assert len(office.quarantine()) == 1


def test_the_commands_work_against_the_application(
    app: Flask, city: world.World, inside: Inside, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, payload = ["--folder", str(tmp_path / "other")], tmp_path / "payload.json"
    payload.write_text(json.dumps(PAYLOAD), "utf-8")
    code = code_for(app, city, city.collector)
    assert run([*folder, "--url", ADDRESS, "enrol", code], inside) == 0
    assert run([*folder, "record", "report", str(payload)], inside) == 0
    assert run([*folder, "sync"], inside) == 0
    assert "applied: 1" in capsys.readouterr().out


def test_of_many_photographs_only_those_that_the_server_lacks_are_opened(
    handset: Handset, inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(WORTH_ASKING):
        handset.record("report", PAYLOAD, [Snap("near", photo(number).content)])
    assert handset.sync().photos == WORTH_ASKING
    one = photo(WORTH_ASKING)
    handset.record("report", PAYLOAD, [Snap("near", one.content)])
    handset.album.ask_again()
    sent = requests_of(inside, monkeypatch)
    assert handset.sync().photos == WORTH_ASKING + 1
    uploads = [path for _method, path in sent if "/uploads" in path]
    assert len([path for path in uploads if path == "/api/v1/uploads"]) == 1
    assert ("POST", "/api/v1/photos/query") in sent


@pytest.mark.parametrize(("small", "resumed"), [(0, 1), (SMALL_BYTES, 0)], ids=["opened", "sent"])
def test_what_was_begun_goes_on_where_the_server_says_without_asking_once_more(
    handset: Handset, inside: Inside, monkeypatch: pytest.MonkeyPatch, small: int, resumed: int
) -> None:
    monkeypatch.setattr(delivery, "SMALL_BYTES", small)
    for number in range(WORTH_ASKING):
        handset.record("report", PAYLOAD, [Snap("near", photo(number).content)])
    inside.lost = "/api/v1/uploads"
    with pytest.raises(LineBroken):
        handset.sync()
    sent = requests_of(inside, monkeypatch)
    tally = handset.sync()
    assert (tally.photos, tally.resumed) == (WORTH_ASKING, resumed)
    uploads = [(method, path) for method, path in sent if "/uploads" in path]
    # The first one was created although its answer was lost: it is neither created again nor asked for.
    assert [method for method, _ in uploads].count("POST") == WORTH_ASKING - 1
    assert [method for method, _ in uploads].count("HEAD") == 0
    assert [method for method, _ in uploads].count("PATCH") == WORTH_ASKING - (small > 0)


def requests_of(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Collect method and path of every request from now on."""
    sent: list[tuple[str, str]] = []
    really_handle = Inside.handle_request

    def handle(self: Inside, request: httpx.Request) -> httpx.Response:
        sent.append((request.method, request.url.path))
        return really_handle(self, request)

    monkeypatch.setattr(Inside, "handle_request", handle)
    return sent
