"""The clocks of a case through its life: what starts, holds, stops and extends them, against times worked out by hand.

Everybody works Monday to Friday, 08:00 to 12:00 and 14:00 to 18:00 in Beijing. No scheme is loaded, so the usual limits
hold: acceptance and dispatch 15 minutes, verification and check 2 hours, disposal one work day (8 hours of work).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
import world
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from street import Street, declared, street
from support.stations import Stations, unit_account

from server.casework import operations as casework
from server.casework.clocks import ClockRecord, clocks_of
from server.casework.models import Case
from server.casework.operations import timing
from server.casework.operations.roots import lock_case
from server.casework.operations.traces import show_case
from server.casework.rules import Action, State
from server.clock import use
from server.db import read, transact

BEIJING = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    """Return an instant of January 2026 in Beijing: ``09 17:00``; the 9th is a Friday."""
    return datetime.strptime(f"2026-01-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=BEIJING).astimezone(UTC)


@dataclass
class Week:
    """Desk and street on days that the test chooses."""

    town: Street
    unit: world.Person

    @contextmanager
    def on(self, text: str) -> Iterator[None]:
        """Let it be that time."""
        with use(lambda: at(text)):
            yield

    def act(self, text: str, case_id: UUID, action: str, *, who: world.Person | None = None, **given: Any) -> None:  # noqa: ANN401 (members of Given)
        """Do a desk's step at a time."""
        person = who or self.town.city.dispatcher
        with self.town.app.app_context(), self.on(text):
            transact(casework.act, world.acting(self.town.app, person), case_id, action, casework.Given(**given))

    def report(self, text: str) -> UUID:
        """Report a case."""
        with self.on(text):
            return self.town.report()

    def dispatched(self, text: str) -> tuple[UUID, UUID]:
        """Report, file and dispatch a case at one time."""
        case_id = self.report(text)
        self.act(text, case_id, "file")
        self.act(text, case_id, "dispatch", squad_id=self.town.city.street_squad_id)
        return case_id, self.task(case_id, "disposal")

    def task(self, case_id: UUID, kind: str) -> UUID:
        return self.town.task(case_id, kind)

    def moved(self, text: str, case_id: UUID, action: Action, **columns: object) -> None:
        """Let something be decided elsewhere."""
        with self.on(text):
            Stations(self.town).moved(case_id, action, **columns)

    def answer(self, text: str, task_id: UUID, event: str, **said: Any) -> None:  # noqa: ANN401 (members of an answer)
        """Let a handset answer."""
        with self.on(text):
            assert self.town.answer(task_id, event, **said).effective

    def clocks(self, case_id: UUID, now: str = "31 12:00") -> dict[tuple[str, int], ClockRecord]:
        """Return the case's clocks by stage and round."""

        def found(session: Session) -> tuple[ClockRecord, ...]:
            return clocks_of(session, session.get_one(Case, case_id))

        with self.town.app.app_context(), self.on(now):
            return {(one.stage, one.round): one for one in read(found)}

    def do(self, text: str, case_id: UUID, happen: Callable[[Session, Case], object]) -> None:
        """Do something to the locked case."""

        def run(session: Session) -> None:
            case = lock_case(session, case_id)
            assert case is not None
            happen(session, case)
            show_case(session, case)

        with self.town.app.app_context(), self.on(text):
            transact(run)


@pytest.fixture
def week(app: Flask, client: FlaskClient) -> Week:
    town = street(app, client)
    return Week(town, unit_account(app, town.city, "unit", town.city.street_squad_id))


def test_acceptance_runs_from_the_report_to_filing_by_night_too(week: Week) -> None:
    case_id = week.report("10 23:50")
    running = week.clocks(case_id, "10 23:55")["acceptance", 1]
    assert (running.due_at, running.late, running.stopped_at) == (at("11 00:05"), None, None)
    assert str(running.left.normalize())[:6] == "0.1666"
    week.act("11 00:06", case_id, "file")
    stopped = week.clocks(case_id)["acceptance", 1]
    assert (stopped.stopped_at, stopped.due_at, stopped.late) == (at("11 00:06"), at("11 00:05"), True)


def test_acceptance_is_held_until_the_collector_has_answered(week: Week) -> None:
    case_id = week.report("09 09:00")
    week.act("09 09:10", case_id, "verify")
    held = week.clocks(case_id, "09 10:00")
    assert held["acceptance", 1].due_at is None
    assert held["verification", 1].due_at == at("09 11:10")
    verification = week.task(case_id, "pre_filing_verification")
    week.answer("09 11:30", verification, "done", result="confirmed", who=week.town.city.collector)
    told = week.clocks(case_id, "09 11:31")
    assert (told["verification", 1].stopped_at, told["verification", 1].late) == (at("09 11:30"), True)
    assert told["acceptance", 1].due_at == at("09 11:35")
    week.act("09 11:34", case_id, "file")
    assert week.clocks(case_id)["acceptance", 1].late is False


def test_the_disposal_clock_counts_the_hours_of_work_from_the_dispatch(week: Week) -> None:
    case_id, task_id = week.dispatched("09 17:00")
    assert week.clocks(case_id, "09 17:00")["disposal", 1].due_at == at("12 17:00")
    assert week.clocks(case_id, "12 09:00")["disposal", 1].left * 8 == 6
    week.answer("12 17:01", task_id, "done")
    stopped = week.clocks(case_id)["disposal", 1]
    assert (stopped.late, stopped.stopped_at) == (True, at("12 17:01"))


def test_a_returned_case_holds_the_unit_and_starts_the_desk(week: Week) -> None:
    case_id, _task_id = week.dispatched("12 09:00")
    week.act("12 11:00", case_id, "return", who=week.unit, reason="not our street")
    held = week.clocks(case_id, "12 11:10")
    assert (held["disposal", 1].due_at, held["dispatch", 2].due_at) == (None, at("12 11:15"))
    week.act("13 09:00", case_id, "dispatch", squad_id=week.town.city.town_squad_id)
    on = week.clocks(case_id, "13 09:00")
    assert on["dispatch", 2].late is True
    # Two of eight hours were used; six are left from 09:00.
    assert on["disposal", 1].due_at == at("13 17:00")


def test_a_suspension_holds_the_clock_and_lets_it_go_on(week: Week) -> None:
    case_id, _task_id = week.dispatched("12 09:00")
    week.moved("12 10:00", case_id, Action.SUSPEND)
    assert week.clocks(case_id, "14 10:00")["disposal", 1].due_at is None
    week.act("15 10:00", case_id, "resume")
    assert week.town.case(case_id)["state"] == State.DISPATCHED
    assert week.clocks(case_id, "15 10:00")["disposal", 1].due_at == at("16 09:00")


def test_a_rework_reopens_the_clock_and_the_time_of_the_check_does_not_count(week: Week) -> None:
    case_id, task_id = week.dispatched("12 09:00")
    week.answer("12 11:00", task_id, "done", photos=declared("after", role="after"))
    week.act("12 14:00", case_id, "send_check")
    assert week.clocks(case_id, "12 14:00")["check", 1].due_at == at("12 16:00")
    check = week.task(case_id, "disposal_check")
    week.answer("12 15:00", check, "done", result="failed", who=week.town.city.collector)
    week.act("12 16:00", case_id, "redo", reason="half of it is left")
    again = week.clocks(case_id, "12 16:00")["disposal", 1]
    # 11:00 to 16:00 do not count: 2 of 8 hours used, 2 more until 18:00, 4 from 08:00.
    assert (again.stopped_at, again.due_at) == (None, at("13 12:00"))
    assert [(one.begun_at, one.ended_at, one.why) for one in again.pauses] == [
        (at("12 11:00"), at("12 16:00"), "checking")
    ]
    week.answer("13 11:59", task_id, "done", assignment_no=2)
    assert week.clocks(case_id)["disposal", 1].late is False


def test_an_extension_adds_the_original_limit_each_time(week: Week) -> None:
    case_id, _task_id = week.dispatched("12 09:00")
    for due in ("14 09:00", "15 09:00"):
        week.do("12 10:00", case_id, lambda session, case: timing.extend(session, case, "disposal", at("12 10:00")))
        assert week.clocks(case_id, "12 10:00")["disposal", 1].due_at == at(due)
    assert week.town.case(case_id)["extension_count"] == 2


def test_a_merge_holds_every_clock_and_undoing_it_lets_them_go_on(week: Week) -> None:
    main, case_id = week.report("12 09:00"), week.report("12 09:00")
    week.moved("12 09:05", case_id, Action.MERGE, merged_into_id=main)
    assert week.clocks(case_id, "12 10:00")["acceptance", 1].due_at is None
    assert week.town.case(case_id)["closed_at"] is not None
    week.moved("12 11:00", case_id, Action.UNDO_MERGE, merged_into_id=None)
    assert week.clocks(case_id, "12 11:00")["acceptance", 1].due_at == at("12 11:10")
    assert (week.town.case(case_id)["state"], week.town.case(case_id)["closed_at"]) == ("reported", None)


def test_a_forced_close_stops_what_runs_and_takes_the_task_off_the_handset(week: Week) -> None:
    case_id, task_id = week.dispatched("12 09:00")
    week.moved("12 10:00", case_id, Action.FORCE_CLOSE)
    assert {one.stopped_at for one in week.clocks(case_id).values() if one.stage == "disposal"} == {at("12 10:00")}
    assert week.town.seen([f"squad:{week.town.city.street_squad_id}"], "task", task_id) is None
    assert not week.town.answer(task_id, "done").effective


def test_what_a_step_did_to_clocks_stands_in_the_timeline_and_the_list_shows_what_is_due(week: Week) -> None:
    case_id, _task_id = week.town.dispatched()
    page = week.town.case(case_id)
    (started,) = [one for one in page["timeline"][-1]["facts"]["clocks"] if one["stage"] == "disposal"]
    assert started["limit"] == "1 work_day"
    assert page["due"] == {"stage": "disposal", "due_at": page["clocks"][-1]["due_at"], "overdue": False}
    listed = week.town.client.get("/api/v1/cases", headers=week.town.desk).json["cases"]
    assert [one["due"] for one in listed if one["id"] == str(case_id)] == [page["due"]]
    assert [one["stage"] for one in page["clocks"]] == ["acceptance", "dispatch", "disposal"]


@pytest.mark.parametrize(
    ("captured", "stopped"),
    [("12 16:59", "12 16:59"), ("08 10:00", "09 17:00")],
    ids=["within the limit", "before the dispatch"],
)
def test_a_confirmation_dated_by_its_capture_stops_the_clock_then_but_never_before_it_began(
    week: Week, captured: str, stopped: str
) -> None:
    case_id, task_id = week.dispatched("09 17:00")
    answer = casework.TaskAnswer(
        item_id=uuid4(),
        task_id=task_id,
        assignment_no=1,
        event="done",
        note=None,
        result=None,
        captured_at=at(captured),
        captured_at_corrected=at(captured),
        photos=(),
        confirmed_at=at(captured),
    )
    city = week.town.city
    reporter = casework.Reporter(
        city.enforcer.id, week.town.enforcer.install_id, city.street_id, city.street_squad_id, "enforcement_officer"
    )
    with week.town.app.app_context(), week.on("14 09:00"):
        transact(casework.answer_task, reporter, answer)
    clock = week.clocks(case_id)["disposal", 1]
    assert (clock.stopped_at, clock.late) == (at(stopped), False)
