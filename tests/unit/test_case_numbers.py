"""Case numbers: area, local day, sequence."""

from datetime import UTC, datetime

import pytest

from server.casework.numbers import Numbering

# 01:30 on the 23rd in Shanghai, still the 22nd in UTC.
NIGHT = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)


def test_a_number_is_area_local_day_and_five_digits() -> None:
    assert Numbering().write("990101/", NIGHT, 7) == "9901012026112300007"


def test_the_day_changes_at_local_midnight() -> None:
    assert Numbering(timezone="UTC").write("990101/", NIGHT, 7) == "9901012026112200007"
    assert Numbering().series("990101/", NIGHT) != Numbering(timezone="UTC").series("990101/", NIGHT)


@pytest.mark.parametrize(
    ("path", "area"),
    [
        ("990101/001/", "990101"),
        ("990101/001/002/", "990101"),
        ("990000/990101/001/", "990101"),
        ("99/", "000099"),
        ("9901010010/", "990101"),
    ],
)
def test_the_area_is_that_of_the_nearest_node_with_six_digits(path: str, area: str) -> None:
    assert Numbering(pattern="{area6}").write(path, NIGHT, 1) == area


def test_the_hundred_thousandth_case_of_a_day_gets_a_longer_number() -> None:
    assert Numbering().write("990101/", NIGHT, 100_000).endswith("20261123100000")


def test_a_city_can_choose_its_own_pattern() -> None:
    assert Numbering(pattern="C-{yyyymmdd}-{seq5}").write("990101/", NIGHT, 12) == "C-20261123-00012"
