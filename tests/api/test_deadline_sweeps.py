"""What time does to cases is told exactly once: by one worker, by two at once, after a week of standstill."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session
from street import Street, street
from support.at_once import together

from server.base import uuid7
from server.casework import sweep_jobs, sweeps
from server.casework.inbox.models import NoticeRow
from server.casework.models import CaseClock, CaseEvent, ClockPause
from server.clock import now, use
from server.db import read, transact

HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)
SWEEPS = (sweep_jobs.sweep_due_soon, sweep_jobs.sweep_overdue)
# A Monday at nine in the morning in Beijing, with a whole working week behind it.
MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.fixture
def town(app: Flask, client: FlaskClient) -> Street:
    return street(app, client)


@pytest.fixture
def case_id(town: Street) -> UUID:
    """Return a dispatched case whose own clocks are taken away: each test sets the ones that it is about."""
    found, _task_id = town.dispatched()

    def stop(session: Session) -> None:
        session.execute(update(CaseClock).values(stopped_at=now(), late=False))

    with town.app.app_context():
        transact(stop)
        transact(lambda session: session.execute(delete(NoticeRow)))
    return found


def clock(town: Street, case_id: UUID, stage: str = "disposal", **changed: Any) -> UUID:  # noqa: ANN401 (columns)
    """Start a clock of four hours on Monday morning, due at 13:00 in Beijing."""
    clock_id = uuid7()
    columns = {
        "id": clock_id,
        "case_id": case_id,
        "agency_id": town.city.street_id,
        "stage": stage,
        "round": 7,
        "clock": "emergency_hour",
        "amount": Decimal(4),
        "wording": "4紧急工作时",
        "started_at": MONDAY,
        "due_at": MONDAY + 4 * HOUR,
        **changed,
    }
    with town.app.app_context():
        transact(lambda session: session.add(CaseClock(**columns)))
    return clock_id


def sweep(town: Street, moment: datetime) -> None:
    with use(lambda: moment), town.app.app_context():
        for job in SWEEPS:
            job.run()


def told(town: Street) -> Counter[str]:
    with town.app.app_context():
        return Counter(read(lambda session: session.scalars(select(NoticeRow.kind)).all()))


def row(town: Street, clock_id: UUID) -> CaseClock:
    with town.app.app_context():
        return read(lambda session: session.get_one(CaseClock, clock_id))


def passed(town: Street) -> int:
    """Return how many lines of timelines say that a limit has passed."""
    wanted = select(CaseEvent.id).where(CaseEvent.action == "overdue")
    with town.app.app_context():
        return len(read(lambda session: session.scalars(wanted).all()))


def test_a_unit_is_told_when_a_quarter_of_its_limit_is_left(town: Street, case_id: UUID) -> None:
    clock_id = clock(town, case_id)
    sweep(town, MONDAY + 3 * HOUR - timedelta(seconds=1))
    assert told(town) == {}
    sweep(town, MONDAY + 3 * HOUR)
    sweep(town, MONDAY + 3 * HOUR + timedelta(minutes=1))
    assert told(town) == {"due_soon": 1}
    assert row(town, clock_id).told_soon_at == MONDAY + 3 * HOUR
    assert passed(town) == 0


def test_the_quarter_is_counted_on_the_limits_own_clock(town: Street, case_id: UUID) -> None:
    # Four work hours from Monday 17:00 on: one that day, the last three on Tuesday from 8:00 to 11:00.
    begun = MONDAY + 8 * HOUR
    clock(town, case_id, clock="work_hour", started_at=begun, due_at=MONDAY + 26 * HOUR)
    sweep(town, MONDAY + 25 * HOUR - timedelta(seconds=1))
    assert told(town) == {}
    sweep(town, MONDAY + 25 * HOUR)
    assert told(town) == {"due_soon": 1}


def test_a_pause_that_is_over_does_not_count(town: Street, case_id: UUID) -> None:
    clock_id = clock(town, case_id, due_at=MONDAY + 14 * HOUR)
    pause = ClockPause(clock_id=clock_id, begun_at=MONDAY + HOUR, ended_at=MONDAY + 11 * HOUR, why="returned")
    with town.app.app_context():
        transact(lambda session: session.add(pause))
    sweep(town, MONDAY + 12 * HOUR)
    assert told(town) == {}
    sweep(town, MONDAY + 13 * HOUR)
    assert told(town) == {"due_soon": 1}


def test_what_has_passed_becomes_a_fact_a_line_and_one_notice(town: Street, case_id: UUID) -> None:
    clock_id = clock(town, case_id)
    # Who is done in the very moment in which it is due is in time.
    sweep(town, MONDAY + 4 * HOUR)
    assert told(town)["overdue"] == 0
    just_after = MONDAY + 4 * HOUR + timedelta(milliseconds=1)
    sweep(town, just_after)
    sweep(town, MONDAY + 5 * HOUR)
    assert (told(town)["overdue"], passed(town)) == (1, 1)
    assert (row(town, clock_id).late, row(town, clock_id).told_overdue_at) == (True, just_after)


def test_after_a_week_of_standstill_only_the_lateness_is_told(town: Street, case_id: UUID) -> None:
    clock(town, case_id)
    sweep(town, MONDAY + WEEK)
    sweep(town, MONDAY + 2 * WEEK)
    assert told(town) == {"overdue": 1}
    assert passed(town) == 1


@pytest.mark.parametrize("stage", ["acceptance", "verification", "dispatch", "check"])
def test_the_desks_stages_are_told_when_they_have_passed_and_not_before(
    town: Street, case_id: UUID, stage: str
) -> None:
    clock(town, case_id, stage)
    sweep(town, MONDAY + 3.5 * HOUR)
    assert told(town) == {}
    sweep(town, MONDAY + 4.1 * HOUR)
    assert told(town) == {"overdue": 1}


def test_a_clock_that_stopped_or_is_held_is_not_told(town: Street, case_id: UUID) -> None:
    clock(town, case_id, stopped_at=MONDAY + HOUR, late=False)
    clock(town, case_id, "check", due_at=None)
    sweep(town, MONDAY + WEEK)
    assert told(town) == {}


def test_a_percentage_of_nought_warns_nobody(town: Street, case_id: UUID) -> None:
    clock(town, case_id)
    with town.app.app_context():
        assert read(sweeps.due_soon, MONDAY + 3.9 * HOUR, 0, {}) == []
        assert len(read(sweeps.due_soon, MONDAY + 3.9 * HOUR, 25, {})) == 1


def test_a_clock_that_was_looked_at_is_looked_at_again_before_it_can_be_due_soon(town: Street, case_id: UUID) -> None:
    clock_id = clock(town, case_id)
    not_before: dict[UUID, datetime] = {}
    with town.app.app_context():
        assert read(sweeps.due_soon, MONDAY + HOUR, 25, not_before) == []
        assert not_before == {clock_id: MONDAY + 3 * HOUR}
        assert read(sweeps.due_soon, MONDAY + 3 * HOUR - timedelta(seconds=1), 25, not_before) == []
        assert len(read(sweeps.due_soon, MONDAY + 3 * HOUR, 25, not_before)) == 1
        transact(lambda session: session.execute(update(CaseClock).values(stopped_at=MONDAY + 3 * HOUR, late=False)))
        read(sweeps.due_soon, MONDAY + 3 * HOUR, 25, not_before)
    assert not_before == {}


def test_what_was_found_but_stopped_meanwhile_is_not_told(town: Street, case_id: UUID) -> None:
    clock_id = clock(town, case_id)
    moment = MONDAY + 5 * HOUR
    with town.app.app_context():
        found = read(sweeps.overdue, moment)
        transact(lambda session: session.execute(update(CaseClock).values(stopped_at=moment, late=True)))
        assert transact(sweeps.tell_overdue, found, moment) == 0
    assert told(town) == {}
    assert row(town, clock_id).told_overdue_at is None


def test_two_workers_at_once_tell_each_thing_once(town: Street) -> None:
    cases = [town.dispatched()[0] for _number in range(6)]
    with town.app.app_context():
        transact(lambda session: session.execute(update(CaseClock).values(stopped_at=now(), late=False)))
        transact(lambda session: session.execute(delete(NoticeRow)))
    for number, one in enumerate(cases):
        clock(town, one, due_at=MONDAY + (4 if number % 2 else 400) * HOUR, amount=Decimal(4 if number % 2 else 400))
    with use(lambda: MONDAY + 301 * HOUR):
        together(lambda: sweep_all(town), lambda: sweep_all(town))
    assert told(town) == {"overdue": 3, "due_soon": 3}
    assert passed(town) == 3


def sweep_all(town: Street) -> None:
    with town.app.app_context():
        for job in SWEEPS:
            job.run()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    limits=st.lists(st.integers(1, 60), min_size=1, max_size=5),
    visits=st.lists(st.integers(0, 5_000), min_size=1, max_size=8),
)
def test_whenever_the_worker_comes_each_thing_is_told_at_most_once_and_nothing_is_missed(
    town: Street, case_id: UUID, limits: list[int], visits: list[int]
) -> None:
    with town.app.app_context():
        for table in (NoticeRow, CaseEvent, CaseClock):
            transact(lambda session, table=table: session.execute(delete(table)))
    for number, hours in enumerate(limits):
        clock(town, case_id, round=number + 1, amount=Decimal(hours), due_at=MONDAY + hours * HOUR)
    moments = sorted(visits)
    for minutes in moments:
        sweep(town, MONDAY + timedelta(minutes=minutes))
    # Counted without the product: when was the first visit that found each of them.
    late = sum(any(minutes > hours * 60 for minutes in moments) for hours in limits)
    soon = sum(any(hours * 45 <= minutes <= hours * 60 for minutes in moments) for hours in limits)
    assert (told(town)["overdue"], passed(town), told(town)["due_soon"]) == (late, late, soon)
