"""The push engine on an inbox in memory: order-free, at most once, and no item hurts another."""

import random
from collections.abc import Mapping, Sequence
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.engine import CHUNK, Result, interpret, push
from sync.item import Key, RawItem, Receipt, Refused, State, Verdict
from sync.ports import UnavailableError

FOR_EVER = 1e18


class MemoryInbox:
    """An Inbox as the port describes it: both methods happen as a whole or not at all.

    The kind says what an item does: ``fine``, ``broken`` (raises, and nothing of its transaction stays), ``bad``
    (is quarantined), ``early`` (waits). ``effects`` counts how often each item took effect.
    """

    def __init__(self) -> None:
        self.rows: dict[Key, tuple[int, str]] = {}
        self.verdicts: dict[Key, Verdict] = {}
        self.effects: dict[Key, int] = {}
        self.transactions: list[list[Key]] = []
        self.store_down = False
        self.set_aside_down = False
        self.interpret_down_at: set[int] = set()

    def store(self, items: Sequence[RawItem]) -> list[Receipt]:
        if self.store_down:
            raise UnavailableError
        return [self._store(raw) for raw in random.sample(list(items), len(items))]

    def _store(self, raw: RawItem) -> Receipt:
        if raw.key in self.rows:
            n = self.rows[raw.key][0]
            return Receipt(raw, n, fresh=False, known=self.verdicts.get(raw.key, Verdict(State.INTERPRETING)))
        n = len(self.rows) + 1
        same_id = any(key.item_id == raw.key.item_id for key in self.rows)
        self.rows[raw.key] = (n, raw.kind or "fine")
        if same_id:
            self.verdicts[raw.key] = Verdict(State.CONFLICT)
        elif raw.flaw is not None:
            self.verdicts[raw.key] = Verdict(State.QUARANTINED, {"problem": raw.flaw[0]})
        return Receipt(raw, n, fresh=True, known=self.verdicts.get(raw.key))

    def interpret(self, keys: Sequence[Key]) -> Mapping[Key, Verdict]:
        self.transactions.append(list(keys))
        if len(self.transactions) in self.interpret_down_at:
            raise UnavailableError
        verdicts = {key: self._verdict(self.rows[key][1]) for key in keys}
        for key, verdict in verdicts.items():
            self.verdicts[key] = verdict
            if verdict.state is State.APPLIED:
                self.effects[key] = self.effects.get(key, 0) + 1
        return verdicts

    def _verdict(self, kind: str) -> Verdict:
        if kind == "broken":
            raise ZeroDivisionError
        if kind == "bad":
            return Verdict(State.QUARANTINED, {"problem": "validation"})
        if kind == "early":
            return Verdict(State.WAITING, {"needs": ["task:1"]})
        return Verdict(State.APPLIED, {"case_id": "1"})

    def set_aside(self, key: Key, error: Exception) -> Verdict:
        if self.set_aside_down:
            raise UnavailableError
        self.verdicts[key] = Verdict(State.QUARANTINED, {"problem": type(error).__name__})
        return self.verdicts[key]


def raw(number: int, kind: str = "fine", *, index: int = 0, content: str = "a", flaw: str | None = None) -> RawItem:
    return RawItem(
        index=index,
        key=Key(UUID(int=number), content * 64),
        body=b"{}",
        head="{}",
        signature=None,
        dseq=None,
        kind=kind,
        kv=1,
        flaw=None if flaw is None else (flaw, "detail"),
    )


def batch(kinds: Sequence[str], start: int = 1) -> list[RawItem]:
    return [raw(start + index, kind, index=index) for index, kind in enumerate(kinds)]


def states(results: Sequence[Result]) -> list[str]:
    return [result["state"] for result in results]


@pytest.fixture
def inbox() -> MemoryInbox:
    return MemoryInbox()


def test_an_empty_push_stores_nothing(inbox: MemoryInbox) -> None:
    assert push(inbox, []) == []
    assert inbox.transactions == []


def test_results_stand_in_the_order_of_the_batch_with_number_and_durability(inbox: MemoryInbox) -> None:
    items = [raw(9, index=0), raw(3, "bad", index=1), raw(5, "early", index=2)]
    results = push(inbox, items)
    assert [UUID(result["id"]).int for result in results] == [9, 3, 5]
    assert states(results) == ["applied", "quarantined", "waiting"]
    assert results[0]["case_id"] == "1"
    assert results[2]["needs"] == ["task:1"]
    assert sorted(result["n"] for result in results) == [1, 2, 3]
    assert {result["durability"] for result in results} == {"committed"}


def test_every_order_of_a_batch_gives_every_item_the_same_verdict() -> None:
    items = [raw(1), raw(2, "broken"), raw(3, "bad"), raw(4, "early"), raw(5, flaw="not-an-item")]
    expected = {1: "applied", 2: "quarantined", 3: "quarantined", 4: "waiting", 5: "quarantined"}
    for order in permutations(items):
        ordered = [raw(item.key.item_id.int, item.kind or "", index=place) for place, item in enumerate(order)]
        found = push(MemoryInbox(), ordered)
        without_flaw = expected | {5: "applied"}
        assert {UUID(result["id"]).int: result["state"] for result in found} == without_flaw
    assert states(push(MemoryInbox(), [items[4]])) == ["quarantined"]


def test_a_flawed_item_is_stored_and_never_interpreted(inbox: MemoryInbox) -> None:
    results = push(inbox, [raw(1, "broken", flaw="not-an-item"), raw(2, index=1)])
    assert states(results) == ["quarantined", "applied"]
    assert results[0]["problem"] == "not-an-item"
    assert inbox.transactions == [[raw(2).key]]


@pytest.mark.parametrize("place", [0, 49, 50, 120, 199])
def test_one_broken_item_never_hurts_the_other_199(inbox: MemoryInbox, place: int) -> None:
    kinds = ["fine"] * 200
    kinds[place] = "broken"
    results = push(inbox, batch(kinds))
    assert results[place]["state"] == "quarantined"
    assert results[place]["problem"] == "ZeroDivisionError"
    assert states(results).count("applied") == 199
    assert set(inbox.effects.values()) == {1}


def test_only_the_chunk_of_the_broken_item_is_interpreted_one_by_one(inbox: MemoryInbox) -> None:
    push(inbox, batch(["broken"] + ["fine"] * (2 * CHUNK - 1)))
    sizes = [len(keys) for keys in inbox.transactions]
    assert sizes == [CHUNK] + [1] * CHUNK + [CHUNK]


def test_a_chunk_is_interpreted_in_the_order_of_the_ids(inbox: MemoryInbox) -> None:
    push(inbox, [raw(number, index=index) for index, number in enumerate([5, 1, 4, 2, 3])])
    assert [key.item_id.int for key in inbox.transactions[0]] == [1, 2, 3, 4, 5]


def test_resending_a_batch_changes_nothing_and_tells_the_first_outcome(inbox: MemoryInbox) -> None:
    items = batch(["fine", "bad", "early", "broken"])
    first = push(inbox, items)
    effects, transactions = dict(inbox.effects), len(inbox.transactions)
    second = push(inbox, items)
    assert states(second) == ["duplicate"] * 4
    assert [result["current"]["state"] for result in second] == states(first)
    assert [result["n"] for result in second] == [result["n"] for result in first]
    assert second[0]["case_id"] == "1"
    assert inbox.effects == effects
    assert len(inbox.transactions) == transactions


def test_the_same_item_twice_in_one_batch_takes_effect_once_and_both_answers_say_so(inbox: MemoryInbox) -> None:
    results = push(inbox, [raw(1, index=0), raw(1, index=1)])
    assert sorted(states(results)) == ["applied", "duplicate"]
    duplicate = next(result for result in results if result["state"] == "duplicate")
    assert duplicate["current"] == {"state": "applied", "case_id": "1"}
    assert inbox.effects == {raw(1).key: 1}


def test_another_content_under_the_same_id_is_a_conflict_on_every_send(inbox: MemoryInbox) -> None:
    push(inbox, [raw(1)])
    other = raw(1, content="b")
    assert states(push(inbox, [other])) == ["conflict"]
    assert states(push(inbox, [other])) == ["conflict"]
    assert inbox.effects == {raw(1).key: 1}


def test_a_damaged_item_is_asked_for_again_and_not_stored(inbox: MemoryInbox) -> None:
    results = push(inbox, [Refused(0, "some-id"), raw(1, index=1)])
    assert results[0] == {"id": "some-id", "index": 0, "state": "retry", "slug": "fingerprint-mismatch"}
    assert results[1]["state"] == "applied"
    assert len(inbox.rows) == 1


def test_nothing_is_acknowledged_when_the_store_is_down(inbox: MemoryInbox) -> None:
    inbox.store_down = True
    results = push(inbox, batch(["fine"] * 3))
    assert states(results) == ["retry"] * 3
    assert all("n" not in result and result["slug"] == "busy" for result in results)


def test_an_item_that_is_stored_but_not_interpreted_waits_for_its_interpretation(inbox: MemoryInbox) -> None:
    inbox.interpret_down_at = {1}
    results = push(inbox, batch(["fine"] * 3))
    assert states(results) == ["waiting"] * 3
    assert all(result["needs"] == ["interpretation"] and result["n"] for result in results)
    again = push(inbox, batch(["fine"] * 3))
    assert [result["current"]["needs"] for result in again] == [["interpretation"]] * 3


def test_a_store_that_fails_between_two_chunks_leaves_the_rest_to_the_worker(inbox: MemoryInbox) -> None:
    inbox.interpret_down_at = {2}
    results = push(inbox, batch(["fine"] * (CHUNK + 10)))
    assert states(results) == ["applied"] * CHUNK + ["waiting"] * 10


def test_a_store_that_fails_on_one_of_the_broken_chunks_items_leaves_only_that_one(inbox: MemoryInbox) -> None:
    inbox.interpret_down_at = {3}
    results = push(inbox, batch(["broken", "fine", "fine"]))
    assert states(results) == ["quarantined", "waiting", "applied"]


@pytest.mark.parametrize("kinds", [["broken"], ["broken", "fine", "broken"]])
def test_an_item_that_cannot_be_set_aside_now_waits_and_the_others_go_on(inbox: MemoryInbox, kinds: list[str]) -> None:
    inbox.set_aside_down = True
    expected = {"broken": "waiting", "fine": "applied"}
    assert states(push(inbox, batch(kinds))) == [expected[kind] for kind in kinds]


def test_without_patience_everything_is_stored_and_waits(inbox: MemoryInbox) -> None:
    results = push(inbox, batch(["fine"] * 60), patience=-1.0)
    assert set(states(results)) == {"waiting"}
    assert len(inbox.rows) == 60
    assert inbox.transactions == []


def test_the_worker_finishes_what_a_request_left(inbox: MemoryInbox) -> None:
    items = batch(["fine", "broken", "early"])
    push(inbox, items, patience=-1.0)
    verdicts = interpret(inbox, [item.key for item in items], until=FOR_EVER)
    assert [verdicts[item.key].state for item in items] == ["applied", "quarantined", "waiting"]


kinds_of_items = st.lists(st.sampled_from(["fine", "bad", "early", "broken"]), min_size=1, max_size=8)
sends = st.lists(st.lists(st.integers(0, 7), min_size=1, max_size=10), min_size=1, max_size=6)


@given(kinds_of_items, sends)
def test_however_items_are_split_repeated_and_mixed_each_takes_effect_at_most_once(
    kinds: list[str], pushes: list[list[int]]
) -> None:
    inbox, told = MemoryInbox(), {}
    for chosen in pushes:
        items = [raw(number, kinds[number], index=i) for i, number in enumerate(chosen) if number < len(kinds)]
        results = push(inbox, [raw(item.key.item_id.int, item.kind or "", index=i) for i, item in enumerate(items)])
        assert len(results) == len(items)
        for result in results:
            state = result["current"]["state"] if result["state"] == "duplicate" else result["state"]
            assert told.setdefault(result["id"], state) == state
    assert all(count == 1 for count in inbox.effects.values())
    assert len(inbox.effects) == sum(kinds[UUID(item_id).int] == "fine" for item_id in told)
