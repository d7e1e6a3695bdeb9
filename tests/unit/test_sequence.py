"""Which numbers of a handset's own count are here: runs, gaps, and what is told of them."""

from hypothesis import given
from hypothesis import strategies as st

from sync.sequence import MOST_GAPS_TOLD, MOST_RUNS, Sequence

NUMBERS = st.lists(st.integers(1, 60), max_size=40)


def test_the_next_numbers_in_order_only_raise_the_end() -> None:
    assert Sequence(3).adding([4, 5, 6]) == Sequence(6)


def test_a_gap_is_told_until_it_is_filled() -> None:
    holed = Sequence().adding([1, 2, 5, 6, 9])
    assert (holed.through, holed.gaps()) == (2, [(3, 4), (7, 8)])
    filled = holed.adding([4, 3])
    assert (filled.through, filled.gaps()) == (6, [(7, 8)])


def test_what_the_handset_made_and_has_not_sent_is_a_gap_too() -> None:
    assert Sequence(5).gaps(next_number=8) == [(6, 7)]
    assert Sequence(5).gaps(next_number=6) == []
    assert Sequence(5).gaps(next_number=2) == []


@given(NUMBERS, NUMBERS)
def test_runs_hold_exactly_the_numbers_in_whatever_portions_they_came(first: list[int], second: list[int]) -> None:
    whole = Sequence().adding(first).adding(second)
    held = set(range(1, whole.through + 1)) | {
        number for start, end in whole.beyond for number in range(start, end + 1)
    }
    assert held == set(first) | set(second)
    told = {number for start, end in whole.gaps() for number in range(start, end + 1)}
    assert told == set(range(1, max(held, default=0) + 1)) - held


@given(NUMBERS)
def test_the_stored_text_gives_back_the_same_runs(numbers: list[int]) -> None:
    whole = Sequence().adding(numbers)
    assert Sequence.from_text(whole.through, whole.beyond_text()) == whole


def test_a_handset_that_jumps_about_fills_neither_the_row_nor_the_answer() -> None:
    scattered = Sequence().adding(range(2, 10_000, 2))
    assert len(scattered.beyond) == MOST_RUNS
    assert len(scattered.gaps()) == MOST_GAPS_TOLD


def test_zero_and_numbers_already_there_change_nothing() -> None:
    assert Sequence(4, ((7, 8),)).adding([0, 1, 4]) == Sequence(4, ((7, 8),))
