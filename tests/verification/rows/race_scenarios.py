"""The interleavings of row `race`. Each returns what is wrong at its end; most are tried in both orders."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session
from support.field import FieldHandset, Item, answer_to, report
from support.forced_points import COMMIT, Point, at_once, interleave
from support.kinds import addition, correction, woken
from support.photo_pool import DAY, POOL, Pool, later
from verification.rows.race_city import RaceCity, deliver, reconciled

from server.base import new_tag, uuid7
from server.db import db, transact
from server.ledger.marks import Entity, mark
from server.ledger.purge import purge_marks

Scenario = Callable[[RaceCity], Iterator[str]]
THREADS = 8
NUMBERED = Point(COMMIT, after="INTO feed_scope")
CONDEMNED = Point(COMMIT, after="UPDATE photo SET condemned_at")
ASKED_FOR = Point(COMMIT, after="UPDATE photo SET asked_at")
MARKED = Point(COMMIT, after="UPDATE photo SET deleting_at")
ATTACHED = Point(COMMIT, after="UPDATE photo SET .*attached_at")


def same_batch(city: RaceCity) -> Iterator[str]:
    """Eight copies of one batch at once; then a second copy while the first one's rows are not committed."""
    handset = city.handset()
    items = [handset.item() for _ in range(4)]
    answers = at_once(lambda _: handset.results(*items), THREADS)
    late = [handset.item() for _ in range(3)]
    held = interleave(
        city.app, lambda: handset.results(*late), Point(COMMIT, after="INTO inbox_item"), lambda: handset.results(*late)
    )
    answers_late = [held.first, held.second]
    for batch, told in ((items, answers), (late, answers_late)):
        for place, item in enumerate(batch):
            states = sorted(results[place]["state"] for results in told)
            if states != ["applied"] + ["duplicate"] * (len(told) - 1):
                yield f"{item['id']} was answered {states}"
            if len({results[place]["n"] for results in told}) != 1:
                yield f"{item['id']} has two numbers"
    if len(city.cases_of(handset)) != 7 or city.numbers(handset) != list(range(1, 8)):
        yield f"{len(city.cases_of(handset))} cases, numbers {city.numbers(handset)}"


def reader_between_number_and_commit(city: RaceCity) -> Iterator[str]:
    """Let a pull, and a later writer of the same scope, meet a numbered change that is not committed."""
    writer, later = city.handset(), city.handset()
    reader = writer
    reader.pull()
    outcome = interleave(city.app, lambda: writer.results(writer.item()), NUMBERED, reader.pull)
    if outcome.second:
        yield f"a pull saw {len(outcome.second)} uncommitted changes"
    interleave(city.app, lambda: writer.results(writer.item()), NUMBERED, lambda: later.results(later.item()))
    reader.pull()
    if lacking := _lacking(reader, {**city.cases_of(writer), **city.cases_of(later)}):
        yield f"a pull skipped {lacking}"


def reassign_and_edit(city: RaceCity) -> Iterator[str]:
    """Give a declined task to another squad while a squad mate reports it done, and the other way round."""
    for desk_first in (True, False):
        reporter, enforcer, mate = (
            city.handset(),
            city.handset(city.people.enforcer),
            city.handset(city.people.squad_mate),
        )
        case_id = city.dispatched(reporter)
        enforcer.pull()
        (task,) = [one for one in enforcer.tasks() if one["case_id"] == case_id]
        enforcer.results(enforcer.item("task_event", answer_to(task, "declined")))
        done = mate.item("task_event", answer_to(task, "done"))
        give, tell = _giving(city, case_id), partial(_state, mate, done)
        first, second = (give, tell) if desk_first else (tell, give)
        held = interleave(city.app, first, Point(COMMIT, after="UPDATE field_task"), second)
        status, state = (held.first, held.second) if desk_first else (held.second, held.first)
        ends = (status, state, city.office.case(case_id)["state"])
        if ends not in {(200, "superseded", "dispatched"), (409, "applied", "disposed")}:
            yield f"desk first: {desk_first}; ended as {ends}"
        if city.events_of(task["task_id"]) != 2:
            yield f"{city.events_of(task['task_id'])} answers are kept instead of 2"


def _state(handset: FieldHandset, item: Item) -> str:
    state: str = handset.results(item)[0]["state"]
    return state


def _pushing(handset: FieldHandset, item: Item) -> Callable[[], Any]:
    return lambda: handset.results(item)


def _giving(city: RaceCity, case_id: str) -> Callable[[], int]:
    body = {"action": "dispatch", "squad_id": str(city.people.town_squad_id)}
    headers = city.office.headers_of(city.people.dispatcher)
    path = f"/api/v1/cases/{case_id}/actions"
    return lambda: city.app.test_client().post(path, json=body, headers=headers).status_code


def early_answer_and_reassign(city: RaceCity) -> Iterator[str]:
    """Answer a round of a task that the desk is about to begin: the task does not exist for the officer before."""
    for answer_first in (True, False):
        reporter, declining, next_one = (
            city.handset(person) for person in (None, city.people.enforcer, city.people.town_enforcer)
        )
        case_id = city.dispatched(reporter)
        declining.pull()
        (task,) = [one for one in declining.tasks() if one["case_id"] == case_id]
        declining.results(declining.item("task_event", answer_to(task, "declined")))
        early = next_one.item("task_event", answer_to({**task, "assignment_no": 2}, "accepted"))
        works = [_pushing(next_one, early), _giving(city, case_id)]
        point = Point(COMMIT, after="INTO item_need") if answer_first else Point(COMMIT, after="UPDATE field_task")
        first, second = works if answer_first else reversed(works)
        interleave(city.app, first, point, second)
        woken(city.app)
        if city.states(next_one) != {early["id"]: "applied"}:
            yield f"answer first: {answer_first}; ended as {city.states(next_one)}"


def parent_and_child(city: RaceCity) -> Iterator[str]:
    """Bring a report and what refers to it (an amendment, photographs), each held before its commit."""
    for child_first in (False, True):
        for make in (_amendment, _addition):
            handset = city.handset()
            parent = handset.item()
            child = make(city, handset, parent)
            works = [_pushing(handset, item) for item in (parent, child)]
            # Parent: before the commit of its interpretation. Child: the same, with its need written.
            point = Point(COMMIT, after="INTO item_need") if child_first else NUMBERED
            first, second = reversed(works) if child_first else works
            interleave(city.app, first, point, second)
            woken(city.app)
            states = city.states(handset)
            if set(states.values()) != {"applied"}:
                yield f"{make.__name__}, child first: {child_first}; ended as {states}"


def _amendment(_city: RaceCity, handset: FieldHandset, parent: Item) -> Item:
    return handset.item("amend", correction(parent, description="玻璃碎片"))


def _addition(city: RaceCity, handset: FieldHandset, parent: Item) -> Item:
    payload = addition(item_id=parent["id"])
    return handset.item("evidence", {**payload, "photos": [city.shot(1).declared()]})


def photo_and_record(city: RaceCity) -> Iterator[str]:
    """Bring a photograph's last byte and the report that declares it, each held before its commit."""
    for number, photo_first in enumerate((False, True)):
        handset, one = city.handset(), city.shot(10 + number)
        item = handset.item(payload=report(photos=[one.declared()]))
        works: tuple[Callable[[], Any], ...] = (_pushing(handset, item), partial(deliver, handset, one))
        if photo_first:
            interleave(city.app, works[1], Point(COMMIT, after="INTO photo"), works[0])
        else:
            interleave(city.app, works[0], Point(COMMIT, after="INTO evidence"), works[1])
        if city.evidence_of(handset) != [True]:
            yield f"photograph first: {photo_first}; present: {city.evidence_of(handset)}"
        if wants := handset.push()["photo_wants"]:
            yield f"photograph first: {photo_first}; still wanted: {wants}"


def finalise_same_hash(city: RaceCity) -> Iterator[str]:
    """Eight uploads of the same bytes by two handsets, finished at once; each handset's case has it."""
    one, handsets = city.shot(20), [city.handset(), city.handset(city.people.enforcer)]
    for handset in handsets:
        handset.push(handset.item(payload=report(photos=[one.declared()])))
    statuses = at_once(lambda number: deliver(handsets[number % 2], one), THREADS)
    if not set(statuses) <= {201, 204}:
        yield f"answers {statuses}"
    for handset in handsets:
        if city.evidence_of(handset) != [True]:
            yield "a case still misses a photograph that its handset delivered"


def opposite_scopes(city: RaceCity) -> Iterator[str]:
    """Two transactions that name the same scopes in opposite order; no deadlock may be needed to resolve it."""
    entity = Entity("case", uuid7())
    deadlocks: list[str] = []
    with city.app.app_context():
        engine = db.engine
    note = _deadlock_counter(deadlocks)
    event.listen(engine, "handle_error", note)
    try:
        held = interleave(
            city.app,
            lambda: _marking(city, entity, ("race:a", "race:b")),
            Point("INTO feed_mark"),
            lambda: _marking(city, entity, ("race:b", "race:a")),
        )
    finally:
        event.remove(engine, "handle_error", note)
    if deadlocks:
        yield f"{len(deadlocks)} deadlocks"
    if not held.waited:
        yield "the second writer did not wait for the first one's number"


def _marking(city: RaceCity, entity: Entity, scopes: tuple[str, ...]) -> None:
    def operation(session: Session) -> None:
        for scope in scopes:
            mark(session, scope, entity, new_tag())

    with city.app.app_context():
        transact(operation)


def _deadlock_counter(found: list[str]) -> Callable[[Any], None]:
    def note(context: Any) -> None:  # noqa: ANN401 (SQLAlchemy's context)
        if getattr(context.original_exception, "sqlstate", None) == "40P01":
            found.append("deadlock")

    return note


def purge_and_pull(city: RaceCity) -> Iterator[str]:
    """Purge marks between a pull's reading of the ends and of the marks: all of them come, or none and 410."""
    handset = city.handset(city.people.squad_mate)
    cursor = reconciled(handset)
    for _ in range(5):
        handset.results(handset.item())
    scope = f"officer:{handset.enrolled.officer_id}"

    def purge() -> None:
        with city.app.app_context():
            transact(purge_marks, scope, 1)

    held = interleave(city.app, lambda: handset.ask_page(cursor), Point("FROM feed_mark"), purge)
    answer = held.first
    if answer.status_code == 200:
        told = {change["id"] for change in answer.json["changes"]}
        if not set(city.cases_of(handset)) <= told:
            yield f"a page of {len(told)} changes instead of 5, and the cursor has passed them"
    elif answer.status_code != 410:
        yield f"answered {answer.status_code}"
    after = handset.ask_page(cursor)
    if after.status_code != 410:
        yield f"an expired cursor was answered {after.status_code}"


def collector_and_query(city: RaceCity) -> Iterator[str]:
    """Ask for a photograph that is just being condemned: who is told that it is here can rely on it."""
    for number, collector_first in enumerate((True, False)):
        handset, one = city.handset(), city.shot(30 + number)
        deliver(handset, one)
        with later(timedelta(hours=1)):
            handset.push()
        pool = Pool(city.app)
        with later(POOL):
            asking = partial(_asked, handset, one.sha256)
            works: tuple[Callable[[], Any], ...] = (pool.collect, asking)
            first, second = works if collector_first else works[::-1]
            held = interleave(city.app, first, CONDEMNED if collector_first else ASKED_FOR, second)
            told = held.second if collector_first else held.first
        pool.collect(POOL + DAY)
        if told != ("missing" if collector_first else "have") or pool.has_bytes(one.sha256) is not (told == "have"):
            yield f"collector first: {collector_first}; told {told}, bytes: {pool.has_bytes(one.sha256)}"


def collector_and_declaration(city: RaceCity) -> Iterator[str]:
    """Declare a photograph that is just being deleted: it is attached, or the handset is asked for it."""
    for number, collector_first in enumerate((True, False)):
        handset, one = city.handset(), city.shot(40 + number)
        deliver(handset, one)
        with later(timedelta(hours=1)):
            handset.push()
        pool = Pool(city.app)
        pool.collect(POOL)
        item = handset.item(payload=report(photos=[one.declared()]))
        works: tuple[Callable[[], Any], ...] = (pool.collect, _pushing(handset, item))
        with later(POOL + DAY):
            first, second = works if collector_first else works[::-1]
            interleave(city.app, first, MARKED if collector_first else ATTACHED, second)
        wants = [want["sha256"] for want in handset.push()["photo_wants"]]
        if pool.has_bytes(one.sha256) is collector_first or wants != [one.sha256] * collector_first:
            yield f"collector first: {collector_first}; bytes: {pool.has_bytes(one.sha256)}, wanted: {wants}"


def _asked(handset: FieldHandset, sha256: str) -> str:
    answer = handset.client.post("/api/v1/photos/query", json={"hashes": [sha256]}, headers=handset.headers)
    told: str = handset.trusted(answer)["photos"][sha256]["state"]
    return told


def _lacking(reader: FieldHandset, cases: dict[str, str]) -> list[str]:
    return [case_id for case_id in cases if ("case", case_id) not in reader.mirror]


SCENARIOS: tuple[Scenario, ...] = (
    same_batch,
    reader_between_number_and_commit,
    reassign_and_edit,
    early_answer_and_reassign,
    parent_and_child,
    photo_and_record,
    finalise_same_hash,
    opposite_scopes,
    purge_and_pull,
    collector_and_query,
    collector_and_declaration,
)
