"""Whatever answers without a fitting Answer-MAC changes nothing, at any address; only our own server may wipe."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from support.field_server import OFFICERS, FieldServer, running_field_server

from sync.handset import Handset, LineBroken, Refused, Snap

REPORT = {"category": {"scheme": "s", "code": "0101"}, "description": "暴露垃圾", "position": {"lon": 1, "lat": 2}}
EVERY_REQUEST: dict[str, Callable[[Handset], object]] = {
    "/sync/push": lambda handset: handset.push(),
    "/sync/pull": lambda handset: handset.pull(),
    "/sync/reconcile": lambda handset: handset.reconcile(),
    "/sync/verify": lambda handset: handset.verify(),
    "/sync/hello": lambda handset: handset.hello(),
    "/sync/session": lambda handset: handset.renew_session(),
    "/sync/shift": lambda handset: handset.enrol_officer("of the second"),
    "/sync/credential": lambda handset: handset.rotate(),
    "/reference/squads": lambda handset: handset.documents.fetch("squads"),
}


@pytest.fixture
def server() -> Iterator[FieldServer]:
    with running_field_server() as state:
        state.documents["squads"] = {"version": "1", "entries": {"s1": {"name": "一中队"}}}
        yield state


@pytest.fixture
def handset(server: FieldServer, tmp_path: Path) -> Iterator[Handset]:
    with Handset(tmp_path, server.url) as handset:
        server.codes["of the second"] = OFFICERS[1]["id"]
        handset.enrol(server.code_for())
        server.feed.show(handset.officer["id"], "task", "old")
        handset.record("report", REPORT)
        handset.sync()
        handset.record("report", REPORT)
        server.feed.show(handset.officer["id"], "task", "new")
        server.inbox.clear()
        yield handset


@pytest.mark.parametrize("path", EVERY_REQUEST)
def test_a_portal_changes_nothing_at_any_address(server: FieldServer, handset: Handset, path: str) -> None:
    before = seen(handset)
    server.portal_for = path
    with pytest.raises(LineBroken, match="MAC"):
        EVERY_REQUEST[path](handset)
    assert seen(handset) == before
    server.portal_for = ""
    EVERY_REQUEST[path](handset)


def seen(handset: Handset) -> object:
    items = [(item.id, item.state, item.acked, item.n) for item in handset.outbox.items()]
    tasks = [task["task_id"] for task in handset.mirror.entities("task")]
    return items, tasks, handset.mirror.cursor(), handset.outbox.acked(), handset.documents.version("squads")


def test_a_portal_cannot_have_an_item_salvaged(server: FieldServer, handset: Handset) -> None:
    poison = handset.record("report", {**REPORT, "description": "poison"})
    server.refuse_bodies_with = "poison"
    server.portal_for = f"/salvage/{poison}"
    with pytest.raises(LineBroken, match="MAC"):
        handset.push()
    assert not handset.outbox.item(poison).salvaged


def test_only_a_proved_wipe_is_carried_out(server: FieldServer, handset: Handset, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "thumbnail").write_bytes(b"x")
    server.revoked, server.portal_for = True, "/sync/pull"
    with pytest.raises(LineBroken):
        handset.pull()
    assert (handset.is_wiped, len(handset.mirror.entities("task")), cache.exists()) == (False, 1, True)
    server.portal_for = ""
    with pytest.raises(Refused, match="handset-revoked"):
        handset.pull()
    assert (handset.is_wiped, handset.mirror.entities("task"), cache.exists()) == (True, [], False)
    assert handset.mirror.cursor() is None


def test_a_revoked_handset_still_delivers_what_it_holds(server: FieldServer, handset: Handset) -> None:
    shot = Snap("near", b"\1" * 1000)
    item_id = handset.record("report", REPORT, [shot])
    server.revoked = True
    with pytest.raises(Refused, match="handset-revoked"):
        handset.sync()
    assert handset.is_wiped
    assert handset.outbox.item(item_id).state == "quarantined"
    assert list(server.photos.values()) == [shot.data]
    assert handset.outbox.unsent_count() == 0


def test_after_the_grace_a_revoked_handset_keeps_its_outbox(server: FieldServer, handset: Handset) -> None:
    server.revoked = server.grace_over = True
    for _ in range(2):
        with pytest.raises(Refused, match="handset-revoked"):
            handset.sync()
    assert handset.is_wiped
    assert (handset.outbox.unsent_count(), len(handset.outbox.items())) == (1, 2)


def test_an_answer_about_another_push_acknowledges_nothing(handset: Handset, server: FieldServer) -> None:
    server.answers_more = {"batch_id": "00000000-0000-4000-8000-000000000000"}
    with pytest.raises(LineBroken, match="another push"):
        handset.push()
    assert handset.outbox.unsent_count() == 1


@pytest.mark.parametrize("shape", [{"results": None}, {"results": "all of them"}, {"results": {"x": 1}}])
def test_results_that_are_no_list_acknowledge_nothing(
    handset: Handset, server: FieldServer, shape: dict[str, object]
) -> None:
    server.answers_more = shape
    with pytest.raises(LineBroken):
        handset.push()
    assert handset.outbox.unsent_count() == 1


def test_a_photo_is_not_delivered_to_whoever_does_not_speak_tus(
    server: FieldServer, handset: Handset, tmp_path: Path
) -> None:
    handset.record("report", REPORT, [Snap("near", b"\2" * 500)])
    handset.close()

    def portal(request: httpx.Request) -> httpx.Response:
        headers = {"Upload-Offset": "500", "Location": "/api/v1/uploads/1"}
        return httpx.Response(201, headers=headers)

    with Handset(tmp_path, server.url, transport=httpx.MockTransport(portal)) as caught:
        with pytest.raises(LineBroken, match="tus"):
            caught.upload_photos()
        assert len(caught.album.pending()) == 1
