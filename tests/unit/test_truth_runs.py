"""Runs: a set of numbers kept as spans says what is missing exactly as a set would."""

from hypothesis import given
from hypothesis import strategies as st

from server.gateway.truth.runs import Runs

NUMBERS = st.integers(1, 60)


@given(chunks=st.lists(st.lists(NUMBERS, max_size=20), max_size=5), first=NUMBERS, last=NUMBERS)
def test_what_is_missing_is_what_a_set_says(chunks: list[list[int]], first: int, last: int) -> None:
    runs, known = Runs(), set[int]()
    for chunk in chunks:
        runs.add(chunk)
        known |= set(chunk)
    missing = {number for begun, ended in runs.missing(first, last) for number in range(begun, ended + 1)}
    assert missing == set(range(first, last + 1)) - known


def test_a_million_numbers_without_a_gap_are_one_run() -> None:
    runs = Runs()
    for start in range(1, 1_000_001, 50_000):
        runs.add(range(start, start + 50_000))
    assert runs.missing(1, 1_000_000) == []
    assert runs.missing(1, 1_000_003) == [(1_000_001, 1_000_003)]
