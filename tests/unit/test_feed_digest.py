"""What rides on pages: receipts, the digest over the mirror, and entities that cannot be rendered now."""

import pytest
from support.memory_feed import MemoryFeed
from support.memory_pages import INSTALL, NOW, OFFICER, OWN, SECRET, SQUAD, pull

from sync.changes import MOST_DEFERRED
from sync.digest import digest_of
from sync.feed import DIGEST_EVERY, page


@pytest.fixture
def feed() -> MemoryFeed:
    return MemoryFeed(OWN, SQUAD)


def test_a_receipt_is_delivered_once_and_one_out_of_sight_is_not_mentioned() -> None:
    feed = MemoryFeed(OWN, INSTALL)
    feed.change(INSTALL, "mine", kind="receipt")
    feed.hide(INSTALL, "a colleague's", kind="receipt")
    found = pull(feed)
    assert [(change["op"], change["type"], change["id"]) for change in found["changes"]] == [("put", "receipt", "mine")]
    assert found["has_more"] is False
    assert pull(feed, found["next_cursor"])["changes"] == []


def test_the_digest_is_over_everything_seen_but_receipts(feed: MemoryFeed) -> None:
    feed.change(OWN, "a", version="1")
    feed.change(SQUAD, "b", version="2")
    feed.change(OWN, "r", kind="receipt")
    assert pull(feed)["digest"] == digest_of([("task", "a", "1"), ("task", "b", "2")])


def test_a_digest_comes_with_the_last_page_of_news_when_asked_and_every_six_hours(feed: MemoryFeed) -> None:
    feed.change(OWN, "a")
    feed.change(OWN, "b")
    first = pull(feed, limit=1, want_digest=True)
    assert "digest" not in first, "the mirror cannot be equal before the last page"
    last = pull(feed, first["next_cursor"], limit=1)
    assert last["digest"]["n"] == 2
    quiet = pull(feed, last["next_cursor"], at=NOW + DIGEST_EVERY - 1)
    assert "digest" not in quiet
    assert pull(feed, quiet["next_cursor"], want_digest=True)["digest"] == last["digest"]
    due = pull(feed, quiet["next_cursor"], at=NOW + DIGEST_EVERY)
    assert due["digest"] == last["digest"]
    assert "digest" not in pull(feed, due["next_cursor"], at=NOW + DIGEST_EVERY + 1)


def test_what_cannot_be_rendered_is_deferred_and_blocks_nothing(feed: MemoryFeed) -> None:
    for name in ("a", "b", "c"):
        feed.change(OWN, name)
    feed.broken.add(("task", "b"))
    found = page(feed, None, officer_id=OFFICER, secret=SECRET, limit=200, at=NOW)
    changes = found.as_json()["changes"]
    assert [(change["op"], change["id"]) for change in changes] == [("put", "a"), ("defer", "b"), ("put", "c")]
    assert changes[1] == {"op": "defer", "type": "task", "id": "b"}
    assert found.deferred == [("task", "b")]
    assert found.members["digest"] == digest_of([("task", "a", "v"), ("task", "c", "v")])


@pytest.mark.parametrize("data", [float("inf"), float("nan"), "\ud800", {1, 2}])
def test_data_that_json_has_no_form_for_is_deferred(feed: MemoryFeed, data: object) -> None:
    feed.change(OWN, "a", data)
    assert [change["op"] for change in pull(feed)["changes"]] == ["defer"]


def test_a_deferred_entity_is_put_as_soon_as_it_can_be_rendered(feed: MemoryFeed) -> None:
    feed.change(OWN, "a")
    feed.broken.add(("task", "a"))
    cursor = pull(feed)["next_cursor"]
    waiting = page(feed, cursor, officer_id=OFFICER, secret=SECRET, limit=200, at=NOW)
    assert (waiting.changes, waiting.deferred) == ([], []), "told and alarmed once is enough"
    feed.broken.clear()
    healed = pull(feed, waiting.members["next_cursor"])
    assert [(change["op"], change["id"]) for change in healed["changes"]] == [("put", "a")]
    assert healed["digest"]["n"] == 1
    assert pull(feed, healed["next_cursor"])["changes"] == []


def test_with_too_much_deferred_there_is_no_digest_to_mislead_a_mirror(feed: MemoryFeed) -> None:
    for number in range(MOST_DEFERRED + 1):
        feed.change(OWN, f"{number}")
        feed.broken.add(("task", f"{number}"))
    found = pull(feed)
    assert "digest" not in found
    feed.broken.clear()
    assert pull(feed, found["next_cursor"])["digest"]["n"] == MOST_DEFERRED + 1
