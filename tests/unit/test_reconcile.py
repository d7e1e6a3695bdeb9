"""Reconciliation: from any mirror to exactly what can be seen, page by page, whatever is wrong or happens meanwhile."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.memory_feed import MemoryFeed, MemoryMirror

from sync.changes import PAGE_BYTES
from sync.cursor import Cursor
from sync.digest import digest_of
from sync.feed import ReconcileRequiredError, page
from sync.ports import Entity, Visible
from sync.reconcile import MOST_ENTRIES, ManifestError, read_manifest, reconcile

SECRET, OFFICER, NOW = "one secret", "officer-1", 1_800_000_000
OWN, SQUAD, INSTALL = "officer:1", "squad:1", "install:1"


def ask(
    feed: MemoryFeed, manifest: Mapping[Entity, str], token: str | None = None, limit: int = 200, officer: str = OFFICER
) -> dict[str, Any]:
    found = reconcile(feed, manifest, token, officer_id=officer, secret=SECRET, limit=limit, at=NOW)
    assert json.loads(found.text()) == found.as_json()
    return found.as_json()


def pages(feed: MemoryFeed, mirror: MemoryMirror, limit: int = 200) -> list[dict[str, Any]]:
    """Reconcile a mirror to its end and return the pages."""
    manifest = dict(mirror.held)
    found = [ask(feed, manifest, None, limit)]
    mirror.apply(found[-1])
    while found[-1]["has_more"]:
        assert found[-1]["changes"], "a page that brings nothing must not promise more"
        assert "next_cursor" not in found[-1]
        found.append(ask(feed, manifest, found[-1]["next_page"], limit))
        mirror.apply(found[-1])
    return found


def ops(found: Mapping[str, Any]) -> list[tuple[str, ...]]:
    return [(change["op"], change["id"], *filter(None, [change.get("reason")])) for change in found["changes"]]


@pytest.fixture
def feed() -> MemoryFeed:
    made = MemoryFeed(OWN, SQUAD, INSTALL)
    for name in ("a", "b", "c"):
        made.change(OWN, name, version=f"{name}1")
    return made


names = st.text("abcdefgh", min_size=1, max_size=2)
entities = st.tuples(st.sampled_from(["case", "task"]), names)
mirrors = st.dictionaries(
    st.tuples(st.sampled_from(["case", "task", "receipt", "weed", "\0"]), names | st.text(max_size=3)),
    st.sampled_from(["1", "2", "", "街"]),
    max_size=30,
)
visible = st.dictionaries(entities, st.sampled_from(["1", "2"]), max_size=30)


@given(mirrors, visible, st.sets(entities), st.integers(1, 7))
def test_any_mirror_and_any_visible_set_end_equal_at_any_page_size(
    held: dict[Entity, str], shown: dict[Entity, str], broken: set[Entity], limit: int
) -> None:
    feed, mirror = MemoryFeed(OWN), MemoryMirror(held)
    feed.seen = {entity: Visible(version, {}) for entity, version in shown.items()}
    feed.broken = broken
    found = pages(feed, mirror, limit)
    assert all(len(one["changes"]) <= limit for one in found)
    assert {entity: v for entity, v in mirror.held.items() if entity not in mirror.deferred} == {
        entity: v for entity, v in shown.items() if entity not in mirror.deferred
    }
    assert mirror.deferred <= broken
    assert found[-1]["digest"] == digest_of(mirror.entries())


@given(st.lists(st.tuples(names, st.booleans()), max_size=12), st.integers(1, 3))
def test_what_changes_between_the_pages_comes_with_the_next_pull(meanwhile: list[tuple[str, bool]], limit: int) -> None:
    feed = MemoryFeed(OWN)
    for number, name in enumerate("abcdefgh"):
        feed.change(OWN, name, version=f"{number}")
    mirror = MemoryMirror({("task", "zz"): "1"})
    manifest, token, cursor = dict(mirror.held), None, None
    story = list(meanwhile)
    while cursor is None:
        found = ask(feed, manifest, token, limit)
        mirror.apply(found)
        token, cursor = found["next_page"], found.get("next_cursor")
        if story:
            name, shown = story.pop()
            (feed.change if shown else feed.hide)(OWN, name, **({"version": f"m{len(story)}"} if shown else {}))
    last = page(feed, cursor, officer_id=OFFICER, secret=SECRET, limit=200, at=NOW, want_digest=True)
    mirror.apply(last.as_json())
    assert mirror.held == {entity: one.version for entity, one in feed.seen.items()}
    assert last.members["digest"] == digest_of(mirror.entries())


def test_only_differences_travel(feed: MemoryFeed) -> None:
    feed.hide(SQUAD, "gone", "reassigned")
    manifest = {("task", "a"): "a1", ("task", "b"): "old", ("task", "gone"): "1", ("task", "unknown"): "1"}
    found = ask(feed, manifest)
    assert ops(found) == [
        ("put", "b"),
        ("put", "c"),
        ("drop", "gone", "reassigned"),
        ("drop", "unknown", "out_of_scope"),
    ]
    assert (found["mode"], found["has_more"], found["next_page"]) == ("reconcile", False, None)


def test_the_cursor_stands_where_the_first_page_stood(feed: MemoryFeed) -> None:
    first = ask(feed, {}, limit=1)
    feed.change(OWN, "a", version="a2")
    last = ask(feed, {}, first["next_page"])
    assert "digest" not in last, "the mirror lacks what changed meanwhile: no false alarm"
    found = page(feed, last["next_cursor"], officer_id=OFFICER, secret=SECRET, limit=200, at=NOW).as_json()
    assert ops(found) == [("put", "a")]
    assert found["digest"]["n"] == 3


def test_receipts_stand_in_no_manifest_so_the_next_pull_brings_them_again(feed: MemoryFeed) -> None:
    feed.change(INSTALL, "item", kind="receipt")
    last = ask(feed, {})
    assert [change["type"] for change in last["changes"]] == ["task"] * 3
    found = page(feed, last["next_cursor"], officer_id=OFFICER, secret=SECRET, limit=200, at=NOW).as_json()
    assert [(change["type"], change["id"]) for change in found["changes"]] == [("receipt", "item")]


def test_what_was_deferred_stays_out_of_the_digest_and_is_tried_again_by_pulls(feed: MemoryFeed) -> None:
    feed.broken.add(("task", "a"))
    last = pages(feed, MemoryMirror(), limit=1)[-1]
    assert last["digest"]["n"] == 2
    feed.broken.clear()
    found = page(feed, last["next_cursor"], officer_id=OFFICER, secret=SECRET, limit=200, at=NOW).as_json()
    assert ops(found) == [("put", "a")]


def test_a_page_is_cut_at_256_kib_and_goes_on(feed: MemoryFeed) -> None:
    for number in range(6):
        feed.change(OWN, f"big{number}", "x" * 100_000)
    mirror = MemoryMirror()
    found = pages(feed, mirror)
    assert all(len(json.dumps(one["changes"])) <= PAGE_BYTES + 1000 for one in found)
    assert len(mirror.held) == 9


def test_the_same_page_may_be_asked_again(feed: MemoryFeed) -> None:
    first = ask(feed, {}, limit=1)
    assert ask(feed, {}, first["next_page"], 1) == ask(feed, {}, first["next_page"], 1)


def void(feed: MemoryFeed, token: str, officer: str = OFFICER) -> str:
    with pytest.raises(ReconcileRequiredError) as caught:
        ask(feed, {}, token, officer=officer)
    return caught.value.reason


def test_a_void_page_token_says_why(feed: MemoryFeed) -> None:
    token = ask(feed, {}, limit=1)["next_page"]
    cursor = Cursor("e1", OFFICER, feed.heads).seal(SECRET)
    assert {void(feed, text) for text in ("", "nonsense", "r1.AAAA", token[:-3], cursor, "街")} == {"bad_cursor"}
    assert void(feed, token, officer="officer-2") == "scope"
    behind = MemoryFeed(OWN, SQUAD, INSTALL)
    assert void(behind, token) == "ahead"
    assert void(MemoryFeed(OWN), token) == "scope"
    feed.change(OWN, "d")
    feed.purge(OWN, 4)
    assert void(feed, token) == "expired"
    feed.epoch = "e2"
    assert void(feed, token) == "epoch"


def test_an_entry_named_twice_counts_as_changed_unless_both_agree() -> None:
    assert read_manifest([["task", "a", "1"], ["task", "a", "2"], ["task", "b", "1"], ["task", "b", "1"]]) == {
        ("task", "a"): "",
        ("task", "b"): "1",
    }


@pytest.mark.parametrize(
    "entries",
    [None, {}, "x", [[]], [["task", "a"]], [["task", "a", 1]], [["task", "a", None]], [["task", "a", "v", "w"]],
     ["task"], [["task", "\ud800", "v"]], [["task", "a" * 65, "v"]], [["task", "a", "v"]] * (MOST_ENTRIES + 1)],
)  # fmt: skip
def test_a_manifest_of_another_form_is_refused_with_a_clear_word(entries: object) -> None:
    with pytest.raises(ManifestError, match=r"Entry 0 must be|list of at most 20000"):
        read_manifest(entries)


def test_the_largest_manifest_is_taken() -> None:
    assert len(read_manifest([["task", f"{number}", "v"] for number in range(MOST_ENTRIES)])) == MOST_ENTRIES
