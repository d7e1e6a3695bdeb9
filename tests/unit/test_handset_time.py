"""From a handset's clocks to a corrected time: the same boot is exact, a wrong wall clock is no harm."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.handset_time import (
    CONTRADICTED,
    ESTIMATED,
    EXACT,
    UNKNOWN,
    Anchor,
    Corrected,
    correct,
    counter,
    in_order,
    instant,
)
from sync.item import Captured

ARRIVED = datetime(2026, 11, 22, 8, 31, 2, tzinfo=UTC)
HOUR_MS = 3_600_000
BEIJING = timezone(timedelta(hours=8))


def anchor(wall: datetime | None = ARRIVED, boot_id: str | None = "b7", mono_ms: int | None = 10 * HOUR_MS) -> Anchor:
    return Anchor(ARRIVED, wall, boot_id, mono_ms)


def captured(wall: datetime | str, boot_id: str | None = "b7", mono_ms: int | None = 9 * HOUR_MS) -> Captured:
    return Captured(wall if isinstance(wall, str) else wall.isoformat(), boot_id, mono_ms, None)


@given(st.integers(-30 * 365, 30 * 365))
def test_within_one_boot_the_monotonic_clock_is_exact_at_any_skew(days: int) -> None:
    skew = timedelta(days=days)
    found = correct(captured(ARRIVED - timedelta(hours=1) + skew), anchor(wall=ARRIVED + skew))
    # A second of travel, and a quartz that drifts a ten-thousandth of the hour.
    assert found == Corrected(ARRIVED - timedelta(hours=1), ARRIVED - timedelta(hours=1) + skew, EXACT, 1360)


@given(st.integers(-30 * 365, 30 * 365))
def test_after_a_reboot_the_wall_clocks_offset_gives_an_estimate_at_any_skew(days: int) -> None:
    skew = timedelta(days=days)
    found = correct(captured(ARRIVED - timedelta(hours=1) + skew, boot_id="b6"), anchor(wall=ARRIVED + skew))
    assert (found.at, found.certainty) == (ARRIVED - timedelta(hours=1), ESTIMATED)


def test_a_wall_clock_set_between_capture_and_push_is_no_harm_within_one_boot() -> None:
    found = correct(captured("1996-01-01T00:00:00+08:00"), anchor(wall=ARRIVED + timedelta(days=4000)))
    assert (found.at, found.certainty) == (ARRIVED - timedelta(hours=1), EXACT)


def test_a_wall_clock_set_between_reboot_and_push_is_contradicted_when_it_lies_in_the_future() -> None:
    # Captured with a right clock, then the clock was set two days back: the offset pushes the capture past its receipt.
    found = correct(captured(ARRIVED - timedelta(hours=1), boot_id="b6"), anchor(wall=ARRIVED - timedelta(days=2)))
    assert found.certainty == CONTRADICTED
    assert found.at == ARRIVED + timedelta(days=2, hours=-1)


def test_a_monotonic_clock_that_runs_ahead_of_its_own_push_is_contradicted() -> None:
    found = correct(captured(ARRIVED, mono_ms=11 * HOUR_MS), anchor(mono_ms=10 * HOUR_MS))
    assert found.certainty == CONTRADICTED


@pytest.mark.parametrize(("ahead_ms", "certainty"), [(0, EXACT), (5_000, EXACT), (5_001, CONTRADICTED)])
def test_a_capture_up_to_five_seconds_after_its_receipt_is_the_clocks_grain(ahead_ms: int, certainty: str) -> None:
    assert correct(captured(ARRIVED, mono_ms=10 * HOUR_MS + ahead_ms), anchor()).certainty == certainty


@pytest.mark.parametrize(
    ("said", "known"),
    [
        (captured("no time", boot_id="b6"), anchor()),
        (captured("2026-11-22T08:31:02", boot_id="b6"), anchor()),
        (captured(ARRIVED, boot_id="b6"), anchor(wall=None)),
        (captured("", boot_id=None, mono_ms=None), anchor(wall=None, boot_id=None, mono_ms=None)),
    ],
)
def test_without_two_clocks_to_compare_the_time_is_unknown(said: Captured, known: Anchor) -> None:
    found = correct(said, known)
    assert (found.at, found.certainty) == (None, UNKNOWN)


def test_two_absent_boot_ids_are_not_the_same_boot() -> None:
    found = correct(captured(ARRIVED, boot_id=None), anchor(boot_id=None))
    assert found.certainty == ESTIMATED


@pytest.mark.parametrize(
    ("said", "known"),
    [
        (captured("0001-01-01T00:00:00+00:00", boot_id="b6"), anchor(wall=ARRIVED + timedelta(days=9))),
        (captured("9999-12-31T23:59:59+00:00", boot_id="b6"), anchor(wall=ARRIVED - timedelta(days=9))),
        (captured(ARRIVED, mono_ms=0), anchor(mono_ms=2**53 - 1)),
        (captured(ARRIVED, mono_ms=2**53 - 1), anchor(mono_ms=0)),
    ],
)
def test_a_sum_beyond_the_calendar_is_unknown_and_no_error(said: Captured, known: Anchor) -> None:
    assert correct(said, known).at is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22T16:31:02+08:00", ARRIVED),
        ("2026-11-22T08:31:02Z", ARRIVED),
        ("2026-11-22T08:31:02", None),
        ("2026-11-22", None),
        ("0001-01-01T00:00:00+08:00", None),
        ("9999-12-31T23:59:59-08:00", None),
        ("9999-12-31T20:00:00Z", None),
        ("0001-01-01T00:00:00Z", None),
        ("9998-12-31T23:59:59Z", datetime(9998, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
        (None, None),
        (1_700_000_000, None),
        (["2026-11-22T08:31:02Z"], None),
        ("\0", None),
        ("\ud800", None),
    ],
)
def test_only_a_time_with_its_zone_is_an_instant(text: object, expected: datetime | None) -> None:
    assert instant(text) == expected


@pytest.mark.parametrize("wrong", [None, "5", 1.0, True, -1, 2**53, [], {}])
def test_what_no_counter_shows_is_none(wrong: object) -> None:
    assert counter(wrong) is None


def test_a_correction_that_ends_at_the_edge_of_the_calendar_is_unknown() -> None:
    # A clock 2022 years late carries the claim into the year 9999, which a database in Asia could not read back.
    found = correct(captured("7977-06-01T00:00:00Z", boot_id="b6"), anchor(wall=ARRIVED.replace(year=4)))
    assert (found.at, found.certainty) == (None, UNKNOWN)
    assert found.claimed is not None


def test_the_anchor_survives_being_kept_as_text() -> None:
    clock = {"wall": "2026-11-22T16:31:02.120+08:00", "boot_id": "b7", "mono_ms": 8123400}
    made = Anchor.of_request(clock, ARRIVED.astimezone(BEIJING))
    assert Anchor.from_text(made.text()) == made
    assert made.offset_ms == -120


@given(
    st.dictionaries(
        st.sampled_from(["wall", "boot_id", "mono_ms"]),
        st.none() | st.integers() | st.floats() | st.text() | st.booleans() | st.lists(st.integers(), max_size=2),
    )
)
def test_any_advisory_clock_gives_an_anchor_that_can_be_kept(clock: dict[str, object]) -> None:
    made = Anchor.of_request(clock, ARRIVED)
    kept = Anchor.from_text(made.text())
    assert (kept.wall, kept.mono_ms) == (made.wall, made.mono_ms)
    assert correct(captured(ARRIVED), kept).certainty in {EXACT, ESTIMATED, UNKNOWN, CONTRADICTED}


@given(
    st.datetimes(timezones=st.sampled_from([UTC, BEIJING])), st.datetimes(timezones=st.just(UTC)), st.integers(0, 2**53)
)
def test_no_clock_reading_is_an_error(wall: datetime, request_wall: datetime, mono_ms: int) -> None:
    for boot_id in ("b6", "b7"):
        found = correct(captured(wall, boot_id, mono_ms), anchor(wall=request_wall))
        assert (found.at is None) == (found.certainty == UNKNOWN)


def at(minutes: float, certainty: str = EXACT) -> Corrected:
    return Corrected(ARRIVED + timedelta(minutes=minutes), None, certainty, 1000)


def test_what_was_made_later_and_seems_captured_earlier_is_contradicted() -> None:
    judged = in_order([at(-60), at(-90), at(-30)])
    assert [one.certainty for one in judged] == [EXACT, CONTRADICTED, EXACT]
    assert judged[1].at == ARRIVED - timedelta(minutes=90)


def test_clocks_that_differ_by_no_more_than_their_uncertainty_contradict_nothing() -> None:
    assert [one.certainty for one in in_order([at(-60), at(-60.05, ESTIMATED)])] == [EXACT, ESTIMATED]


def test_what_nothing_is_known_of_contradicts_nothing() -> None:
    unknown = Corrected(None, None, UNKNOWN)
    assert in_order([unknown, at(-60), unknown]) == [unknown, at(-60), unknown]


def test_the_officer_is_told_of_a_clock_that_is_minutes_wrong() -> None:
    assert anchor(wall=ARRIVED - timedelta(minutes=3)).advice()["advice"] == "clock_slow"
    assert anchor(wall=ARRIVED + timedelta(minutes=3)).advice()["advice"] == "clock_fast"
    assert anchor(wall=ARRIVED + timedelta(seconds=20)).advice()["advice"] is None
