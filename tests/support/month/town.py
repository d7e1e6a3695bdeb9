"""The real Chengpu of the month: its people, handsets, calendar and limits, made through the product's own doors."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import world
from flask import Flask
from support.category_table import as_csv, row
from support.field import FieldHandset, handset_of, photo
from support.month.days import MIDNIGHT, instant
from support.month.script import ATTACHED, HANDSETS, LIMITS, NEW_LIMITS
from werkzeug.test import TestResponse

from server.clock import use
from server.db import transact
from server.identity import operations as identity
from server.identity.rules import Role

SCHEME = "gbt30428_2_2013"
_WORDS = {"emergency_hour": "紧急工作时", "work_hour": "工作时", "work_day": "工作日", "natural_day": "自然日"}
# A session lasts half a day.
_SHIFT = timedelta(hours=11)


@dataclass
class Town:
    """The application at a minute of the month."""

    app: Flask
    city: world.World
    people: dict[str, world.Person]
    handsets: dict[str, FieldHandset] = field(default_factory=dict)
    moment: datetime = MIDNIGHT
    _signed_in: dict[str, tuple[datetime, dict[str, str]]] = field(default_factory=dict)

    def at(self, minute: int) -> None:
        """Let it be that minute."""
        self.moment = instant(minute)

    def call(self, who: str, method: str, path: str, body: object = None, **more: Any) -> TestResponse:  # noqa: ANN401 (the client's options)
        """Call the API as somebody at a desk."""
        return self.app.test_client().open(
            f"/api/v1{path}", method=method, json=body, headers=self._headers(who), **more
        )

    def agency(self, name: str) -> UUID:
        """Return the id of the street or the town."""
        return self.city.street_id if name == "street" else self.city.town_id

    def squad(self, name: str) -> UUID:
        """Return the id of a squad by its agency."""
        return self.city.street_squad_id if name == "street" else self.city.town_squad_id

    def _headers(self, who: str) -> dict[str, str]:
        since, headers = self._signed_in.get(who, (None, {}))
        if since is None or self.moment - since > _SHIFT:
            headers = world.signed_in(self.app.test_client(), self.people[who])
            self._signed_in[who] = self.moment, headers
        return headers


@contextmanager
def opened_town(app: Flask) -> Iterator[Town]:
    """Give the town at the first minute of the month; inside, it is what time the town says."""
    city = world.city(app)
    town = Town(app, city, _people(app, city))
    with use(lambda: town.moment):
        for number, who in enumerate(HANDSETS):
            town.handsets[who] = handset_of(app, city, town.people[who])
            # The picture that it will send with all its work, so that bytes need not be carried a thousand times.
            town.handsets[who].upload(photo(number))
        _hours(town)
        _limits(town, "2026-spring", "2026-01-01", LIMITS)
        _limits(town, "2026-autumn", "2026-10-08", NEW_LIMITS)
        policy = {"agency_id": str(city.city_id), "scheme": SCHEME, "code": ATTACHED, "action": "attach"}
        _sound(town.call("dispatcher", "PUT", "/duplicate-policies", policy))
        yield town


def _people(app: Flask, city: world.World) -> dict[str, world.Person]:
    desks = (city.acceptance, city.dispatcher, city.supervisor, city.reviewer, city.admin, city.town_admin)
    known = {one.login: one for one in (*desks, city.collector, city.enforcer, city.squad_mate, city.town_enforcer)}
    known["c002"] = _person(app, city.collector, login="c002")
    known["c101"] = _person(app, city.collector, login="c101", agency_id=city.town_id)
    unit = replace(city.enforcer, role=Role.UNIT)
    known["unit_street"] = _person(app, unit, login="unit_street")
    town = {"agency_id": city.town_id, "squad_id": city.town_squad_id}
    known["unit_town"] = _person(app, unit, login="unit_town", **town)
    return known


def _person(app: Flask, like: world.Person, **changed: Any) -> world.Person:  # noqa: ANN401 (a person's members)
    made = replace(like, **changed)
    facts = identity.NewOfficer(
        agency_id=made.agency_id,
        login=made.login,
        name=f"测试 {made.login}",
        password_hash=world.hashed_password(),
        grants=((made.role, made.agency_id),),
        squad_id=made.squad_id,
    )
    with app.app_context():
        return replace(made, id=transact(identity.create_officer, facts))


def _hours(town: Town) -> None:
    """Let the town work by hours of its own, in whole days, and on the Sunday of its fair."""
    whole = {"periods": ["08:30-12:00", "13:30-17:30"], "work_day_policy": "end_of_day"}
    _sound(town.call("shaqiao-admin", "PUT", "/calendar/schedules/2026-09-01", whole))
    _sound(town.call("shaqiao-admin", "PUT", "/calendar/days/2026-10-11", {"workday": True, "name": "沙桥庙会"}))


def _limits(town: Town, version: str, day: str, limits: Any) -> None:  # noqa: ANN401 (the script's table)
    rows = [
        row(code[2:], f"小类{code}", f"条件{number}", f"{amount}{_WORDS[clock]}")
        for code, conditions in limits.items()
        for number, (clock, amount) in enumerate(conditions, 1)
    ]
    path = f"/category-schemes/{SCHEME}/{version}/workbook"
    brought = town.app.test_client().put(
        f"/api/v1{path}",
        query_string={"effective_from": day},
        data=as_csv(rows),
        headers=town._headers("admin"),  # noqa: SLF001 (its own file)
    )
    _sound(brought)
    assert brought.json["bad_rows"] == 0, brought.text


def _sound(answer: TestResponse) -> None:
    assert answer.status_code in {200, 201, 204}, answer.text
