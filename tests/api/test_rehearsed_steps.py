"""The steps that most tests begin with are done once per process: what is put in instead is what they had written."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
import world
from flask import Flask
from sqlalchemy import delete, select, update
from support.rehearsal import begin, rehearsed, rows_of

from server.clock import now, use
from server.config import Settings
from server.db import db, transact
from server.identity.models import Officer
from server.ledger.models import Rendezvous
from server.ledger.operations import meet


class Writer:
    """A step that tells how often it was really done."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._name = str(uuid4())
        self.times = 0

    def __call__(self) -> str:
        """Bring the step about."""
        return rehearsed(self._app, self._name, self._do)

    def _do(self) -> str:
        self.times += 1
        with self._app.app_context():
            transact(meet, [self._name, 'it\'s \\ "quoted"', "澄浦"])
        return f"{self._name} {self.times}"


@pytest.fixture
def step(app: Flask) -> Writer:
    return Writer(app)


@pytest.fixture
def begun_anew(app: Flask, settings: Settings) -> Callable[[], None]:
    """Return what takes the steps' rows away and says that the database is as the migrations left it."""

    def again() -> None:
        with app.app_context():
            transact(lambda session: session.execute(delete(Rendezvous)))
            begin(settings.database_url, db.engine)

    return again


def rows(app: Flask) -> object:
    with app.app_context():
        return rows_of(db.engine)


def test_a_step_is_done_once_and_its_rows_are_put_in_afterwards(
    app: Flask, step: Writer, begun_anew: Callable[[], None]
) -> None:
    result, written = step(), rows(app)
    begun_anew()
    assert rows(app) != written
    assert (step(), rows(app), step.times) == (result, written, 1)


def test_after_any_other_transaction_a_step_is_really_done(
    app: Flask, step: Writer, begun_anew: Callable[[], None]
) -> None:
    step()
    begun_anew()
    with app.app_context():
        transact(meet, ["another"])
    step()
    assert step.times == 2


def test_a_step_after_another_step_is_not_the_step_alone(
    app: Flask, step: Writer, begun_anew: Callable[[], None]
) -> None:
    step()
    begun_anew()
    Writer(app)()
    step()
    assert step.times == 2


def test_on_another_clock_a_step_is_really_done(app: Flask, step: Writer, begun_anew: Callable[[], None]) -> None:
    step()
    begun_anew()
    later = now() + timedelta(days=1)
    with use(lambda: later):
        step()
    assert step.times == 2


@pytest.mark.parametrize("turn", [1, 2])
def test_what_one_test_does_to_the_city_the_next_one_does_not_see(app: Flask, turn: int) -> None:
    city = world.city(app)
    handset = world.enrolled(app, city, city.collector)
    assert handset.headers == {"Authorization": f"Bearer {handset.credential}"}
    handset.headers.clear()
    assert world.signed_in(app.test_client(), city.admin).popitem()[0] == "Authorization"
    with app.app_context():
        names = transact(lambda session: list(session.scalars(select(Officer.name))))
        assert sorted(names) == sorted(
            f"测试 {person.login}" for person in vars(city).values() if hasattr(person, "login")
        )
        transact(lambda session: session.execute(update(Officer).values(name="changed")))
