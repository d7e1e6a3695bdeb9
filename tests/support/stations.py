"""Cases brought to any state of the loop, by what desks and handsets do."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import world
from flask import Flask
from sqlalchemy.orm import Session
from street import Street, declared

from server.base import uuid7
from server.casework import operations as casework
from server.casework.operations.moving import move
from server.casework.operations.roots import lock_case
from server.casework.operations.traces import Cause
from server.casework.rules import Action, State
from server.clock import now
from server.db import transact
from server.identity import operations as identity
from server.identity.rules import Role


def unit_account(app: Flask, city: world.World, login: str, squad_id: UUID) -> world.Person:
    """Make a desk account of the disposal unit ``squad_id`` of the street."""

    def make(session: Session) -> UUID:
        facts = identity.NewOfficer(
            agency_id=city.street_id,
            login=login,
            name=f"单位 {login}",
            password_hash=world.hashed_password(),
            grants=((Role.UNIT, city.street_id),),
            squad_id=squad_id,
        )
        return identity.create_officer(session, facts)

    with app.app_context():
        officer_id = transact(make)
    return replace(city.enforcer, id=officer_id, login=login, name=f"单位 {login}", role=Role.UNIT, squad_id=squad_id)


@dataclass(frozen=True)
class Stations:
    """Brings cases to a state; each call opens a new one."""

    town: Street

    def at(self, state: State) -> UUID:
        """Return a case in ``state``."""
        way: dict[State, Callable[[], UUID]] = {
            State.REPORTED: self.town.report,
            State.VERIFYING: lambda: self._acted(State.REPORTED, "verify"),
            State.FILED: lambda: self._acted(State.REPORTED, "file"),
            State.DISPATCHED: lambda: self.town.dispatched()[0],
            State.RETURNED: lambda: self._answered(State.DISPATCHED, "declined"),
            State.IN_DISPOSAL: lambda: self._answered(State.DISPATCHED, "accepted"),
            State.SUSPENDED: lambda: self._moved(State.IN_DISPOSAL, Action.SUSPEND),
            State.DISPOSED: lambda: self._answered(State.DISPATCHED, "done"),
            State.CHECKING: lambda: self._acted(State.DISPOSED, "send_check"),
            State.REWORK: lambda: self._acted(State.CHECKING, "redo", reason="half of it is left"),
            State.CLOSED: self._closed,
            State.FORCED_CLOSED: lambda: self._moved(State.DISPATCHED, Action.FORCE_CLOSE),
            State.REJECTED: lambda: self._acted(State.REPORTED, "reject", reason="nothing there"),
            State.MERGED: self._merged,
            State.SELF_HANDLED: self._self_handled,
        }
        case_id = way[state]()
        assert self.town.case(case_id)["state"] == state
        return case_id

    def moved(self, case_id: UUID, action: Action, **columns: object) -> None:
        """Let something happen to a case that is decided elsewhere."""

        def happen(session: Session) -> None:
            case = lock_case(session, case_id)
            assert case is not None
            for name, value in columns.items():
                setattr(case, name, value)
            move(session, case, action, Cause(None, "decided elsewhere"))

        with self.town.app.app_context():
            transact(happen)

    def _acted(self, before: State, action: str, **given: object) -> UUID:
        case_id = self.at(before)
        answer = self.town.act(case_id, action, **given)
        assert answer.status_code == 200, answer.text
        return case_id

    def _answered(self, before: State, event: str) -> UUID:
        case_id = self.at(before)
        photos = declared("after", role="after") if event == "done" else ()
        assert self.town.answer(self.town.task(case_id, "disposal"), event, photos=photos).effective
        return case_id

    def _moved(self, before: State, action: Action) -> UUID:
        case_id = self.at(before)
        self.moved(case_id, action)
        return case_id

    def _merged(self) -> UUID:
        main, case_id = self.at(State.REPORTED), self.at(State.REPORTED)
        self.moved(case_id, Action.MERGE, merged_into_id=main)
        return case_id

    def _closed(self) -> UUID:
        case_id = self.at(State.CHECKING)
        self.town.upload("after", handset=self.town.enforcer)
        check = self.town.task(case_id, "disposal_check")
        self.town.answer(check, "done", result="passed", who=self.town.city.collector)
        assert self.town.act(case_id, "close", reason="seen by the desk").status_code == 200
        return case_id

    def _self_handled(self) -> UUID:
        report: dict[str, Any] = {
            "scheme": "gbt30428_2_2013",
            "category_code": "0110",
            "description": "扫干净了",
            "lon": 123.5012,
            "lat": 30.4987,
            "crs": "wgs84",
            "accuracy_m": 6.0,
            "captured_at": now(),
            "captured_at_corrected": now(),
            "source": "handset",
            "photos": (),
            "measure": "swept",
        }
        city, install_id = self.town.city, self.town.collector.install_id
        made = casework.Report(item_id=uuid7(), **report)
        reporter = casework.Reporter(city.collector.id, install_id, city.street_id, None, "collector")
        with self.town.app.app_context():
            transact(casework.report_cases, install_id, [(reporter, made)])
        return made.case_id
