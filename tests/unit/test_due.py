"""The deadline engine: the vectors of domain.md section 2.7, holidays, pauses, policies, wordings."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from server.standards.timing import (
    Calendar,
    Clock,
    Limit,
    Pause,
    Schedule,
    WorkPeriod,
    due_at,
    parse_limit,
    parse_periods,
    time_left,
    write_periods,
)

CHINA = ZoneInfo("Asia/Shanghai")
OFFICE = (WorkPeriod(time(8), time(12)), WorkPeriod(time(14), time(18)))


def weekday(day: date) -> bool:
    return day.weekday() < 5


def every_day(_day: date) -> bool:
    return True


def no_day(_day: date) -> bool:
    return False


PLAIN = Calendar(CHINA, OFFICE, weekday)
BY_DAYS = Calendar(CHINA, OFFICE, weekday, "end_of_day")


def spring_festival(day: date) -> bool:
    """Work as the State Council's notice for 2026 says: off from 15 to 23 February, work on Saturdays 14 and 28."""
    if day in {date(2026, 2, 14), date(2026, 2, 28)}:
        return True
    return weekday(day) and not date(2026, 2, 15) <= day <= date(2026, 2, 23)


FESTIVAL = Calendar(CHINA, OFFICE, spring_festival)


def at(text: str) -> datetime:
    """Read a Chinese time of 2026: ``01-09 17:00``."""
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=CHINA)


def due(start: str, wording: str, calendar: Calendar = PLAIN, *pauses: Pause) -> str:
    found = due_at(at(start), parse_limit(wording), calendar, pauses)
    assert found is not None
    assert found.tzinfo is UTC
    return f"{found.astimezone(CHINA):%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("start", "wording", "end"),
    [
        ("01-09 17:00", "4工作时", "01-12 11:00"),
        ("01-09 17:00", "2紧急工作时", "01-09 19:00"),
        ("01-09 17:00", "1工作日", "01-12 17:00"),
        ("01-09 19:30", "4工作时", "01-12 12:00"),
        ("01-08 11:00", "2工作时", "01-08 15:00"),
        ("01-08 11:00", "4工作时", "01-08 17:00"),
    ],
)
def test_the_vectors_of_the_domain_brief_hold(start: str, wording: str, end: str) -> None:
    assert due(start, wording) == end


@pytest.mark.parametrize(
    ("start", "wording", "end"),
    [
        ("01-08 11:00", "1工作时", "01-08 12:00"),
        ("01-08 12:30", "1工作时", "01-08 15:00"),
        ("01-08 06:00", "8工作时", "01-08 18:00"),
        ("01-10 10:00", "0.5工作日", "01-12 12:00"),
        ("01-09 17:00", "2自然日", "01-11 17:00"),
        ("01-09 17:00", "0.25 emergency_hour", "01-09 17:15"),
    ],
)
def test_a_limit_ends_at_the_first_moment_at_which_it_is_used_up(start: str, wording: str, end: str) -> None:
    assert due(start, wording) == end


@pytest.mark.parametrize(
    ("start", "wording", "end"),
    [
        # The make-up Saturday is worked, the nine days after it are not, the next Saturday is again.
        ("02-13 17:00", "4工作时", "02-14 11:00"),
        ("02-14 17:00", "4工作时", "02-24 11:00"),
        ("02-14 17:00", "1工作日", "02-24 17:00"),
        ("02-27 17:00", "1工作日", "02-28 17:00"),
        ("02-14 17:00", "2紧急工作时", "02-14 19:00"),
        ("02-14 17:00", "3自然日", "02-17 17:00"),
    ],
)
def test_holidays_and_make_up_days_count_as_what_they_are(start: str, wording: str, end: str) -> None:
    assert due(start, wording, FESTIVAL) == end


@pytest.mark.parametrize(
    ("start", "wording", "end"),
    [
        ("01-09 17:00", "1工作日", "01-12 18:00"),
        ("01-09 07:00", "1工作日", "01-12 18:00"),
        ("01-10 12:00", "1工作日", "01-12 18:00"),
        ("01-12 00:00", "3工作日", "01-15 18:00"),
        ("01-12 09:00", "0.5工作日", "01-13 18:00"),
        ("01-09 17:00", "4工作时", "01-12 11:00"),
    ],
)
def test_towns_that_count_whole_days_end_with_the_work_of_the_last_one(start: str, wording: str, end: str) -> None:
    assert due(start, wording, BY_DAYS) == end


def pause(begun: str, ended: str | None) -> Pause:
    return Pause(at(begun), None if ended is None else at(ended))


def test_a_pause_takes_only_the_time_out_that_would_have_counted() -> None:
    assert due("01-08 09:00", "4工作时", PLAIN, pause("01-08 11:00", "01-08 15:00")) == "01-08 17:00"
    assert due("01-08 09:00", "4工作时", PLAIN, pause("01-08 12:00", "01-08 14:00")) == "01-08 15:00"
    assert due("01-08 09:00", "1紧急工作时", PLAIN, pause("01-08 09:30", "01-09 09:30")) == "01-09 10:00"


def test_pauses_that_overlap_or_lie_outside_are_no_problem() -> None:
    known = [
        pause("01-08 10:30", "01-08 11:30"),
        pause("01-08 10:00", "01-08 11:00"),
        pause("01-08 10:15", "01-08 10:20"),
        pause("01-01 10:00", "01-02 10:00"),
        pause("02-01 10:00", None),
    ]
    assert due("01-08 09:00", "2工作时", PLAIN, *known) == "01-08 14:30"


def test_a_pause_that_lasts_still_leaves_no_deadline_but_what_was_left() -> None:
    waiting, limit, start = [pause("01-08 11:00", None)], parse_limit("4工作时"), at("01-08 09:00")
    assert due_at(start, limit, PLAIN, waiting) is None
    assert time_left(at("06-30 09:00"), start, limit, PLAIN, waiting) == 2
    assert due_at(start, parse_limit("2 emergency_hour"), PLAIN, waiting) == at("01-08 11:00")


def test_a_day_of_which_a_pause_takes_work_does_not_count_where_days_are_whole() -> None:
    assert due("01-12 09:00", "2工作日", BY_DAYS, pause("01-13 16:00", "01-14 09:00")) == "01-16 18:00"
    assert due("01-12 09:00", "2工作日", BY_DAYS, pause("01-13 12:30", "01-13 13:30")) == "01-14 18:00"
    assert due("01-12 09:00", "2工作日", BY_DAYS, pause("01-14 18:00", "01-15 09:00")) == "01-14 18:00"


def test_an_extension_gives_the_same_time_once_more() -> None:
    limit = parse_limit("1工作日")
    assert due_at(at("01-09 17:00"), limit.times(2), PLAIN) == at("01-13 17:00")


def test_time_left_is_in_the_units_of_the_clock_and_negative_once_overdue() -> None:
    start, limit = at("01-09 17:00"), parse_limit("1工作日")
    assert time_left(at("01-09 16:00"), start, limit, PLAIN) == 1
    assert time_left(at("01-11 12:00"), start, limit, PLAIN) == Decimal("0.875")
    assert time_left(at("01-12 17:00"), start, limit, PLAIN) == 0
    assert time_left(at("01-13 12:00"), start, limit, PLAIN) == Decimal("-0.625")
    assert time_left(at("01-12 12:00"), start, parse_limit("2工作时"), PLAIN) == -3


def test_summer_hours_hold_from_their_day_on() -> None:
    summer = Schedule(date(2026, 1, 13), parse_periods("08:00-12:00 15:00-18:00"), "end_of_day")
    calendar = Calendar(CHINA, OFFICE, weekday, later=(summer,))
    assert due("01-12 17:00", "6工作时", calendar) == "01-13 16:00"
    # A working day is worth one, however long it is: 5/8 of Monday and 3/8 of seven hours.
    assert due("01-12 11:00", "1工作日", calendar) == "01-13 10:37"
    assert due("01-13 11:00", "1工作日", calendar) == "01-14 18:00"


def test_a_shift_until_midnight_goes_on_with_the_next_day() -> None:
    calendar = Calendar(CHINA, parse_periods("00:00-06:00 18:00-24:00"), every_day)
    assert due("01-09 23:00", "2工作时", calendar) == "01-10 01:00"


def test_a_calendar_without_working_days_is_refused_and_not_searched_for_ever() -> None:
    with pytest.raises(ValueError, match="within a hundred years"):
        due_at(at("01-09 17:00"), parse_limit("1工作日"), Calendar(CHINA, OFFICE, no_day))


def test_where_clocks_change_no_work_time_is_counted_twice_or_backwards() -> None:
    zone = ZoneInfo("America/New_York")
    calendar = Calendar(zone, parse_periods("00:00-02:30 02:30-03:00"), every_day)
    start = datetime(2026, 3, 8, tzinfo=zone)
    assert due_at(start, parse_limit("2 work_hour"), calendar) == datetime(2026, 3, 8, 7, tzinfo=UTC)
    assert due_at(start, parse_limit("1 work_day"), calendar) == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)


def test_a_time_without_zone_is_refused() -> None:
    naive = datetime(2026, 1, 9, 17)  # noqa: DTZ001 (the point of the test)
    for refused in (
        lambda: due_at(naive, parse_limit("1工作日"), PLAIN),
        lambda: time_left(naive, at("01-09 17:00"), parse_limit("1工作日"), PLAIN),
        lambda: Pause(at("01-09 17:00"), naive),
    ):
        with pytest.raises(ValueError, match="time zone"):
            refused()


def test_a_pause_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot end"):
        pause("01-09 17:00", "01-09 16:00")


@pytest.mark.parametrize(
    ("wording", "canonical"),
    [
        ("2紧急工作时", "2 emergency_hour"),
        ("2 紧急小时", "2 emergency_hour"),
        ("4工作时", "4 work_hour"),
        ("4小时", "4 work_hour"),
        ("0.5小时", "0.5 work_hour"),
        ("1工作日", "1 work_day"),
        ("1天", "1 work_day"),
        ("15 个 工作日", "15 work_day"),
        ("2自然日", "2 natural_day"),
        ("2紧急工作日", "2 natural_day"),
        ("１０．５个工作时", "10.5 work_hour"),
        ("4 work_hour", "4 work_hour"),
        ("4 Work Hours", "4 work_hour"),
        ("20.000 natural_days", "20 natural_day"),
    ],
)
def test_the_wordings_of_cities_are_read(wording: str, canonical: str) -> None:
    assert str(parse_limit(wording)) == canonical
    assert parse_limit(canonical) == parse_limit(wording)


@pytest.mark.parametrize(
    "wording", ["", "紧急", "紧急工作日", "4", "4周", "-4小时", "4 hours or so", "4小时内", "四小时", "4,5小时"]
)
def test_what_is_no_limit_is_refused_with_what_is_understood(wording: str) -> None:
    with pytest.raises(ValueError, match="紧急工作时"):
        parse_limit(wording)


@pytest.mark.parametrize("wording", ["0小时", "3651天", "0.0001小时", "99999999999999999999999999999999天"])
def test_a_limit_must_be_of_a_size_that_makes_sense(wording: str) -> None:
    with pytest.raises(ValueError, match="3 decimals"):
        parse_limit(wording)


def test_a_limit_of_nothing_cannot_be_made() -> None:
    for amount in (Decimal(0), Decimal(-1), Decimal("NaN")):
        with pytest.raises(ValueError, match="more than nothing"):
            Limit(Clock.WORK_DAY, amount)


def test_hours_of_work_are_read_as_people_write_them() -> None:
    assert write_periods(parse_periods("８：30—12：00，14:00～18:00")) == "08:30-12:00 14:00-18:00"
    assert write_periods(parse_periods("18:00-24:00")) == "18:00-24:00"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8-12",
        "12:00-08:00",
        "08:00-08:00",
        "08:00-00:00",
        "25:00-26:00",
        "08:00-12:00 11:00-18:00",
        "18:00-24:00 08:00-12:00",
        " ".join(f"{hour:02}:00-{hour:02}:30" for hour in range(7)),
    ],
)
def test_hours_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"hours|period"):
        parse_periods(text)


def test_schedules_out_of_order_are_refused() -> None:
    later = [Schedule(date(2026, 5, 1), OFFICE), Schedule(date(2026, 5, 1), OFFICE)]
    with pytest.raises(ValueError, match="order"):
        Calendar(CHINA, OFFICE, weekday, later=tuple(later))


def test_the_engine_answers_in_microseconds_exactly() -> None:
    third = Limit(Clock.WORK_DAY, Decimal("0.333"))
    found = due_at(at("01-12 08:00"), third, PLAIN)
    assert found == at("01-12 10:39") + timedelta(seconds=50.4)
    assert time_left(found, at("01-12 08:00"), third, PLAIN) == 0
