"""Conditions and seasons: which row of a class's table speaks on a day."""

from datetime import date

import pytest

from server.standards.conditions import in_season
from server.standards.content import Condition
from server.standards.seasons import Season, parse_season

PLANTING = Season("02-15", "04-15")
FROST = Season("12-01", "02-29")


@pytest.mark.parametrize(
    "text", ["02-15~04-15", "2月15日至4月15日", "2.15-4.15", "02-15 ～ 04-15", "2/15到4/15", " 02-15—04-15 "]
)
def test_a_season_is_read_as_cities_write_it(text: str) -> None:
    assert parse_season(text) == PLANTING


@pytest.mark.parametrize(
    "text", ["", "spring", "02-30~04-15", "13-01~14-01", "02-15", "02-15~04-15~05-01", "00-00~00-00"]
)
def test_what_is_no_season_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"season|month|day"):
        parse_season(text)


def test_both_ends_of_a_season_belong_to_it() -> None:
    assert [PLANTING.holds(date(2026, *day)) for day in ((2, 14), (2, 15), (4, 15), (4, 16))] == [
        False,
        True,
        True,
        False,
    ]


def test_a_season_goes_over_the_turn_of_the_year() -> None:
    days = (date(2026, 11, 30), date(2026, 12, 1), date(2027, 1, 1), date(2028, 2, 29), date(2026, 3, 1))
    assert [FROST.holds(day) for day in days] == [False, True, True, True, False]


def test_a_season_is_written_as_it_is_read() -> None:
    assert parse_season(str(FROST)) == FROST


TREE = (
    Condition(1, "leaning", ""),
    Condition(2, "missing", ""),
    Condition(3, "missing", "", season=PLANTING),
    Condition(4, "icy", "", season=FROST),
)


@pytest.mark.parametrize(
    ("no", "on", "speaks"),
    [
        (1, date(2026, 3, 1), 1),
        (2, date(2026, 3, 1), 3),
        (2, date(2026, 7, 1), 2),
        (3, date(2026, 3, 1), 3),
        (3, date(2026, 7, 1), 2),
        (4, date(2026, 1, 5), 4),
        (4, date(2026, 7, 1), None),
        (9, date(2026, 7, 1), None),
    ],
)
def test_in_its_season_a_row_stands_in_for_the_one_of_the_same_wording(no: int, on: date, speaks: int | None) -> None:
    found = in_season(TREE, no, on)
    assert (found and found.no) == speaks
