"""Items that wait: woken by what they wait for; the sweep looks at all in turn, and what it wakes is an alarm."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import world
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from support.field import FieldHandset, Item, answer_to, photo, slug_of
from support.kinds import addition, correction, current, swept, woken
from support.office import Office

from server.base import uuid7
from server.casework.models import Case
from server.casework.operations.assigning import Assignee, Order, create_task
from server.clock import now
from server.db import read, transact
from server.gateway import waking
from server.gateway.models import InboxItem
from server.ledger.alarms import open_alarms
from server.ledger.models import ItemNeed
from server.ledger.operations import meet

A = photo(1)


def waiting_answer(enforcer: FieldHandset, task_id: UUID) -> Item:
    item = enforcer.item("task_event", answer_to({"task_id": str(task_id), "assignment_no": 1}, "accepted"))
    assert enforcer.states(item) == ["waiting"]
    return item


def dispatch(app: Flask, city: world.World, collector: FieldHandset, office: Office, task_id: UUID) -> str:
    """Give the squad a task with this very id."""
    (result,) = collector.results(collector.item())
    office.dispatch(result["case_id"])

    def assign(session: Session) -> None:
        meet(session, [f"task:{task_id}"])
        case = session.get_one(Case, UUID(result["case_id"]))
        order = Order(city.dispatcher.id, now())
        create_task(session, case, "disposal", Assignee(squad_id=city.street_squad_id), order, task_id=task_id)

    with app.app_context():
        transact(assign)
    case_id: str = result["case_id"]
    return case_id


def names(office: Office) -> list[tuple[str, str]]:
    return [(alarm.name, alarm.subject) for alarm in office.rows(open_alarms)]


def forget(app: Flask) -> None:
    """Lose every word that was said to waiting items, as a faulty release would."""
    with app.app_context():
        transact(lambda session: session.execute(update(ItemNeed).values(ready_at=None)))


def attempts(session: Session) -> list[int]:
    return list(session.scalars(select(InboxItem.attempts).where(InboxItem.state == "waiting")))


def test_a_task_wakes_the_answers_that_wait_for_it(
    app: Flask, city: world.World, collector: FieldHandset, enforcer: FieldHandset, office: Office
) -> None:
    task_id = uuid4()
    item = waiting_answer(enforcer, task_id)
    case_id = dispatch(app, city, collector, office, task_id)
    woken(app)
    assert current(enforcer, item) == [{"state": "applied", "case_id": case_id}]
    swept(app)
    assert names(office) == []


def test_a_lost_hint_costs_a_minute_and_no_alarm(
    app: Flask, city: world.World, collector: FieldHandset, enforcer: FieldHandset, office: Office
) -> None:
    task_id = uuid4()
    item = waiting_answer(enforcer, task_id)
    dispatch(app, city, collector, office, task_id)
    swept(app)
    assert (current(enforcer, item)[0]["state"], names(office)) == ("applied", [])


def test_what_only_the_sweep_wakes_is_an_alarm(
    app: Flask, city: world.World, collector: FieldHandset, enforcer: FieldHandset, office: Office
) -> None:
    task_id = uuid4()
    item = waiting_answer(enforcer, task_id)
    dispatch(app, city, collector, office, task_id)
    forget(app)
    woken(app)
    assert current(enforcer, item)[0]["state"] == "waiting"
    swept(app)
    assert current(enforcer, item)[0]["state"] == "applied"
    assert names(office) == [("sweep_woke_item", f"item:{enforcer.enrolled.install_id}:{item['id']}")]


def test_a_chain_of_waiting_items_is_woken_by_its_first(app: Flask, collector: FieldHandset, office: Office) -> None:
    item = collector.item()
    links = [collector.item("amend", correction(item, description="1"))]
    for number in range(2, 5):
        links.append(collector.item("amend", correction(links[-1], description=str(number))))
    extra = collector.item("evidence", addition(A, item_id=item["id"]))
    assert collector.states(extra, *reversed(links)) == ["waiting"] * 5
    (result,) = collector.results(item)
    woken(app)
    assert [now["state"] for now in current(collector, extra, *links)] == ["applied"] * 5
    assert office.case(result["case_id"])["description"] == "4"
    assert names(office) == []


def test_the_sweep_looks_at_the_longest_untouched_first(
    app: Flask, enforcer: FieldHandset, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [waiting_answer(enforcer, uuid4()) for _ in range(3)]
    monkeypatch.setattr(waking, "_AT_ONCE", 2)
    looked: list[list[str]] = []
    for _ in range(3):
        with app.app_context():
            looked.append([str(one.key.item_id) for one in read(waking.forgotten_items)])
        swept(app)
    first, second, third = (item["id"] for item in items)
    # The third had its turn next; the second, which waited longest then, comes before both.
    assert looked == [[first, second], [third, first], [second, first]]


def test_looking_again_leaves_no_attempt_behind(app: Flask, enforcer: FieldHandset, office: Office) -> None:
    for _ in range(3):
        waiting_answer(enforcer, uuid4())
    for _ in range(5):
        swept(app)
    assert office.rows(attempts) == [1, 1, 1]


def test_a_waiting_item_that_kills_its_process_is_tried_alone_and_then_set_aside(
    app: Flask, enforcer: FieldHandset, office: Office
) -> None:
    deadly, harmless = waiting_answer(enforcer, uuid4()), waiting_answer(enforcer, uuid4())

    def died(session: Session) -> None:
        # Every process that took it up died before it could take its attempt back.
        row = update(InboxItem).where(InboxItem.item_id == UUID(deadly["id"]))
        session.execute(row.values(attempts=waking.MOST_ATTEMPTS, attempted_at=now() - timedelta(minutes=5)))

    with app.app_context():
        transact(died)
    swept(app)
    states = current(enforcer, deadly, harmless)
    assert [outcome["state"] for outcome in states] == ["quarantined", "waiting"]
    assert slug_of(states[0]["problem"]) == "interpretation-failed"
    assert names(office) == [("interpretation_died", f"item:{enforcer.enrolled.install_id}:{deadly['id']}")]


def test_a_kind_that_nobody_knows_yet_waits_without_alarm(app: Flask, collector: FieldHandset, office: Office) -> None:
    item = collector.item("drone_flight", {"anything": [1, None]}, kv=3)
    (result,) = collector.results(item)
    assert (result["state"], result["needs"]) == ("waiting", ["kind:drone_flight:3"])
    swept(app)
    assert current(collector, item)[0]["state"] == "waiting"
    assert names(office) == []


def test_nobody_is_woken_by_an_id_of_another_handset(
    app: Flask, collector: FieldHandset, enforcer: FieldHandset
) -> None:
    item_id = str(uuid7())
    child = enforcer.item("evidence", addition(A, item_id=item_id))
    assert enforcer.states(child) == ["waiting"]
    collector.push(collector.item(id=item_id))
    woken(app)
    assert current(enforcer, child)[0]["state"] == "waiting"


def test_what_waited_for_two_weeks_is_put_before_a_person_and_told_by_a_receipt(
    app: Flask, enforcer: FieldHandset, office: Office
) -> None:
    lost, young = waiting_answer(enforcer, uuid7()), waiting_answer(enforcer, uuid7())
    newer = enforcer.item("inspection", {})
    assert enforcer.states(newer) == ["waiting"]
    old = update(InboxItem).where(InboxItem.item_id.in_([UUID(lost["id"]), UUID(newer["id"])]))
    with app.app_context():
        transact(lambda session: session.execute(old.values(received_at=now() - timedelta(days=15))) and None)
        assert (waking.give_up_waiting(), waking.give_up_waiting()) == (1, 0)
    told = {data["item_id"]: data for (kind, _), data in pulled(enforcer).items() if kind == "receipt"}
    assert slug_of(told[lost["id"]]["problem"]) == "waited-too-long"
    assert [item["id"] for item in office.quarantine()] == [lost["id"]]
    assert young["id"] not in told
    assert newer["id"] not in told


def pulled(handset: FieldHandset) -> dict[tuple[str, str], dict[str, object]]:
    handset.pull()
    return handset.mirror
