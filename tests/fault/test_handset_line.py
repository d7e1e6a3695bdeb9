"""Pushing, delivering and pulling over lines that lie, break and repeat."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from support.field_server import FieldServer, running_field_server

from sync.fleet.network import Fault, LossyTransport, Weather
from sync.handset import DAMAGED, DONE, REFUSED, Handset, LineBroken, Snap
from sync.handset.delivery import SMALL_BYTES

REPORT = {"category": {"scheme": "s", "code": "0101"}, "description": "暴露垃圾", "position": {"lon": 1, "lat": 2}}


@pytest.fixture
def server() -> Iterator[FieldServer]:
    with running_field_server() as state:
        yield state


@pytest.fixture
def handset(server: FieldServer, tmp_path: Path) -> Iterator[Handset]:
    with Handset(tmp_path, server.url) as handset:
        handset.enrol(server.code_for())
        yield handset


def photo(n: int, size: int = 300_000) -> Snap:
    return Snap("near", bytes([n]) * size)


def test_a_lost_answer_is_resent_byte_for_byte_and_has_one_effect(server: FieldServer, handset: Handset) -> None:
    item_id = handset.record("report", REPORT)
    body = handset.outbox.item(item_id).body
    server.lose_answers = 1
    with pytest.raises(LineBroken):
        handset.push()
    assert handset.outbox.unsent_count() == 1
    assert handset.push().answers == {"duplicate": 1}
    assert len(server.cases) == 1
    assert [row["body"] for row in server.inbox.values()] == [body]


def test_after_a_synchronisation_the_server_knows_that_nothing_is_left(server: FieldServer, handset: Handset) -> None:
    handset.record("report", REPORT, [photo(1)])
    handset.sync()
    assert [told["unsent_items"] for told in server.told] == [1, 0]
    assert [len(told["unsent_photos"]) for told in server.told] == [1, 0]
    handset.sync()
    assert [(told["unsent_items"], told["acked"]["count"]) for told in server.told] == [(1, 0), (0, 1), (0, 1)]


def test_an_answer_whose_mac_does_not_fit_acknowledges_nothing(server: FieldServer, handset: Handset) -> None:
    handset.record("report", REPORT)
    server.forge_macs = 1
    with pytest.raises(LineBroken, match="MAC"):
        handset.push()
    assert handset.outbox.unsent_count() == 1


def test_an_item_missing_from_the_results_stays_unsent(server: FieldServer, handset: Handset) -> None:
    for _ in range(3):
        handset.record("report", REPORT)
    server.unmentioned = {2}
    handset.push()
    assert [item.state for item in handset.outbox.items()] == ["applied", "unsent", "applied"]
    server.unmentioned = set()
    assert handset.push().answers == {"duplicate": 1}


def test_retry_is_resent_and_every_other_state_acknowledges(server: FieldServer, handset: Handset) -> None:
    for _ in range(4):
        handset.record("report", REPORT)
    server.answer_states = {1: "retry", 2: "quarantined", 3: "waiting", 4: "superseded"}
    handset.push()
    assert [item.state for item in handset.outbox.items()] == ["unsent", "quarantined", "waiting", "superseded"]
    server.answer_states = {}
    handset.push()
    assert handset.outbox.unsent_count() == 0
    assert len(server.batches[-1]) == 1


def test_an_item_the_server_cannot_read_blocks_no_other(server: FieldServer, handset: Handset) -> None:
    for n in range(8):
        handset.record("report", {**REPORT, "description": "poison" if n == 5 else f"item {n}"})
    server.refuse_bodies_with = "poison"
    tally = handset.push()
    assert tally.answers == {"applied": 7}
    assert handset.outbox.unsent_count() == 1
    assert "Record 6 was not accepted" in tally.told[0]


def test_a_portal_page_is_no_answer(server: FieldServer, handset: Handset, tmp_path: Path) -> None:
    handset.record("report", REPORT)
    handset.close()
    portal = LossyTransport(httpx.HTTPTransport(), Weather(1, 1, rates={Fault.PORTAL: 1.0}))
    with Handset(tmp_path, server.url, transport=portal) as caught, pytest.raises(LineBroken, match="portal"):
        caught.sync()
    assert server.batches == []


def test_a_refused_credential_is_told_and_costs_no_item(server: FieldServer, handset: Handset) -> None:
    handset.record("report", REPORT, [photo(1)])
    server.installs.clear()
    with pytest.raises(LineBroken, match="does not know"):
        handset.sync()
    assert handset.outbox.unsent_count() == 1


def test_a_broken_upload_goes_on_from_the_durable_offset(server: FieldServer, handset: Handset) -> None:
    handset.record("report", REPORT, [photo(1)])
    server.cut_patches_at = [100_000, 50_000]
    for _ in range(2):
        with pytest.raises(LineBroken):
            handset.upload_photos()
    tally = handset.upload_photos()
    assert (tally.photos, tally.resumed) == (1, 1)
    assert list(server.photos.values()) == [photo(1).data]
    assert server.requests.count("POST uploads") == 1


def test_a_small_photo_goes_with_its_creation_unless_the_line_broke_under_one(
    server: FieldServer, handset: Handset
) -> None:
    small = Snap("near", bytes(SMALL_BYTES))
    handset.record("report", REPORT, [small])
    server.cut_patches_at = [100]
    with pytest.raises(LineBroken):
        handset.upload_photos()
    # Over a line that breaks under each one, only an upload that goes on from break to break arrives.
    server.cut_patches_at = [100, SMALL_BYTES // 2]
    for _ in range(2):
        with pytest.raises(LineBroken):
            handset.upload_photos()
    assert handset.sync().photos == 1
    assert list(server.photos.values()) == [small.data]
    assert (server.requests.count("POST uploads"), server.requests.count("PATCH uploads")) == (2, 3)
    handset.record("report", REPORT, [Snap("near", bytes(100))])
    assert handset.sync().photos == 1
    assert (server.requests.count("POST uploads"), server.requests.count("PATCH uploads")) == (3, 3)


def test_an_upload_the_server_forgot_starts_over(server: FieldServer, handset: Handset) -> None:
    handset.record("report", REPORT, [photo(1)])
    server.cut_patches_at = [100_000]
    with pytest.raises(LineBroken):
        handset.upload_photos()
    server.uploads.clear()
    assert handset.upload_photos().photos == 1
    assert list(server.photos.values()) == [photo(1).data]


@pytest.mark.parametrize("size", [SMALL_BYTES, SMALL_BYTES + 1])
def test_bytes_hurt_on_the_way_are_sent_once_more(server: FieldServer, handset: Handset, size: int) -> None:
    handset.record("report", REPORT, [Snap("near", bytes(size))])
    server.hash_mismatches = 1
    assert handset.upload_photos().photos == 1


def test_a_photo_damaged_on_the_card_is_told_and_stops_no_other(
    server: FieldServer, handset: Handset, tmp_path: Path
) -> None:
    handset.record("report", REPORT, [photo(1), photo(2), photo(3)])
    damaged, lost, sound = handset.album.pending()
    damaged.path.write_bytes(b"\0" * damaged.size)
    lost.path.unlink()
    tally = handset.upload_photos()
    assert [handset.album.photo(each.sha256).state for each in (damaged, lost, sound)] == [DAMAGED, DAMAGED, DONE]
    assert len(tally.told) == 2
    assert list(server.photos) == [sound.sha256]


def test_a_photo_the_server_refuses_is_told_and_not_sent_for_ever(server: FieldServer, handset: Handset) -> None:
    handset.record("report", REPORT, [photo(1)])
    server.refuse_images = "not-an-image"
    tally = handset.upload_photos()
    assert "not-an-image" in tally.told[0]
    assert handset.album.pending() == []
    sha256 = hashlib.sha256(photo(1).data).hexdigest()
    assert handset.album.photo(sha256).state == REFUSED


def test_a_refusal_that_is_not_about_the_picture_is_tried_again(server: FieldServer, handset: Handset) -> None:
    handset.record("report", REPORT, [photo(1)])
    server.refuse_images = "bad-request"
    assert "bad-request" in handset.upload_photos().told[0]
    server.refuse_images = ""
    assert handset.upload_photos().photos == 1


def test_the_same_photo_in_two_items_travels_once(server: FieldServer, handset: Handset) -> None:
    handset.record("report", REPORT, [photo(1)])
    handset.record("report", REPORT, [photo(1)])
    assert handset.sync().photos == 1
    assert server.requests.count("PATCH uploads") == 1


def test_a_pull_reads_page_after_page(server: FieldServer, handset: Handset) -> None:
    server.pages = {
        None: {"changes": [put("a")], "next_cursor": "1", "has_more": True},
        "1": {"changes": [put("b")], "next_cursor": "2", "has_more": False},
    }
    assert handset.pull().pages == 2
    assert [entity["task_id"] for entity in handset.mirror.entities("task")] == ["a", "b"]


@pytest.mark.parametrize(
    "fault", [fault for fault in Fault if fault not in {Fault.NONE, Fault.DELAY, Fault.SEND_TWICE}]
)
def test_after_any_break_a_clean_line_delivers_everything_once(
    server: FieldServer, handset: Handset, tmp_path: Path, fault: Fault
) -> None:
    handset.record("report", REPORT, [photo(1), photo(2)])
    handset.close()
    weather = Weather(3, 1, rates={fault: 1.0})
    with Handset(tmp_path, server.url, transport=LossyTransport(httpx.HTTPTransport(), weather)) as unlucky:
        with pytest.raises(LineBroken):
            unlucky.sync()
        with pytest.raises(LineBroken):
            unlucky.upload_photos()
        assert weather.met[fault] == 2
        weather.clean = True
        unlucky.sync()
        assert (unlucky.outbox.unsent_count(), unlucky.album.pending()) == (0, [])
    assert len(server.cases) == 1
    assert sorted(server.photos.values()) == [photo(1).data, photo(2).data]


def test_requests_that_arrive_twice_have_one_effect(server: FieldServer, handset: Handset, tmp_path: Path) -> None:
    handset.record("report", REPORT, [photo(1)])
    handset.close()
    weather = Weather(3, 1, rates={Fault.SEND_TWICE: 1.0})
    with Handset(tmp_path, server.url, transport=LossyTransport(httpx.HTTPTransport(), weather)) as eager:
        assert eager.sync().answers == {"duplicate": 1}
        assert eager.album.pending() == []
    assert len(server.cases) == 1


def put(name: str) -> dict[str, object]:
    return {"op": "put", "type": "task", "id": name, "v": "0" * 16, "data": {"task_id": name}}
