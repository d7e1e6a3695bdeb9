"""What a crowd of handsets is told: come back later, and not all in the same second."""

from uuid import UUID

import pytest

from server.gateway.pressure import CALM_SECONDS, OWING_SECONDS, Pressure, pressed
from sync.uuid7 import uuid7


def told(serving: int, install_id: UUID | None = None, *, busy: bool = False) -> int:
    return Pressure(serving).sync_after(install_id or UUID(int=0), busy=busy)


def test_a_handset_with_nothing_to_do_comes_back_after_a_quarter_of_an_hour() -> None:
    assert told(1) == CALM_SECONDS


def test_a_handset_that_owes_photographs_comes_back_soon() -> None:
    assert told(1, busy=True) == OWING_SECONDS


@pytest.mark.parametrize(("serving", "times"), [(5, 1), (6, 1), (12, 2), (60, 10)])
def test_the_more_push_at_once_the_longer_the_others_wait(serving: int, times: int) -> None:
    assert told(serving) == times * CALM_SECONDS


def test_handsets_are_spread_over_a_tenth_of_the_time_and_each_keeps_its_place() -> None:
    installs = [uuid7() for _ in range(200)]
    places = {told(1, install) for install in installs}
    assert len(places) > 50
    assert min(places) >= CALM_SECONDS
    assert max(places) < CALM_SECONDS * 1.1
    assert told(1, installs[0]) == told(1, installs[0])


def test_who_could_not_be_served_is_sent_away_for_longer_in_a_crowd() -> None:
    assert Pressure(1).retry_after() < Pressure(30).retry_after()


def test_pushes_are_counted_while_they_are_served_whatever_becomes_of_them() -> None:
    with pressed() as alone:
        with pytest.raises(RuntimeError), pressed() as second:
            raise RuntimeError
        with pressed() as third:
            pass
    with pressed() as after:
        pass
    assert (alone.serving, second.serving, third.serving, after.serving) == (1, 2, 2, 1)
