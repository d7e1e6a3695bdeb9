"""Pages of the change feed: what changed is a mark, what is seen is decided now, nothing is skipped."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.cursor import Cursor
from sync.feed import MOST_CHANGES, PAGE_BYTES, ReconcileRequiredError, page
from sync.ports import Mark, ScopeEnds, Visible

SECRET = "one secret"
OFFICER = "officer-1"
OWN, SQUAD = "officer:1", "squad:1"


class MemoryFeed:
    """A ChangeFeed whose scopes hold numbered marks, one per entity, as the ledger keeps them."""

    def __init__(self, *scopes: str) -> None:
        self.epoch = "e1"
        self.heads = dict.fromkeys(scopes, 0)
        self.floors = dict.fromkeys(scopes, 0)
        self.latest: dict[str, dict[tuple[str, str], tuple[int, str | None]]] = defaultdict(dict)
        self.seen: dict[tuple[str, str], Visible] = {}

    def change(self, scope: str, name: str, data: object = "x", *, version: str = "v") -> None:
        self._mark(scope, name, None)
        self.seen["task", name] = Visible(version, {"data": data})

    def hide(self, scope: str, name: str, reason: str | None = None) -> None:
        self._mark(scope, name, reason)
        self.seen.pop(("task", name), None)

    def _mark(self, scope: str, name: str, reason: str | None) -> None:
        self.heads[scope] += 1
        self.latest[scope]["task", name] = (self.heads[scope], reason)

    def purge(self, scope: str, below: int) -> None:
        self.floors[scope] = below
        self.latest[scope] = {key: mark for key, mark in self.latest[scope].items() if mark[0] > below}

    def ends(self) -> Mapping[str, ScopeEnds]:
        return {scope: ScopeEnds(head, self.floors[scope]) for scope, head in self.heads.items()}

    def marks(self, positions: Mapping[str, int], limit: int) -> Iterable[Mark]:
        for scope, position in positions.items():
            marks = [Mark(scope, seq, key, reason) for key, (seq, reason) in self.latest[scope].items()]
            yield from sorted(mark for mark in marks if mark.seq > position)[:limit]

    def visible(self, entities: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Visible]:
        return {key: self.seen[key] for key in entities if key in self.seen}


def pull(
    feed: MemoryFeed, token: str | None = None, limit: int = MOST_CHANGES, officer: str = OFFICER
) -> dict[str, Any]:
    return page(feed, token, officer_id=officer, secret=SECRET, limit=limit)


def all_pages(feed: MemoryFeed, token: str | None = None, limit: int = MOST_CHANGES) -> list[dict[str, Any]]:
    pages = [pull(feed, token, limit)]
    while pages[-1]["has_more"]:
        assert pages[-1]["changes"] or len(pages) < 50, "a page that brings nothing must not promise more for ever"
        pages.append(pull(feed, pages[-1]["next_cursor"], limit))
    return pages


def ids(found: Iterable[Mapping[str, Any]]) -> list[str]:
    return [change["id"] for one in found for change in one["changes"]]


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


def test_a_purged_beginning_still_ends(feed: MemoryFeed) -> None:
    feed.change(OWN, "a")
    feed.purge(OWN, 1)
    assert [one["changes"] for one in all_pages(feed)] == [[]]


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


changes = st.lists(
    st.tuples(st.sampled_from([OWN, SQUAD]), st.integers(0, 6), st.booleans(), st.booleans()), max_size=40
)


@given(changes, st.integers(1, 5))
def test_whatever_happens_between_pages_the_mirror_ends_equal_to_what_can_be_seen(
    steps: list[tuple[str, int, bool, bool]], limit: int
) -> None:
    feed = MemoryFeed(OWN, SQUAD)
    mirror: dict[str, str] = {}
    cursor = None
    for count, (scope, number, shown, pulls) in enumerate(steps):
        (feed.change if shown else feed.hide)(scope, f"{number}", **({"version": f"v{count}"} if shown else {}))
        if pulls:
            cursor = apply(mirror, pull(feed, cursor, limit))
    for one in all_pages(feed, cursor, limit):
        apply(mirror, one)
    assert mirror == {name: seen.version for (_, name), seen in feed.seen.items()}


def apply(mirror: dict[str, str], found: Mapping[str, Any]) -> str:
    for change in found["changes"]:
        if change["op"] == "put":
            mirror[change["id"]] = change["v"]
        else:
            mirror.pop(change["id"], None)
    cursor: str = found["next_cursor"]
    return cursor
