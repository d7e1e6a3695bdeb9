"""What the offline scenarios share: a town whose server runs, and whose desks and handsets both speak HTTP to it.

One server serves the scenarios of a test process. Each gets officers, a squad and a street corner of its own, a
hundredth of a degree from the next, so that none disturbs another. Only time, which nobody can wait for, is written
into the database.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import world
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from support.duty import code_for
from support.field import photo, report
from support.live import LiveServer

from server.casework.duplicates.jobs import settle_cases
from server.db import read, transact
from server.gateway.models import InboxItem
from server.identity import operations
from server.identity.models import InstallKey, InstallShift
from server.identity.rules import Role
from sync.handset import Handset, Reading, Snap

SCHEMES = ("gbt30428_2_2013", "cjt214_2007", "chengpu_local")
# Longer than any scenario is offline: a counter is never negative.
_BOOTED_BEFORE = timedelta(days=30)
_STEP = 0.01
_METRE = 1 / 111_195.0


@dataclass
class FieldClock:
    """A handset's clocks in a scenario: ``ago`` is how long ago it plays, ``error`` by how much the wall is wrong."""

    ago: timedelta = timedelta()
    error: timedelta = timedelta()
    boot: str = "b1"
    booted_at: datetime = field(default_factory=lambda: datetime.now(UTC) - _BOOTED_BEFORE)

    def read(self) -> Reading:
        """Return what the clocks show at the scenario's moment."""
        moment = self.moment()
        return Reading(moment + self.error, self.boot, (moment - self.booted_at) // timedelta(milliseconds=1))

    def moment(self) -> datetime:
        """Return when the scenario plays by the true time."""
        return datetime.now(UTC) - self.ago

    def reboot(self) -> None:
        """Start the counter anew."""
        self.boot += "'"
        self.booted_at = self.moment() - timedelta(minutes=1)


@dataclass
class Desk:
    """The desks of the town over HTTP; each person signs in once."""

    line: httpx.Client
    _tokens: dict[str, str] = field(default_factory=dict)

    def ask(self, person: world.Person, method: str, path: str, **sent: Any) -> Any:  # noqa: ANN401 (JSON both ways)
        """Ask the API as a person and return the JSON; anything but success fails the test."""
        if person.login not in self._tokens:
            signed_in = self.line.post("/sessions", json={"login": person.login, "password": person.password})
            assert signed_in.status_code == 201, signed_in.text
            self._tokens[person.login] = signed_in.json()["token"]
        headers = {"Authorization": f"Bearer {self._tokens[person.login]}"}
        answer = self.line.request(method, path, headers=headers, **sent)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


@dataclass
class Running:
    """The running product with the people of its city."""

    app: Flask
    city: world.World
    server: LiveServer
    desk: Desk
    scenarios: Iterator[int] = field(default_factory=lambda: count(1))


@dataclass
class Town:
    """The running product as one scenario sees it."""

    running: Running
    folder: Path
    number: int
    squad_id: UUID
    _open: ExitStack
    _people: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def app(self) -> Flask:
        return self.running.app

    @property
    def city(self) -> world.World:
        return self.running.city

    @property
    def url(self) -> str:
        return self.running.server.url

    # The field

    def officer(self, role: Role = Role.COLLECTOR) -> world.Person:
        """Make a field officer of the street; one who enforces belongs to the scenario's squad."""
        login = f"s{self.number}-{next(self._people)}"
        squad_id = self.squad_id if role is Role.ENFORCEMENT_OFFICER else None
        street_id = self.city.street_id
        facts = operations.NewOfficer(street_id, login, f"队员 {login}", "-", ((role, street_id),), squad_id)
        with self.app.app_context():
            made = transact(operations.create_officer, facts)
        return world.Person(made, login, facts.name, role, street_id, squad_id)

    def code(self, person: world.Person) -> str:
        """Return an enrolment code for an officer."""
        return code_for(self.app, self.city, person)

    def handset(self, person: world.Person, clock: FieldClock | None = None) -> Handset:
        """Enrol a handset over the network; it is closed with the scenario."""
        opened = self.reopen(person, clock)
        opened.enrol(self.code(person))
        return opened

    def reopen(self, person: world.Person, clock: FieldClock | None = None, url: str | None = None) -> Handset:
        """Open the folder of an officer's handset (again), perhaps on another line."""
        handset = Handset(self.folder_of(person), url or self.url, clock=clock or FieldClock())
        return self._open.enter_context(handset)

    def folder_of(self, person: world.Person) -> Path:
        """Return where an officer's handset keeps everything."""
        folder = self.folder / person.login
        folder.mkdir(exist_ok=True)
        return folder

    def snap(self, nth: int, role: str = "near") -> Snap:
        """Return the scenario's nth photograph."""
        return Snap(role, photo(1000 * self.number + nth).content)

    def found(self, metres: float = 0.0, code: str = "0110", **changed: Any) -> dict[str, Any]:  # noqa: ANN401 (a payload's members)
        """Return what is reported at the scenario's corner, or so many metres north of it."""
        lon, lat = self.corner
        position = {"lon": lon, "lat": lat + metres * _METRE, "crs": "wgs84", "accuracy_m": 5.0}
        category = {"scheme": SCHEMES[0], "code": code}
        payload = {**report(), "position": position, "category": category, **changed}
        return {name: value for name, value in payload.items() if name != "photos"}

    @property
    def corner(self) -> tuple[float, float]:
        """The scenario's corner: longitude and latitude."""
        return 123.5 + _STEP * self.number, 30.5

    # The desk

    def ask(self, method: str, path: str, person: world.Person | None = None, **sent: Any) -> Any:  # noqa: ANN401 (JSON both ways)
        """Ask the API as a person, the dispatcher unless named."""
        return self.running.desk.ask(person or self.city.dispatcher, method, path, **sent)

    def case(self, case_id: str) -> dict[str, Any]:
        """Return a case as the desk sees it."""
        found: dict[str, Any] = self.ask("GET", f"/cases/{case_id}")
        return found

    def act(self, case_id: str, action: str, **members: object) -> dict[str, Any]:
        """Do something about a case at the desk and return the case."""
        done: dict[str, Any] = self.ask("POST", f"/cases/{case_id}/actions", json={"action": action, **members})
        return done

    def dispatch(self, case_id: str) -> None:
        """File a case and give it to the scenario's squad."""
        self.act(case_id, "file")
        self.act(case_id, "dispatch", squad_id=str(self.squad_id))

    def settle(self) -> None:
        """Let the worker's job of every minute have run."""
        with self.app.app_context():
            settle_cases.run()

    def stored(self, handset: Handset) -> Mapping[str, bytes]:
        """Return the bodies that the server keeps of a handset's items, by item id."""
        rows = select(InboxItem.item_id, InboxItem.body).where(InboxItem.install_id == UUID(handset.install_id))
        with self.app.app_context():
            return {str(row.item_id): row.body for row in read(lambda session: session.execute(rows).all())}

    def age(self, handset: Handset, **duration: float) -> None:
        """Let time have passed since everything that happened to the handset's keys and shifts."""
        with self.app.app_context():
            transact(_age, UUID(handset.install_id), timedelta(**duration))


def _age(session: Session, install_id: UUID, by: timedelta) -> None:
    for shift in session.scalars(select(InstallShift).where(InstallShift.install_id == install_id)):
        shift.from_at -= by
        shift.to_at = None if shift.to_at is None else shift.to_at - by
    for key in session.scalars(select(InstallKey).where(InstallKey.install_id == install_id)):
        session.execute(update(InstallKey).where(InstallKey.id == key.id).values(valid_from=key.valid_from - by))


def case_of(handset: Handset, item_id: str) -> str:
    """Return the case that a report opened, as its handset was told."""
    answer = handset.outbox.item(item_id).answer
    assert answer is not None, "the report was never answered"
    return str({**answer, **answer.get("current", {})}["case_id"])


def outcomes(handset: Handset) -> list[str]:
    """Return what became of the handset's items, in the order of their making."""
    return [item.outcome for item in handset.outbox.items()]


def problem_of(handset: Handset, item_id: str) -> str:
    """Return the slug of the problem that an item's answer names."""
    answer = handset.outbox.item(item_id).answer or {}
    return str(answer["problem"]["type"]).rpartition("/")[2]


def tasks(handset: Handset) -> list[dict[str, Any]]:
    """Return the tasks that a handset shows."""
    return handset.mirror.entities("task")


def answer_of(task: Mapping[str, Any], event: str, **members: object) -> dict[str, Any]:
    """Return the payload of an answer to a task as the handset shows it."""
    return {"task_id": task["task_id"], "assignment_no": task["assignment_no"], "event": event, **members}
