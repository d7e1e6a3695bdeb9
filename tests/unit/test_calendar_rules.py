"""Files of days, and what the State Council's notices say."""

from datetime import date

import pytest

from server.standards.calendar_rules import MOST_BYTES, MOST_ROWS, OwnDay, Unreadable, read_days
from server.standards.calendars import in_force, lineage
from server.standards.state_days import COVERED_UNTIL, is_state_workday, state_day, uncovered_from
from server.standards.timing import Schedule, parse_periods

CHINESE = "日期,类型,名称\n2027-02-06,放假,春节\n2027/2/20,上班,春节调休\n2027年3月1日,休,\n20270302,班\n"
EXPECTED = [
    OwnDay(date(2027, 2, 6), workday=False, name="春节"),
    OwnDay(date(2027, 2, 20), workday=True, name="春节调休"),
    OwnDay(date(2027, 3, 1), workday=False),
    OwnDay(date(2027, 3, 2), workday=True),
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_is_read_as_chinese_offices_write_it(encoding: str) -> None:
    assert read_days(CHINESE.encode(encoding)) == (EXPECTED, [])


def test_columns_are_found_by_their_names_in_english_too() -> None:
    text = "Name,Workday,Date,remark\r\nSpring Festival,rest,2027-02-06,x\r\n\r\n"
    assert read_days(text.encode()) == ([OwnDay(date(2027, 2, 6), workday=False, name="Spring Festival")], [])


def test_bad_rows_are_named_with_row_column_and_reason_and_the_others_are_taken() -> None:
    text = (
        CHINESE + "2027-02-30,放假,\n2027-05-01,maybe,\n2027-02-06,上班,\n2027-02-06,放假,春节\n" + f"x,y,{'n' * 65}\n"
    )
    good, bad = read_days(text.encode())
    assert good == EXPECTED
    assert [(row.row, row.column) for row in bad] == [
        (6, "day"),
        (7, "workday"),
        (8, "day"),
        (10, "day"),
        (10, "workday"),
        (10, "name"),
    ]
    assert str(bad[1]) == "row 7, workday: 'maybe' is neither 上班 (work) nor 放假 (rest)"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "first row"),
        (b"2027-02-06,rest\n", "first row"),
        (b"\x00\x01\x02\xff\xfe", "no text"),
        (b"PK\x03\x04\x00\x00", "no text"),
        (b'date,workday\n2027-02-06,"rest', "no CSV"),
        (b"date,workday\n" + b"x" * MOST_BYTES, "KiB"),
        (b"date,workday\n" + b"2027-02-06,rest\n" * (MOST_ROWS + 1), "rows"),
    ],
)
def test_what_is_no_file_of_days_is_refused_whole(content: bytes, told: str) -> None:
    with pytest.raises(Unreadable, match=told):
        read_days(content)


@pytest.mark.parametrize(
    ("day", "workday"),
    [
        # From the notices themselves, of the years 2024 to 2026.
        (date(2024, 2, 4), True),
        (date(2024, 2, 12), False),
        (date(2024, 10, 12), True),
        (date(2025, 1, 26), True),
        (date(2025, 1, 28), False),
        (date(2025, 10, 8), False),
        (date(2025, 10, 11), True),
        (date(2026, 1, 4), True),
        (date(2026, 2, 14), True),
        (date(2026, 2, 23), False),
        (date(2026, 2, 24), True),
        (date(2026, 10, 10), True),
    ],
)
def test_holidays_and_make_up_days_are_those_of_the_notices(day: date, workday: bool) -> None:  # noqa: FBT001 (an expectation)
    assert is_state_workday(day) is workday


def test_a_day_that_a_notice_names_has_its_name_in_both_languages() -> None:
    named = state_day(date(2026, 2, 14))
    assert named is not None
    assert (named.workday, named.name, named.name_en) == (True, "春节调休上班", "Spring Festival: make-up day")
    assert state_day(date(2026, 2, 10)) is None


def test_beyond_the_notices_only_weekends_are_free_and_that_is_known() -> None:
    after = COVERED_UNTIL.year + 2
    assert is_state_workday(date(after, 1, 1)) == (date(after, 1, 1).weekday() < 5)
    assert uncovered_from(date(2026, 3, 1)) == date(COVERED_UNTIL.year + 1, 1, 1)
    assert uncovered_from(date(after, 3, 1)) == date(after, 3, 1)


def test_the_nearest_hours_in_force_decide_from_day_to_day() -> None:
    own = [Schedule(date(2026, 4, 1), parse_periods("10:00-16:00"))]
    city = [Schedule(date(2026, month, 1), parse_periods(f"0{month}:00-18:00")) for month in (1, 5)]
    held = [(str(one.valid_from), str(one.periods[0])) for one in in_force([own, city])]
    assert held == [("2026-01-01", "01:00-18:00"), ("2026-04-01", "10:00-16:00"), ("2026-05-01", "10:00-16:00")]


def test_above_an_agency_stand_all_shorter_paths() -> None:
    assert lineage("990101/001/c1/") == ["990101/001/c1/", "990101/001/", "990101/"]
