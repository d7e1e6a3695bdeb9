"""Items and photo bytes may arrive in any order; the end state is the same."""

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import world
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session
from support.field import FieldHandset, Item, answer_to, photo, report, slug_of
from support.office import Office

from server import clock
from server.casework.models import Case
from server.casework.operations.assigning import Assignee, Order, create_task
from server.clock import now
from server.db import transact
from server.gateway.inbox import DatabaseInbox
from server.gateway.jobs import finish_interpretations, retry_waiting
from server.gateway.left import MOST_ATTEMPTS
from server.gateway.models import InboxItem
from server.gateway.storing import Sender
from server.ledger.operations import meet
from sync.engine import push
from sync.envelope import read_item
from sync.handset_time import Anchor

A, B = photo(1), photo(2)


def evidence(office: Office, case_id: str) -> list[tuple[str, str, bool]]:
    """Return (hash, stage, here) of a case's photographs."""
    pieces = office.case(case_id)["evidence"]
    return sorted((piece["sha256"], piece["stage"], piece["present_at"] is not None) for piece in pieces)


def test_a_record_before_its_photo(collector: FieldHandset, office: Office) -> None:
    (result,) = collector.results(collector.item(payload=report(A)))
    assert result["missing_photos"] == [A.sha256]
    collector.upload(A)
    case = office.case(result["case_id"])
    assert (case["evidence_expected"], case["evidence_present"]) == (1, 1)
    assert collector.push()["photo_wants"] == []


def test_a_photo_before_its_record(collector: FieldHandset, office: Office) -> None:
    collector.upload(A)
    (result,) = collector.results(collector.item(payload=report(A)))
    assert "missing_photos" not in result
    case = office.case(result["case_id"])
    assert (case["evidence_expected"], case["evidence_present"]) == (1, 1)
    assert collector.push()["photo_wants"] == []


def test_every_order_of_record_and_photos_gives_the_same_case(collector: FieldHandset, office: Office) -> None:
    for seed, order in enumerate(permutations(["record", "first", "second"])):
        first, second = photo(100 + seed), photo(200 + seed)
        steps: dict[str, Callable[[Any, Any], object]] = {
            "record": lambda one, two: collector.push(collector.item(payload=report(one, two))),
            "first": lambda one, _: collector.upload(one),
            "second": lambda _, two: collector.upload(two),
        }
        for step in order:
            steps[step](first, second)
        newest = office.cases()[0]
        assert (newest["evidence_expected"], newest["evidence_present"]) == (2, 2), order
        expected = [(sha256, "report", True) for sha256 in sorted([first.sha256, second.sha256])]
        assert evidence(office, newest["id"]) == expected
    assert collector.push()["photo_wants"] == []


def test_the_same_bytes_in_two_slots_two_items_and_two_cases_are_one_upload(
    collector: FieldHandset, office: Office
) -> None:
    twice = report(photos=[A.declared("near"), A.declared("far")])
    results = collector.results(collector.item(payload=twice), collector.item(payload=report(A)))
    assert [result["missing_photos"] for result in results] == [[A.sha256], [A.sha256]]
    assert [want["sha256"] for want in collector.push()["photo_wants"]] == [A.sha256]
    collector.upload(A)
    assert [office.case(result["case_id"])["evidence_present"] for result in results] == [2, 1]
    (late,) = collector.results(collector.item(payload=twice))
    assert office.case(late["case_id"])["evidence_present"] == 2


def squads_task(collector: FieldHandset, enforcer: FieldHandset, office: Office) -> dict[str, Any]:
    (result,) = collector.results(collector.item())
    office.dispatch(result["case_id"])
    enforcer.pull()
    found: dict[str, Any] = next(task for task in enforcer.tasks() if task["case_id"] == result["case_id"])
    return found


def test_answers_in_any_order_over_any_batches_end_in_the_same_state(
    collector: FieldHandset, enforcer: FieldHandset, office: Office
) -> None:
    ends = set()
    for order in permutations(["accepted", "started", "done"]):
        task = squads_task(collector, enforcer, office)
        for event in order:
            photos = [A] if event == "done" else []
            (result,) = enforcer.results(enforcer.item("task_event", answer_to(task, event, *photos)))
            assert result["state"] == "applied", (order, event)
        case = office.case(task["case_id"])
        ends.add((case["state"], case["tasks"][0]["status"], case["evidence_expected"]))
    assert ends == {("disposed", "done", 1)}


def test_the_whole_chain_in_one_batch_in_any_order_of_the_list(
    collector: FieldHandset, enforcer: FieldHandset, office: Office
) -> None:
    task = squads_task(collector, enforcer, office)
    batch = [enforcer.item("task_event", answer_to(task, event)) for event in ("accepted", "started", "done")]
    assert enforcer.states(*reversed(batch)) == ["applied"] * 3
    assert office.case(task["case_id"])["state"] == "disposed"


def test_after_photos_may_come_before_the_answer_that_declares_them(
    collector: FieldHandset, enforcer: FieldHandset, office: Office
) -> None:
    task = squads_task(collector, enforcer, office)
    enforcer.upload(B)
    enforcer.push(enforcer.item("task_event", answer_to(task, "done", B)))
    assert evidence(office, task["case_id"]) == [(B.sha256, "disposal", True)]


def test_an_answer_to_a_task_that_nobody_knows_waits_and_stays_a_duplicate(collector: FieldHandset) -> None:
    item = collector.item("task_event", answer_to({"task_id": str(uuid4()), "assignment_no": 1}, "done", A))
    (result,) = collector.results(item)
    assert (result["state"], len(result["needs"])) == ("waiting", 1)
    # Nothing of it took effect, so nothing is asked for.
    assert collector.push()["photo_wants"] == []
    assert collector.results(item)[0]["current"] == {"state": "waiting", "needs": result["needs"]}


def earlier(handset: FieldHandset, city: world.World, item: Item, *, ago: timedelta = timedelta(minutes=1)) -> None:
    """Store an item some time ago without interpreting it, as a process does that dies right after its commit."""
    raw = read_item(0, item)
    arrived_at = now() - ago
    sender = Sender(
        install_id=handset.enrolled.install_id,
        officer_id=handset.enrolled.officer_id,
        agency_id=city.street_id,
        batch_id=None,
        anchor=Anchor.of_request({}, arrived_at).text(),
        received_at=arrived_at,
        says={},
        clock_offset_ms=None,
    )
    with handset.app.app_context(), clock.use(lambda: arrived_at):
        (result,) = push(DatabaseInbox.for_sender(sender), [raw], patience=-1.0)
    assert (result["state"], result["needs"]) == ("waiting", ["interpretation"])


def work(app: Flask) -> None:
    """Let the worker do what it does every minute."""
    with app.app_context():
        finish_interpretations.run()
        retry_waiting.run()


def test_what_a_killed_process_had_stored_is_interpreted_by_the_worker(
    app: Flask, city: world.World, collector: FieldHandset, office: Office
) -> None:
    item = collector.item()
    earlier(collector, city, item)
    work(app)
    assert collector.results(item)[0]["current"]["state"] == "applied"
    work(app)
    assert len(office.cases()) == 1


def test_what_a_killed_process_had_stored_is_interpreted_when_its_handset_comes_back(
    city: world.World, collector: FieldHandset, office: Office
) -> None:
    item = collector.item()
    earlier(collector, city, item)
    collector.push()
    assert collector.results(item)[0]["current"]["state"] == "applied"
    assert len(office.cases()) == 1


def test_what_another_request_may_still_work_on_is_left_to_it(
    app: Flask, city: world.World, collector: FieldHandset, office: Office
) -> None:
    item = collector.item()
    earlier(collector, city, item, ago=timedelta(seconds=5))
    work(app)
    assert collector.results(item)[0]["current"] == {"state": "waiting", "needs": ["interpretation"]}
    assert office.cases() == []


def test_an_item_that_killed_two_processes_is_set_aside_and_the_next_is_not(
    app: Flask, city: world.World, collector: FieldHandset, office: Office
) -> None:
    deadly, harmless = collector.item(), collector.item()
    earlier(collector, city, deadly)
    earlier(collector, city, harmless)
    with app.app_context():
        died_twice = update(InboxItem).where(InboxItem.item_id == UUID(deadly["id"])).values(attempts=MOST_ATTEMPTS)
        transact(lambda session: session.execute(died_twice))
    work(app)
    states = [result["current"]["state"] for result in collector.results(deadly, harmless)]
    assert states == ["quarantined", "applied"]
    (held,) = office.quarantine()
    assert slug_of(held["problem"]) == "interpretation-failed"


def test_an_answer_that_waited_takes_effect_once_its_task_is_there(
    app: Flask, city: world.World, collector: FieldHandset, enforcer: FieldHandset, office: Office
) -> None:
    task_id = uuid4()
    early = enforcer.item("task_event", answer_to({"task_id": str(task_id), "assignment_no": 1}, "accepted", A))
    earlier(enforcer, city, early)
    work(app)
    assert enforcer.results(early)[0]["current"] == {"state": "waiting", "needs": [f"task:{task_id}"]}
    case_id = squads_task(collector, enforcer, office)["case_id"]

    def assign(session: Session) -> None:
        meet(session, [f"task:{task_id}"])
        case = session.get_one(Case, UUID(case_id))
        order = Order(city.dispatcher.id, now())
        create_task(session, case, "disposal", Assignee(squad_id=city.street_squad_id), order, task_id=task_id)

    with app.app_context():
        transact(assign)
    work(app)
    (result,) = enforcer.results(early)
    assert result["current"] == {"state": "applied", "case_id": case_id}
    assert result["missing_photos"] == [A.sha256]
    assert office.case(case_id)["state"] == "in_disposal"
