"""The responsibility matrix: the most specific entry that is in force wins."""

from datetime import date
from uuid import UUID

import pytest

from server.casework.dispatching.matrix import Entry, Question, best

DAY = date(2026, 4, 1)
ASKED = Question("990101/001/", "0110", "990101001", DAY)


def entry(number: int, code: str = "", area: str = "", path: str = "990101/", **changed: object) -> Entry:
    members = {"basis": "b", "valid_from": date(2026, 1, 1), "valid_to": None} | changed
    return Entry(UUID(int=number), path, code, area, UUID(int=100 + number), (), **members)  # type: ignore[arg-type]  # members are mixed on purpose


@pytest.mark.parametrize(
    "better",
    [
        entry(2, "0110"),
        entry(2, "01"),
        entry(2, area="990101001"),
        entry(2, area="990101"),
        entry(2, path="990101/001/"),
        entry(2, valid_from=date(2026, 2, 1)),
    ],
    ids=["class", "major class", "area", "wide area", "nearer agency", "newer"],
)
def test_the_more_specific_entry_wins(better: Entry) -> None:
    assert best([entry(1), better], ASKED) == better
    assert best([better, entry(1)], ASKED) == better


def test_a_class_outweighs_an_area_and_an_area_an_agency() -> None:
    by_class, by_area, by_agency = entry(1, "0110"), entry(2, "01", "990101001"), entry(3, "01", "", "990101/001/")
    assert best([by_agency, by_area, by_class], ASKED) == by_class
    assert best([by_agency, by_area], ASKED) == by_area


@pytest.mark.parametrize(
    "other",
    [
        entry(1, "0111"),
        entry(1, "b01"),
        entry(1, area="990101002"),
        entry(1, path="990101/101/"),
        entry(1, valid_from=date(2026, 4, 2)),
        entry(1, valid_to=date(2026, 3, 31)),
    ],
    ids=["other class", "component", "other area", "other town", "not yet", "no more"],
)
def test_what_does_not_hold_here_and_today_does_not_count(other: Entry) -> None:
    assert best([other], ASKED) is None


def test_an_entry_holds_on_its_first_and_its_last_day() -> None:
    one = entry(1, valid_from=DAY, valid_to=DAY)
    assert best([one], ASKED) == one


def test_where_the_area_is_not_known_only_entries_for_all_areas_count() -> None:
    asked = Question("990101/001/", "0110", None, DAY)
    assert best([entry(1, "0110", "990101001")], asked) is None
    assert best([entry(2)], asked) == entry(2)
