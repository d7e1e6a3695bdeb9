"""Pages of the change feed: what changed is a mark, what is seen is decided now, nothing is skipped."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.memory_feed import MemoryFeed, MemoryMirror
from support.memory_pages import OFFICER, OWN, SECRET, SQUAD, all_pages, ids, pull

from sync.changes import PAGE_BYTES
from sync.cursor import Cursor
from sync.digest import digest_of
from sync.feed import ReconcileRequiredError
from sync.seal import Seal


def refusal(feed: MemoryFeed, token: str, officer: str = OFFICER) -> str:
    with pytest.raises(ReconcileRequiredError) as caught:
        pull(feed, token, officer=officer)
    return caught.value.reason


@pytest.fixture
def feed() -> MemoryFeed:
    return MemoryFeed(OWN, SQUAD)


def test_nothing_new_is_an_empty_page_with_the_same_cursor(feed: MemoryFeed) -> None:
    first = pull(feed)
    assert (first["mode"], first["changes"], first["has_more"]) == ("delta", [], False)
    assert pull(feed, first["next_cursor"])["next_cursor"] == first["next_cursor"]


def test_what_can_be_seen_is_put_with_its_version_and_what_cannot_is_dropped_with_its_reason(feed: MemoryFeed) -> None:
    feed.change(OWN, "a", {"n": 1}, version="0123456789abcdef")
    feed.hide(SQUAD, "b", "reassigned")
    feed.hide(SQUAD, "c")
    changes = {change["id"]: change for change in pull(feed)["changes"]}
    assert changes["a"] == {
        "op": "put",
        "type": "task",
        "id": "a",
        "v": "0123456789abcdef",
        "data": {"data": {"n": 1}},
    }
    assert changes["b"] == {"op": "drop", "type": "task", "id": "b", "reason": "reassigned"}
    assert changes["c"]["reason"] == "out_of_scope"


def test_a_change_that_came_back_into_sight_is_put_whatever_its_mark_says(feed: MemoryFeed) -> None:
    feed.hide(SQUAD, "a", "reassigned")
    feed.change(OWN, "a")
    assert [change["op"] for change in pull(feed)["changes"]] == ["put"]


def test_an_entity_marked_in_two_scopes_is_sent_once(feed: MemoryFeed) -> None:
    feed.change(OWN, "a")
    feed.change(SQUAD, "a")
    found = pull(feed)
    assert ids([found]) == ["a"]
    assert found["has_more"] is False


def test_only_what_changed_after_the_cursor_is_sent(feed: MemoryFeed) -> None:
    feed.change(OWN, "a")
    feed.change(OWN, "b")
    cursor = pull(feed)["next_cursor"]
    feed.change(OWN, "a", version="v2")
    found = pull(feed, cursor)
    assert [(change["id"], change["v"]) for change in found["changes"]] == [("a", "v2")]


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_are_cut_at_the_limit_and_together_bring_everything_once(feed: MemoryFeed, limit: int) -> None:
    for number in range(10):
        feed.change(OWN if number % 3 else SQUAD, f"{number}")
    pages = all_pages(feed, limit=limit)
    assert all(len(one["changes"]) <= limit for one in pages)
    assert sorted(ids(pages)) == [f"{number}" for number in range(10)]
    assert pages[-1]["has_more"] is False


@pytest.mark.parametrize(("asked", "given_back"), [(0, 1), (-5, 1), (200, 200), (10**9, 200)])
def test_a_limit_outside_its_range_is_the_nearest_that_is_allowed(
    feed: MemoryFeed, asked: int, given_back: int
) -> None:
    for number in range(250):
        feed.change(OWN, f"{number}")
    assert len(pull(feed, limit=asked)["changes"]) == given_back


def test_a_page_is_cut_at_256_kib(feed: MemoryFeed) -> None:
    for number in range(10):
        feed.change(OWN, f"{number}", "x" * 60_000)
    pages = all_pages(feed)
    assert all(len(json.dumps(one["changes"])) <= PAGE_BYTES + 100 for one in pages)
    assert ids(pages) == [f"{number}" for number in range(10)]
    assert len(pages) == 3


def test_one_change_larger_than_a_page_is_sent_alone(feed: MemoryFeed) -> None:
    feed.change(OWN, "small")
    feed.change(OWN, "huge", "x" * (2 * PAGE_BYTES))
    feed.change(OWN, "after")
    assert [ids([one]) for one in all_pages(feed)] == [["small"], ["huge"], ["after"]]


def test_a_busy_squad_does_not_starve_the_officers_own_changes(feed: MemoryFeed) -> None:
    for number in range(100):
        feed.change(SQUAD, f"squad{number}")
    for number in range(3):
        feed.change(OWN, f"own{number}")
    found = ids([pull(feed, limit=8)])
    assert [name for name in found if name.startswith("own")] == ["own0", "own1", "own2"]
    assert len(found) == 8


def test_the_cursor_is_the_last_number_returned_and_never_the_head(feed: MemoryFeed) -> None:
    for number in range(5):
        feed.change(OWN, f"{number}")
    cursor = Cursor.unseal(pull(feed, limit=2)["next_cursor"], SECRET)
    assert cursor.positions == {OWN: 2, SQUAD: 0}
    assert (cursor.epoch, cursor.officer_id) == ("e1", OFFICER)


def test_a_change_between_two_pages_is_not_skipped(feed: MemoryFeed) -> None:
    for number in range(4):
        feed.change(OWN, f"{number}")
    first = pull(feed, limit=2)
    feed.change(OWN, "0", version="v2")
    rest = all_pages(feed, first["next_cursor"], limit=2)
    assert ids(rest) == ["2", "3", "0"]
    assert rest[-1]["changes"][-1]["v"] == "v2"


def test_a_new_mirror_never_relies_on_marks_once_some_were_purged(feed: MemoryFeed) -> None:
    feed.change(OWN, "a")
    feed.change(OWN, "b")
    feed.purge(OWN, 1)
    with pytest.raises(ReconcileRequiredError, match="expired"):
        pull(feed)


def test_a_mark_lost_by_damage_does_not_make_a_handset_ask_for_ever(feed: MemoryFeed) -> None:
    feed.change(OWN, "a")
    feed.change(OWN, "b")
    del feed.latest[OWN]["task", "b"]
    pages = all_pages(feed, limit=1)
    assert ids(pages) == ["a"]
    assert pull(feed, pages[-1]["next_cursor"])["has_more"] is False


def test_a_cursor_of_another_epoch_asks_for_reconciliation(feed: MemoryFeed) -> None:
    cursor = pull(feed)["next_cursor"]
    feed.epoch = "e2"
    assert refusal(feed, cursor) == "epoch"


def test_a_cursor_of_another_officer_asks_for_reconciliation(feed: MemoryFeed) -> None:
    assert refusal(feed, pull(feed)["next_cursor"], officer="officer-2") == "scope"


@pytest.mark.parametrize("scopes", [(OWN,), (OWN, SQUAD, "squad:2"), (OWN, "squad:2")])
def test_a_cursor_of_other_scopes_asks_for_reconciliation(feed: MemoryFeed, scopes: tuple[str, ...]) -> None:
    assert refusal(MemoryFeed(*scopes), pull(feed)["next_cursor"]) == "scope"


def test_a_cursor_ahead_of_the_server_asks_for_reconciliation(feed: MemoryFeed) -> None:
    feed.change(OWN, "a")
    cursor = pull(feed)["next_cursor"]
    assert refusal(MemoryFeed(OWN, SQUAD), cursor) == "ahead"


def test_a_cursor_below_the_floor_has_expired_and_one_at_the_floor_has_not(feed: MemoryFeed) -> None:
    for number in range(4):
        feed.change(OWN, f"{number}")
    below, at = pull(feed, limit=1)["next_cursor"], pull(feed, limit=2)["next_cursor"]
    feed.purge(OWN, 2)
    assert refusal(feed, below) == "expired"
    assert ids([pull(feed, at)]) == ["2", "3"]


@pytest.mark.parametrize("token", ["", "nonsense", "c1.", "c1.AAAA", "\0", "街"])
def test_a_damaged_cursor_asks_for_reconciliation(feed: MemoryFeed, token: str) -> None:
    assert refusal(feed, token) == "bad_cursor"


def test_a_cursor_of_an_older_release_is_still_read(feed: MemoryFeed) -> None:
    feed.change(OWN, "a")
    old = [feed.epoch, OFFICER, {OWN: "0", SQUAD: "0"}]
    assert ids([pull(feed, Seal("c1.", "cursor").close(old, SECRET))]) == ["a"]


steps = st.lists(
    st.tuples(
        st.sampled_from([OWN, SQUAD]),
        st.integers(0, 6),
        st.sampled_from(["show", "show", "hide", "break", "heal"]),
        st.booleans(),
    ),
    max_size=40,
)


@given(steps, st.integers(1, 5))
def test_whatever_happens_between_pages_the_mirror_ends_equal_to_what_can_be_seen(
    story: list[tuple[str, int, str, bool]], limit: int
) -> None:
    feed, mirror, cursor = MemoryFeed(OWN, SQUAD), MemoryMirror(), None
    for count, (scope, number, event, pulls) in enumerate(story):
        happen(feed, scope, f"{number}", event, f"v{count}")
        if pulls:
            found = pull(feed, cursor, limit)
            mirror.apply(found)
            cursor = found["next_cursor"]
            if "digest" in found:
                assert found["digest"] == digest_of(mirror.entries())
    for found in all_pages(feed, cursor, limit):
        mirror.apply(found)
    sound = {entity: one.version for entity, one in feed.seen.items() if entity not in feed.broken}
    assert {entity: held for entity, held in mirror.held.items() if entity not in feed.broken} == sound


def happen(feed: MemoryFeed, scope: str, name: str, event: str, version: str) -> None:
    if event == "show":
        feed.change(scope, name, version=version)
    elif event == "hide":
        feed.hide(scope, name)
    elif event == "break":
        feed.broken.add(("task", name))
    else:
        feed.broken.discard(("task", name))
