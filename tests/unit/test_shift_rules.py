"""Whether an officer was on shift when an item was captured."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from server.identity.rules import SHIFT_TOLERANCE, shift_beginning, was_on_shift

EIGHT = datetime(2026, 11, 22, 8, tzinfo=UTC)
NOON, TWO, SIX = EIGHT + timedelta(hours=4), EIGHT + timedelta(hours=6), EIGHT + timedelta(hours=10)
A_MOMENT = timedelta(milliseconds=1)


@pytest.mark.parametrize("at", [EIGHT, NOON, TWO, SIX, EIGHT - SHIFT_TOLERANCE, NOON + SHIFT_TOLERANCE])
def test_an_item_of_the_shift_or_just_beside_it_counts(at: datetime) -> None:
    assert was_on_shift([(EIGHT, NOON), (TWO, None)], at)


@pytest.mark.parametrize(
    "at", [EIGHT - SHIFT_TOLERANCE - A_MOMENT, NOON + SHIFT_TOLERANCE + A_MOMENT, TWO - SHIFT_TOLERANCE - A_MOMENT]
)
def test_an_item_between_shifts_does_not_count(at: datetime) -> None:
    assert not was_on_shift([(EIGHT, NOON), (TWO, None)], at)


def test_the_tolerance_is_the_callers() -> None:
    at = NOON + timedelta(minutes=10)
    assert was_on_shift([(EIGHT, NOON)], at, timedelta(minutes=10))
    assert not was_on_shift([(EIGHT, NOON)], at, timedelta(minutes=9))


def test_who_never_had_a_shift_was_never_on_one() -> None:
    assert not was_on_shift([], NOON)


@pytest.mark.parametrize(
    ("claimed", "begun"),
    [(EIGHT, NOON), (NOON, NOON), (TWO, TWO), (SIX, TWO), (datetime.min.replace(tzinfo=UTC), NOON)],
)
def test_a_shift_begins_as_claimed_between_the_one_before_and_now(claimed: datetime, begun: datetime) -> None:
    assert shift_beginning(claimed, earliest=NOON, moment=TWO) == begun


def test_a_claimed_beginning_is_kept_as_utc() -> None:
    claimed = NOON.astimezone(timezone(timedelta(hours=8)))
    assert shift_beginning(claimed, earliest=EIGHT, moment=TWO).tzinfo is UTC
