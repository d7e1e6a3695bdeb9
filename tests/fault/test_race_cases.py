"""A case and its tasks change under the case's lock; a task and an answer that waits for it meet at the task's key.

On PostgreSQL, each pair in both orders: SQLite has one writer at a time.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
import world
from flask import Flask
from sqlalchemy import Connection, event
from sqlalchemy.orm import Session
from support.field import FieldHandset, answer_to, handset_of, photo, report
from support.forced_points import COMMIT, Point, interleave
from support.kinds import current, woken
from support.office import Office

from server.casework.models import Case
from server.casework.operations.assigning import Assignee, Order, create_task
from server.clock import now
from server.db import db, transact
from server.ledger.operations import meet

UNDONE = "a writing transaction was rolled back"


@pytest.fixture
def database(postgresql_database: str) -> str:
    return postgresql_database


@contextmanager
def undone_writers(app: Flask) -> Iterator[list[str]]:
    """Collect one entry for each writing transaction that is rolled back: whoever waits for a lock needs none."""
    undone: list[str] = []

    def note(connection: Connection) -> None:
        if connection.get_execution_options().get("xuncha_write"):
            undone.append(UNDONE)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "rollback", note)
    try:
        yield undone
    finally:
        event.remove(engine, "rollback", note)


@pytest.mark.parametrize("desk_first", [True, False], ids=["desk first", "photograph first"])
def test_a_reassignment_and_an_arriving_photograph_take_turns(
    app: Flask, city: world.World, office: Office, collector: FieldHandset, enforcer: FieldHandset, *, desk_first: bool
) -> None:
    case_id = collector.results(collector.item(payload=report(photo())))[0]["case_id"]
    office.dispatch(case_id)
    enforcer.pull()
    (task,) = enforcer.tasks()
    assert enforcer.states(enforcer.item("task_event", answer_to(task, "declined"))) == ["applied"]
    town = handset_of(app, city, city.town_enforcer)
    body = {"action": "dispatch", "squad_id": str(city.town_squad_id)}
    headers = office.headers_of(city.dispatcher)

    def give() -> int:
        return app.test_client().post(f"/api/v1/cases/{case_id}/actions", json=body, headers=headers).status_code

    def arrive() -> None:
        collector.upload(photo())

    works: list[Callable[[], Any]] = [give, arrive] if desk_first else [arrive, give]
    with undone_writers(app) as undone:
        held = interleave(app, works[0], Point(COMMIT, after="UPDATE field_task"), works[1])
    assert (held.first if desk_first else held.second) == 200
    town.pull()
    assert [shown["sha256"] for task in town.tasks() for shown in task["photos"]] == [photo().sha256]
    assert held.waited
    # The versions of the rows would stop two acts on one past too, but only by running one of them again.
    assert undone == []


@pytest.mark.parametrize("task_first", [True, False], ids=["task first", "answer first"])
def test_a_task_and_the_answer_that_waits_for_it_meet(
    app: Flask, city: world.World, office: Office, collector: FieldHandset, enforcer: FieldHandset, *, task_first: bool
) -> None:
    case_id = collector.results(collector.item())[0]["case_id"]
    office.dispatch(case_id)
    task_id = uuid4()
    early = enforcer.item("task_event", answer_to({"task_id": str(task_id), "assignment_no": 1}, "accepted"))

    def assign(session: Session) -> None:
        meet(session, [f"task:{task_id}"])
        case = session.get_one(Case, UUID(case_id), with_for_update=True)
        order = Order(city.dispatcher.id, now())
        create_task(session, case, "disposal", Assignee(squad_id=city.street_squad_id), order, task_id=task_id)

    def give() -> None:
        with app.app_context():
            transact(assign)

    def tell() -> None:
        enforcer.push(early)

    works: list[Callable[[], Any]] = [give, tell] if task_first else [tell, give]
    after = "INTO feed_mark" if task_first else "INTO item_need"
    interleave(app, works[0], Point(COMMIT, after=after), works[1])
    woken(app)
    assert current(enforcer, early)[0]["state"] == "applied"
