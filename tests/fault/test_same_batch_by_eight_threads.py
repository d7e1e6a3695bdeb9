"""The same batch sent eight times at once: one effect, eight truthful answers.

Threads on the real application and the real database; they begin together at a barrier. Not a timed test: whatever
the interleaving, the end state and the sum of the answers are the same.
"""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import world
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from support.field import FieldHandset, Item, answer_to, handset_of, photo, report
from support.office import Office

from server.casework.models import Case, TaskEvent
from server.gateway.models import InboxItem
from server.identity.models import Install
from server.ledger.models import FeedMark, FeedScope

THREADS = 8


@pytest.fixture
def handset(app: Flask, city: world.World) -> FieldHandset:
    return handset_of(app, city, city.collector)


def at_once(work: Callable[[int], Any], count: int = THREADS) -> list[Any]:
    """Run ``work(number)`` in threads that begin together; return the results in order of number."""
    barrier = threading.Barrier(count)
    found: dict[int, Any] = {}

    def run(number: int) -> None:
        barrier.wait()
        found[number] = work(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == count, "a thread ended with an error; see above"
    return [found[number] for number in range(count)]


def count(office: Office, model: type) -> int:
    number: int = office.rows(lambda session: session.scalar(select(func.count()).select_from(model)))
    return number


def check_numbers(office: Office, handset: FieldHandset, expected: int) -> None:
    """See that the install's numbers have no gap and that the install's counter stands at the last."""

    def query(session: Session) -> tuple[list[int], int]:
        mine = InboxItem.install_id == handset.enrolled.install_id
        numbers = sorted(session.scalars(select(InboxItem.n).where(mine)))
        return numbers, session.get_one(Install, handset.enrolled.install_id).item_count

    assert office.rows(query) == (list(range(1, expected + 1)), expected)


def check_feed(office: Office) -> None:
    """See that no scope's head promises a mark that is not there."""

    def query(session: Session) -> list[tuple[int, int]]:
        last = select(FeedMark.scope, func.max(FeedMark.seq).label("seq")).group_by(FeedMark.scope).subquery()
        rows = session.execute(select(FeedScope.head, last.c.seq).join(last, last.c.scope == FeedScope.scope))
        return [(row.head, row.seq) for row in rows]

    heads = office.rows(query)
    assert heads
    assert all(head == seq for head, seq in heads)


def check_answers(answers: list[list[dict[str, Any]]], expected: dict[str, str]) -> None:
    """See that of all answers about an item exactly one tells of the effect as new, and none tells anything untrue.

    ``expected``: the end state of each item id. Who came second may still read that the interpretation is under way.
    """
    for place, (item_id, end) in enumerate(expected.items()):
        told = [results[place] for results in answers]
        assert {result["id"] for result in told} == {item_id}
        assert len({result["n"] for result in told}) == 1
        assert Counter(result["state"] for result in told) == {end: 1, "duplicate": len(answers) - 1}
        for result in told:
            if result["state"] == "duplicate":
                under_way = {"state": "waiting", "needs": ["interpretation"]}
                assert result["current"] == under_way or result["current"]["state"] == end


def test_reports_sent_eight_times_at_once_become_one_case_each(handset: FieldHandset, office: Office) -> None:
    items = [handset.item(payload=report(photo(number))) for number in range(3)]
    items += [handset.item() for _ in range(9)]
    answers = at_once(lambda _: handset.results(*items))
    check_answers(answers, {item["id"]: "applied" for item in items})
    assert count(office, Case) == len(items)
    check_numbers(office, handset, len(items))
    check_feed(office)
    # Sent once more, everybody hears the end.
    assert {result["current"]["state"] for result in handset.results(*items)} == {"applied"}
    assert len({result["case_id"] for result in handset.results(*items)}) == len(items)


def test_a_mixed_batch_sent_eight_times_at_once_is_judged_once(handset: FieldHandset, office: Office) -> None:
    ends = {"applied": handset.item(), "quarantined": handset.item(payload={}), "waiting": handset.item("not-yet")}
    answers = at_once(lambda _: handset.results(*ends.values()))
    check_answers(answers, {item["id"]: state for state, item in ends.items()})
    assert count(office, Case) == 1
    check_numbers(office, handset, 3)
    assert len(office.quarantine()) == 1


def test_batches_that_overlap_in_any_order_take_effect_once(handset: FieldHandset, office: Office) -> None:
    items = [handset.item() for _ in range(12)]

    def some(number: int) -> list[dict[str, Any]]:
        turned = items[number:] + items[:number]
        return handset.results(*(turned[:9] if number % 2 else turned[:9][::-1]))

    answers = at_once(some)
    handset.push(*items)
    assert count(office, Case) == len(items)
    check_numbers(office, handset, len(items))
    fresh = Counter(result["id"] for results in answers for result in results if result["state"] == "applied")
    assert set(fresh.values()) == {1}


def test_eight_installs_that_send_one_item_give_one_effect(app: Flask, city: world.World, office: Office) -> None:
    handsets = [handset_of(app, city, city.collector) for _ in range(THREADS)]
    item = handsets[0].item()
    results = at_once(lambda number: handsets[number].results(item)[0])
    # Signed for the first install: what another brings under the same id is its own item, and waits for a person.
    assert [result["state"] for result in results] == ["applied"] + ["quarantined"] * (THREADS - 1)
    assert count(office, Case) == 1
    assert count(office, InboxItem) == THREADS


def test_answers_of_a_whole_squad_at_once_end_in_one_state(
    app: Flask, city: world.World, handset: FieldHandset, enforcer: FieldHandset, office: Office
) -> None:
    (result,) = handset.results(handset.item())
    office.dispatch(result["case_id"])
    mate = handset_of(app, city, city.squad_mate)
    enforcer.pull()
    (task,) = enforcer.tasks()
    events = ["accepted", "started", "done", "accepted", "started", "done", "accepted", "started"]
    senders = [enforcer if number % 2 else mate for number in range(THREADS)]
    items: list[Item] = [
        sender.item("task_event", answer_to(task, event)) for sender, event in zip(senders, events, strict=True)
    ]
    states = at_once(lambda number: senders[number].states(items[number]))
    # Of the two members one has the task; the other's acceptance is told so, whatever work either of them reports.
    told = [(event, number % 2) for number, event in enumerate(events) if states[number] == ["applied"]]
    assert [event for event, _member in told if event != "accepted"] == [one for one in events if one != "accepted"]
    assert len({member for event, member in told if event == "accepted"}) <= 1
    assert {tuple(state) for state in states} <= {("applied",), ("superseded",)}
    assert office.case(task["case_id"])["state"] == "disposed"
    assert count(office, TaskEvent) == THREADS
    check_feed(office)


def test_record_and_photo_at_once_always_meet(handset: FieldHandset, office: Office) -> None:
    photos = [photo(300 + number) for number in range(THREADS // 2)]
    reports = [handset.item(payload=report(one)) for one in photos]

    def work(number: int) -> object:
        place = number // 2
        return handset.upload(photos[place]) if number % 2 else handset.push(reports[place])

    at_once(work)
    assert [case["evidence_present"] for case in office.cases()] == [1] * len(photos)
    assert handset.push()["photo_wants"] == []


def test_the_same_photo_finished_by_eight_uploads_at_once_is_kept_once(
    app: Flask, handset: FieldHandset, office: Office
) -> None:
    (result,) = handset.results(handset.item(payload=report(photo(1))))
    at_once(lambda _: handset.upload(photo(1)))
    case = office.case(result["case_id"])
    assert (case["evidence_expected"], case["evidence_present"]) == (1, 1)
    assert len(list(app.extensions["xuncha_blobs"].keys("original/"))) == 1
