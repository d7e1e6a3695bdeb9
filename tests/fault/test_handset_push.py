"""What a push tells, what its answer changes, and what is done about what the server turns out to lack."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support.field_server import FieldServer, running_field_server
from support.street_clock import StreetClock

from sync.handset import FREED, Handset, ItemTooLarge, LineBroken, Snap

REPORT = {"category": {"scheme": "s", "code": "0101"}, "description": "暴露垃圾", "position": {"lon": 1, "lat": 2}}


@pytest.fixture
def server() -> Iterator[FieldServer]:
    with running_field_server() as state:
        yield state


@pytest.fixture
def clock() -> StreetClock:
    return StreetClock()


@pytest.fixture
def handset(server: FieldServer, clock: StreetClock, tmp_path: Path) -> Iterator[Handset]:
    with Handset(tmp_path, server.url, clock=clock, random=Random(1)) as handset:  # noqa: S311 (repeatable)
        handset.enrol(server.code_for())
        yield handset


def photo(n: int, size: int = 3000) -> Snap:
    return Snap("near", bytes([n]) * size)


def sha256_of(snap: Snap) -> str:
    return hashlib.sha256(snap.data).hexdigest()


def states(handset: Handset) -> list[str]:
    return [item.state for item in handset.outbox.items()]


# What is told


def test_the_sum_of_all_that_was_acknowledged_is_told(server: FieldServer, handset: Handset) -> None:
    for _ in range(3):
        handset.record("report", REPORT)
    server.answer_states = {2: "retry", 3: "conflict"}
    handset.sync()
    fingerprints = [item.fingerprint for item in handset.outbox.items() if item.dseq != 2]
    total = sum(int.from_bytes(bytes.fromhex(h)[:16]) for h in fingerprints) % 2**128
    assert server.told[-1]["acked"] == {"count": 2, "sum": f"{total:032x}"}
    assert server.told[0]["dseq_next"] == 4
    assert server.told[0]["acked"] == {"count": 0, "sum": "0" * 32}


def test_what_is_left_can_be_told_without_sending_anything(server: FieldServer, handset: Handset) -> None:
    handset.record("report", REPORT, [photo(1)])
    handset.tell()
    assert (server.batches, server.told[-1]["unsent_items"]) == ([[]], 1)
    assert server.told[-1]["unsent_photos"] == [sha256_of(photo(1))]
    handset.sync()
    handset.tell()
    assert (server.told[-1]["unsent_items"], server.told[-1]["unsent_photos"]) == (0, [])


def test_who_has_just_pulled_asks_for_no_news(server: FieldServer, handset: Handset) -> None:
    for news in (False, True):
        handset.record("report", REPORT)
        handset.push(news=news)
    handset.tell()
    assert server.asked_news == [False, True, False]


def test_a_conflict_is_shown_and_never_sent_again(server: FieldServer, handset: Handset) -> None:
    item_id = handset.record("report", REPORT)
    server.answer_states = {1: "conflict"}
    assert handset.sync().told == ["Record 1 is conflict."]
    server.batches.clear()
    handset.sync()
    assert server.batches == [[]]
    assert handset.outbox.item(item_id).state == "conflict"


def test_a_duplicate_is_what_the_first_one_became(server: FieldServer, handset: Handset) -> None:
    item_id = handset.record("report", REPORT)
    server.lose_answers = 1
    with pytest.raises(LineBroken):
        handset.push()
    next(iter(server.inbox.values()))["verdict"] = {"state": "quarantined", "problem": {"title": "impossible place"}}
    assert handset.push().told == ["Record 1 is quarantined: impossible place."]
    item = handset.outbox.item(item_id)
    assert (item.state, item.outcome, item.acked, item.n) == ("quarantined", "quarantined", True, 1)


def test_the_newest_limits_are_obeyed(server: FieldServer, handset: Handset) -> None:
    for _ in range(5):
        handset.record("report", REPORT)
    server.answers_more = {"limits": {"max_items": 2, "max_item_bytes": 500, "max_photo_bytes": 9, "max_bytes": "x"}}
    handset.push()
    for _ in range(3):
        handset.record("other", {})
    handset.push()
    assert [len(batch) for batch in server.batches] == [5, 2, 1]
    with pytest.raises(ItemTooLarge):
        handset.record("other", {"description": "x" * 500})
    with pytest.raises(ItemTooLarge):
        handset.record("other", {}, [photo(1)])
    assert handset.outbox.made() == 8


def test_a_text_that_packs_too_well_is_sent_plain(server: FieldServer, handset: Handset) -> None:
    handset.record("report", {**REPORT, "description": "x" * 200_000})
    assert handset.push().answers == {"applied": 1}


def test_any_kind_is_carried_and_a_bare_one_declares_no_photos(server: FieldServer, handset: Handset) -> None:
    handset.record("shift", {"action": "in", "position": None})
    handset.record("from_next_year", {"x": 1}, [photo(1)])
    assert handset.sync().answers == {"applied": 2}
    assert [('"photos"' in row["body"]) for row in server.inbox.values()] == [False, True]


# What the server lacks


def test_a_server_that_asks_is_verified_at_once(server: FieldServer, handset: Handset) -> None:
    lost, kept = handset.record("report", REPORT, [photo(1)]), handset.record("report", REPORT)
    handset.sync()
    del server.inbox[next(key for key in server.inbox if key[0] == lost)]
    server.photos.clear()
    server.answers_more = {"verify": True}
    handset.record("report", REPORT)
    tally = handset.sync()
    assert (tally.needed, len(server.inbox), len(server.photos)) == (1, 3, 1)
    assert server.verified[0][:2] == [lost, kept]
    assert handset.outbox.acked()["count"] == 3


def test_a_fallen_acked_through_leads_to_a_verification(server: FieldServer, handset: Handset) -> None:
    handset.record("report", REPORT)
    server.answers_more = {"acked_through": 1}
    handset.sync()
    assert server.verified == []
    server.inbox.clear()
    server.answers_more = {"acked_through": 0}
    assert handset.sync().needed == 1
    assert len(server.inbox) == 1


def test_everything_is_verified_weekly(server: FieldServer, handset: Handset, clock: StreetClock) -> None:
    handset.record("report", REPORT)
    handset.sync()
    for days, verifications in [(6, 0), (2, 1), (6, 1), (2, 2)]:
        clock.pass_(days=days)
        server.server_time = clock.wall.isoformat()
        handset.sync()
        assert len(server.verified) == verifications


def test_a_broken_verification_goes_on_where_it_was(server: FieldServer, handset: Handset, tmp_path: Path) -> None:
    made = [handset.record("report", REPORT) for _ in range(1002)]
    handset.sync()
    server.inbox.clear()
    verify = server.verify

    def lose_the_second(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        server.lose_answers = int(len(server.verified) == 1)
        return verify(body)

    server.verify = lose_the_second  # type: ignore[method-assign] # its second answer is lost
    with pytest.raises(LineBroken):
        handset.verify()
    assert handset.outbox.unsent_count() == 1000
    server.verified.clear()
    server.verify = verify  # type: ignore[method-assign] # as it was
    handset.sync()
    assert made[1000] in server.verified[0]
    assert (len(server.inbox), handset.outbox.unsent_count()) == (1002, 0)


# Salvage


def test_what_no_push_can_carry_is_salvaged_and_stays_unacknowledged(server: FieldServer, handset: Handset) -> None:
    poison = handset.record("report", {**REPORT, "description": "poison"})
    server.refuse_bodies_with = "poison"
    tally = handset.sync()
    assert (tally.salvaged, handset.standing().salvaged) == (1, 1)
    assert poison.encode() in server.salvaged[poison]
    assert (handset.outbox.unsent_count(), handset.outbox.acked()["count"]) == (1, 0)
    server.requests.clear()
    handset.sync()
    assert "PUT salvage" not in server.requests


def test_what_was_salvaged_is_pushed_again_after_a_verification(server: FieldServer, handset: Handset) -> None:
    handset.record("report", {**REPORT, "description": "poison"})
    server.refuse_bodies_with = "poison"
    handset.sync()
    server.refuse_bodies_with = ""
    handset.verify()
    handset.sync()
    assert (states(handset), handset.standing().salvaged) == (["applied"], 0)


# Photographs


def test_what_somebody_waits_for_is_delivered_first(server: FieldServer, handset: Handset) -> None:
    snaps = [photo(n) for n in range(4)]
    handset.record("report", REPORT, snaps)
    wants = [{"sha256": sha256_of(snaps[3]), "priority": 1}, {"sha256": sha256_of(snaps[2]), "priority": 2}]
    server.answers_more = {"photo_wants": wants}
    handset.sync()
    assert server.delivered == [sha256_of(snaps[n]) for n in (3, 2, 0, 1)]


def test_a_delivered_photo_that_the_server_misses_goes_again(server: FieldServer, handset: Handset) -> None:
    handset.record("report", REPORT, [photo(1)])
    handset.sync()
    server.photos.clear()
    server.answers_more = {"photo_wants": [{"sha256": sha256_of(photo(1)), "priority": 1}]}
    handset.sync()
    server.answers_more = {}
    handset.sync()
    assert list(server.photos) == [sha256_of(photo(1))]


def test_only_photos_in_a_proved_backup_are_freed(server: FieldServer, handset: Handset, tmp_path: Path) -> None:
    handset.record("report", REPORT, [photo(1), photo(2)])
    handset.record("report", REPORT, [photo(2), photo(3)])
    handset.sync()
    assert handset.prune_photos() == 0
    server.answers_more = {"backed_up_through": 1}
    handset.sync()
    assert handset.prune_photos() == 3000
    assert {path.name for path in (tmp_path / "photos").iterdir()} == {sha256_of(photo(n)) for n in (2, 3)}
    assert handset.album.photo(sha256_of(photo(1))).state == FREED
    server.answers_more = {"backed_up_through": 2}
    handset.sync()
    assert handset.prune_photos() == 6000
    assert len(handset.outbox.items()) == 2


def test_a_photo_not_delivered_or_still_wanted_is_not_freed(server: FieldServer, handset: Handset) -> None:
    handset.record("report", REPORT, [photo(1), photo(2)])
    wants = [{"sha256": sha256_of(photo(2)), "priority": 1}]
    server.answers_more = {"backed_up_through": 9, "photo_wants": wants}
    handset.push()
    assert handset.prune_photos() == 0
    handset.upload_photos()
    assert handset.prune_photos() == 3000


def test_a_new_epoch_forgets_what_was_backed_up(server: FieldServer, handset: Handset) -> None:
    handset.record("report", REPORT, [photo(1)])
    server.answers_more = {"backed_up_through": 1}
    handset.sync()
    server.epoch, server.answers_more = "e2", {}
    handset.sync()
    assert handset.prune_photos() == 0


# When to return


def test_a_busy_server_is_left_alone_for_as_long_as_it_asks(server: FieldServer, handset: Handset) -> None:
    item_id = handset.record("report", REPORT)
    server.busy = [40]
    with pytest.raises(LineBroken):
        handset.sync()
    assert timedelta(seconds=40) <= handset.next_sync_at() - handset.now() <= timedelta(seconds=60)
    handset.sync()
    assert handset.outbox.item(item_id).acked


def test_after_a_good_round_the_servers_wish_counts(server: FieldServer, handset: Handset) -> None:
    server.answers_more = {"sync_after_s": 300}
    handset.sync()
    assert timedelta(seconds=239) <= handset.next_sync_at() - handset.now() <= timedelta(seconds=361)


def test_pauses_grow_while_the_line_is_broken(handset: Handset, tmp_path: Path) -> None:
    pauses = []
    with Handset(tmp_path, "http://127.0.0.1:1", random=Random(2)) as alone:  # noqa: S311 (repeatable)
        for _ in range(12):
            with pytest.raises(LineBroken):
                alone.sync()
            pauses.append((alone.next_sync_at() - alone.now()).total_seconds())
    assert 0 < pauses[0] <= 5
    assert 450 <= pauses[-1] <= 900
