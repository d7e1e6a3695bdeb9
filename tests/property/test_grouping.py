"""Grouping of reports is a function of the reports: whatever order they come in, the same ones belong together."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from server.casework.duplicates.grouping import Nearness, Sighting, attachments, changes, distance_m, recurrences

NEAR = Nearness()
NOON = datetime(2026, 4, 1, 4, tzinfo=UTC)
# A degree of latitude is 111.2 km: 0.0003 degrees are 33 m.
STEP = 0.0003


def sighting(number: int, hours: float = 0, steps: float = 0, *, anchored: bool = False) -> Sighting:
    at = NOON + timedelta(hours=hours)
    return Sighting(UUID(int=number), at, 123.5, 30.5 + steps * STEP, anchored=anchored)


sightings = st.lists(
    st.builds(
        sighting,
        st.integers(1, 10_000),
        st.integers(0, 60),
        st.integers(0, 6),
        anchored=st.booleans(),
    ),
    max_size=5,
    unique_by=lambda one: one.case_id,
)


@given(sightings)
def test_the_order_of_arrival_changes_nothing(found: list[Sighting]) -> None:
    ends = {frozenset(attachments(order, NEAR).items()) for order in permutations(found)}
    assert len(ends) == 1


@given(sightings)
def test_who_a_report_is_attached_to_stands_for_itself_and_is_near(found: list[Sighting]) -> None:
    joined = attachments(found, NEAR)
    by_id = {one.case_id: one for one in found}
    for case_id, main in joined.items():
        assert main not in joined
        assert not by_id[case_id].anchored
        assert NEAR.holds(by_id[case_id], by_id[main])


@given(sightings)
def test_reports_that_stand_for_themselves_are_not_near_unless_a_desk_has_both(found: list[Sighting]) -> None:
    joined = attachments(found, NEAR)
    alone = [one for one in found if one.case_id not in joined]
    for one in alone:
        for other in alone:
            assert one is other or not NEAR.holds(one, other) or (one.anchored and other.anchored)


@given(sightings, sightings)
def test_applying_the_changes_leads_from_one_end_to_the_other(before: list[Sighting], after: list[Sighting]) -> None:
    standing, wanted = attachments(before, NEAR), attachments(after, NEAR)
    part, attach = changes(wanted, standing)
    assert {case: main for case, main in standing.items() if case not in part} | attach == wanted


def test_the_first_by_time_stands_and_fifty_metres_and_a_day_are_near() -> None:
    first, second, far, late = sighting(9), sighting(1, 24, 1.4), sighting(2, 0, 1.7), sighting(3, 24.01)
    assert attachments([first, second], NEAR) == {second.case_id: first.case_id}
    assert attachments([first, far], NEAR) == {}
    assert attachments([first, late], NEAR) == {}


def test_what_a_desk_has_acted_on_stands_before_an_earlier_report() -> None:
    early, filed = sighting(1), sighting(2, 3, anchored=True)
    assert attachments([early, filed], NEAR) == {early.case_id: filed.case_id}


def test_parted_by_a_person_is_never_attached_again() -> None:
    one, other, third = sighting(1), sighting(2, 1), sighting(3, 2)
    apart = {frozenset({one.case_id, other.case_id})}
    assert attachments([one, other, third], NEAR, apart) == {third.case_id: one.case_id}


def test_three_that_hang_together_recur_and_two_do_not() -> None:
    month = Nearness(within=timedelta(days=30))
    first, second, third = sighting(1), sighting(2, 24 * 20), sighting(3, 24 * 40)
    assert recurrences([third, first, second], month) == ((first.case_id, second.case_id, third.case_id),)
    assert recurrences([first, second], month) == ()
    assert recurrences([first, second, sighting(3, 24 * 60)], month) == ()


def test_a_distance_is_measured_in_metres() -> None:
    # One degree of the meridian of this sphere: 111,195 m; a degree of longitude at 60 north is half as long.
    here, north = Sighting(UUID(int=1), NOON, 123.5, 60.0), Sighting(UUID(int=2), NOON, 123.5, 61.0)
    east = Sighting(UUID(int=3), NOON, 124.5, 60.0)
    assert abs(distance_m(here, north) - 111_195) < 1
    assert abs(distance_m(here, east) - 55_595) < 5
