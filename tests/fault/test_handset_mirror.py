"""The handset's mirror follows the server by deltas, finds its own faults by the digest, and reconciles."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.field_server import FieldServer, running_field_server
from support.street_clock import StreetClock

from sync.handset import Handset, LineBroken, Snap

REPORT = {"category": {"scheme": "s", "code": "0101"}, "description": "暴露垃圾", "position": {"lon": 1, "lat": 2}}
V1, V2 = "1" * 16, "2" * 16


@pytest.fixture
def server() -> Iterator[FieldServer]:
    with running_field_server() as state:
        yield state


@pytest.fixture
def clock() -> StreetClock:
    return StreetClock()


@pytest.fixture
def handset(server: FieldServer, clock: StreetClock, tmp_path: Path) -> Iterator[Handset]:
    with Handset(tmp_path, server.url, clock=clock) as handset:
        handset.enrol(server.code_for())
        yield handset


def show(server: FieldServer, handset: Handset, *names: str, v: str = V1, marked: bool = True) -> None:
    for name in names:
        server.feed.show(handset.officer["id"], "task", name, v, marked=marked)


def names(handset: Handset) -> list[str]:
    return [f"{task['task_id']}{task['seen'][0]}" for task in handset.mirror.entities("task")]


def agrees(server: FieldServer, handset: Handset) -> bool:
    return handset.mirror.digest() == server.feed.digest(handset.officer["id"])


def test_puts_and_drops_are_followed_page_after_page(server: FieldServer, handset: Handset) -> None:
    server.feed.page_size = 2
    show(server, handset, "a", "b", "c", "d", "e")
    assert handset.sync().pages == 3
    server.feed.hide(handset.officer["id"], "task", "c")
    show(server, handset, "a", v=V2)
    handset.sync()
    assert names(handset) == ["a2", "b1", "d1", "e1"]
    assert agrees(server, handset)


def test_a_deferred_entity_keeps_what_was_known_and_leaves_the_digest(server: FieldServer, handset: Handset) -> None:
    show(server, handset, "a", "b")
    handset.sync()
    server.feed.broken = {("task", "a"), ("task", "new")}
    show(server, handset, "a", "new", v=V2)
    tally = handset.sync()
    assert (names(handset), tally.digest_differed) == (["a1", "b1"], False)
    server.feed.broken = set()
    show(server, handset, "a", "new", v=V2)
    handset.sync()
    assert names(handset) == ["a2", "b1", "new2"]
    assert agrees(server, handset)


def test_a_digest_that_differs_leads_to_a_reconciliation(server: FieldServer, handset: Handset) -> None:
    show(server, handset, "a", "b", "c")
    handset.sync()
    show(server, handset, "a", v=V2, marked=False)
    server.feed.hide(handset.officer["id"], "task", "b", marked=False)
    show(server, handset, "d")
    tally = handset.sync()
    assert (tally.digest_differed, tally.reconciled) == (True, 1)
    assert names(handset) == ["a2", "c1", "d1"]
    assert agrees(server, handset)
    assert server.feed.reasons == ["digest"]


def test_a_wrong_digest_costs_one_reconciliation_in_six_hours(
    server: FieldServer, handset: Handset, clock: StreetClock
) -> None:
    server.feed.lying_digest = 1
    for hours, reconciliations in [(0, 1), (2, 1), (3, 1), (1.1, 2), (1, 2)]:
        clock.pass_(hours=hours)
        server.server_time = clock.wall.isoformat()
        show(server, handset, f"t{clock.mono_ms}")
        handset.sync()
        assert len(server.feed.manifests) == reconciliations


def test_an_expired_cursor_is_reconciled_without_losing_sight(server: FieldServer, handset: Handset) -> None:
    show(server, handset, "a", "b")
    handset.sync()
    show(server, handset, "a", v=V2)
    server.feed.hide(handset.officer["id"], "task", "b")
    server.feed.floor = len(server.feed.log)
    tally = handset.sync()
    assert (names(handset), tally.reconciled, server.feed.reasons) == (["a2"], 1, ["expired"])
    assert server.feed.manifests == [[["task", "a", V1], ["task", "b", V1]]]
    assert agrees(server, handset)


def test_an_empty_mirror_pulls_without_a_cursor(server: FieldServer, handset: Handset) -> None:
    show(server, handset, "a")
    handset.sync()
    assert (names(handset), server.feed.manifests) == (["a1"], [])


def test_a_broken_reconciliation_goes_on_with_the_page_and_the_manifest_it_began_with(
    server: FieldServer, handset: Handset, tmp_path: Path
) -> None:
    show(server, handset, "a", "b")
    handset.sync()
    server.feed.page_size = 2
    show(server, handset, "a", "b", "c", "d", "e", v=V2)
    server.feed.floor = len(server.feed.log)
    cursor = handset.mirror.cursor()

    def lose_the_second_answer(number: int) -> None:
        server.lose_answers = int(number == 2)

    server.feed.after_page = lose_the_second_answer
    with pytest.raises(LineBroken):
        handset.pull()
    assert handset.mirror.cursor() == cursor
    handset.close()
    with Handset(tmp_path, server.url) as again:
        again.pull()
        assert names(again) == ["a2", "b2", "c2", "d2", "e2"]
        assert agrees(server, again)
    assert len({str(manifest) for manifest in server.feed.manifests}) == 1


def test_what_changes_between_two_pages_of_a_reconciliation_comes_with_the_next_pull(
    server: FieldServer, handset: Handset
) -> None:
    show(server, handset, "a")
    handset.sync()
    show(server, handset, "b", "c", "d")
    server.feed.floor, server.feed.page_size = len(server.feed.log), 1
    officer_id = handset.officer["id"]

    def change_after_the_first(number: int) -> None:
        if number == 1:
            server.feed.show(officer_id, "task", "a", V2)

    server.feed.after_page = change_after_the_first
    handset.sync()
    assert names(handset) == ["a2", "b1", "c1", "d1"]
    assert agrees(server, handset)


def test_a_receipt_updates_the_record_and_is_no_entity(server: FieldServer, handset: Handset) -> None:
    item_id = handset.record("report", REPORT)
    server.answer_states = {1: "waiting"}
    handset.sync()
    item = handset.outbox.item(item_id)
    assert item.state == "waiting"
    receipt = {"item_id": item_id, "h": item.fingerprint, "state": "superseded", "problem": {"title": "task withdrawn"}}
    server.feed.tell(handset.officer["id"], receipt)
    tally = handset.sync()
    assert (tally.receipts, handset.outbox.item(item_id).state) == (1, "superseded")
    assert tally.told == ["Record 1 is now superseded."]
    assert handset.mirror.is_empty()
    assert agrees(server, handset)


def test_a_receipt_acknowledges_nothing_and_fits_only_its_own_content(server: FieldServer, handset: Handset) -> None:
    sent, unsent = (handset.outbox.item(handset.record("report", REPORT)) for _ in range(2))
    server.unmentioned = {2}
    handset.sync()
    for item_id, h in [(unsent.id, unsent.fingerprint), (sent.id, "0" * 64)]:
        server.feed.tell(handset.officer["id"], {"item_id": item_id, "h": h, "state": "quarantined"})
    handset.pull()
    assert [item.state for item in handset.outbox.items()] == ["applied", "unsent"]
    assert handset.outbox.unsent_count() == 1


@pytest.mark.parametrize("forgets", [True, False])
def test_after_a_new_epoch_what_the_server_lacks_is_collected_again(
    server: FieldServer, handset: Handset, *, forgets: bool
) -> None:
    show(server, handset, "a")
    shot = Snap("near", b"\5" * 3000)
    item_id = handset.record("report", REPORT, [shot])
    handset.sync()
    assert handset.outbox.item(item_id).acked
    server.epoch = "e2"
    if forgets:
        server.inbox.clear()
        server.photos.clear()
        server.feed.log.clear()
    tally = handset.sync()
    assert (tally.needed, len(server.inbox)) == (int(forgets), 1)
    assert list(server.photos.values()) == [shot.data]
    assert server.delivered.count(next(iter(server.photos))) == 1 + forgets
    assert server.feed.reasons == ["epoch"]
    assert handset.outbox.acked()["count"] == 1
    assert agrees(server, handset)


def test_a_server_that_is_behind_the_cursor_is_verified_too(server: FieldServer, handset: Handset) -> None:
    show(server, handset, "a", "b")
    handset.record("report", REPORT)
    handset.sync()
    server.feed.log.pop()
    server.inbox.clear()
    tally = handset.sync()
    assert (tally.needed, server.feed.reasons, len(server.inbox)) == (1, ["ahead"], 1)


def test_pages_that_lead_to_themselves_do_not_keep_the_handset_busy(server: FieldServer, handset: Handset) -> None:
    page = {"mode": "delta", "changes": [], "next_cursor": "same", "has_more": True}
    server.pages = {None: page, "same": page}
    with pytest.raises(LineBroken, match="do not go on"):
        handset.pull()
