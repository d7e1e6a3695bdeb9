"""The fold of a task's events: any order of arrival gives one end state, of the task and of its case."""

from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.casework.rules import ACTION_OF_EVENT, TASK_EVENTS, Facts, State, fold_result, fold_task, step
from server.problems import Problem

events = st.lists(st.sampled_from(TASK_EVENTS), min_size=1, max_size=6)


def told(order: list[str]) -> tuple[str, str]:
    """Return (task status, case state) after the events arrived in this order at a dispatched case."""
    status, state = "assigned", str(State.DISPATCHED)
    for event in order:
        folded = fold_task(status, event)
        if folded != status:
            state = step(state, ACTION_OF_EVENT[folded], Facts()).target
        status = folded
    return status, state


@given(events, st.randoms(use_true_random=False))
def test_any_order_of_events_gives_one_end_state(order: list[str], chance: Random) -> None:
    shuffled = list(order)
    chance.shuffle(shuffled)
    assert told(order) == told(shuffled)


@given(events)
def test_events_that_come_twice_change_nothing(order: list[str]) -> None:
    assert told(order + order) == told(order)


def test_every_set_of_events_has_one_meaning() -> None:
    meanings = {
        ("accepted",): ("accepted", "in_disposal"),
        ("started",): ("started", "in_disposal"),
        ("declined",): ("declined", "returned"),
        ("done",): ("done", "disposed"),
        ("accepted", "declined"): ("declined", "returned"),
        ("accepted", "started", "done"): ("done", "disposed"),
        ("declined", "done"): ("done", "disposed"),
    }
    for happened, meaning in meanings.items():
        for order in permutations(happened):
            assert told(list(order)) == meaning


@given(events)
def test_a_cancelled_task_stays_cancelled(order: list[str]) -> None:
    status = "cancelled"
    for event in order:
        status = fold_task(status, event)
    assert status == "cancelled"


def test_an_unknown_event_is_refused_in_every_state() -> None:
    for status in ("assigned", "done", "cancelled"):
        with pytest.raises(Problem) as refused:
            fold_task(status, "cancelled")
        assert refused.value.slug == "validation"


@given(st.lists(st.sampled_from(["passed", "failed"]), min_size=1))
def test_one_failed_check_outweighs_any_passed_whatever_came_first(results: list[str]) -> None:
    known = None
    for result in results:
        known = fold_result(known, result)
    assert known == ("failed" if "failed" in results else "passed")
