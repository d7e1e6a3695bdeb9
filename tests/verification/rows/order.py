"""Row `order`: whatever order its parts arrive in, one story has one end.

The story: a report with two photographs, a correction of it, more evidence for it, an answer to a task, the task
itself, and one of the photographs opened and carried as uploads. A trial is one permutation, numbered, told with
fresh items; compared is what the tables and the handset's mirror say, without ids and times.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice, permutations
from math import factorial
from typing import Any
from uuid import UUID, uuid4

import world
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from support.field import FieldHandset, Item, Photo, answer_to, handset_of, report
from support.kinds import addition, correction, woken
from support.office import Office
from verification.pictures import shot
from verification.place import application, database_of, opened
from verification.rows.result import Result

from server.casework.models import Amendment, Case, FieldTask, TaskEvent
from server.casework.operations.assigning import Assignee, Order, create_task
from server.clock import now
from server.config import Settings
from server.db import transact
from server.evidence.models import Evidence
from server.gateway.models import InboxItem
from server.ledger.models import Alarm
from server.ledger.operations import meet

ROW = "order"
# The first n of these are told: n = 7 in the full row, 5 in every `make test`.
STEPS = ("record", "amend", "task_event", "photo_bytes", "parent", "photo_create", "evidence")
# Whoever answers a task reads all tasks of its case: one case for thousands of stories would slow all of them down.
_STORIES_OF_A_CASE = 30
End = dict[str, Any]


@dataclass
class Story:
    """One telling: the handset, its items, and the task that is given to it at some point."""

    app: Flask
    people: world.World
    handset: FieldHandset
    task_id: UUID
    case_id: UUID
    items: dict[str, Item]
    photo: Photo
    path: str | None = None
    bytes_were_tried: bool = False

    def record(self) -> None:
        """Push the report."""
        self.handset.push(self.items["record"])

    def amend(self) -> None:
        """Push the correction."""
        self.handset.push(self.items["amend"])

    def task_event(self) -> None:
        """Push the answer to the task."""
        self.handset.push(self.items["task_event"])

    def evidence(self) -> None:
        """Push more photographs for the report: the same that the report declares."""
        self.handset.push(self.items["evidence"])

    def parent(self) -> None:
        """Let the desk give the task."""
        with self.app.app_context():
            transact(self._give)

    def photo_create(self) -> None:
        """Open the upload; bytes that were tried before it existed are sent now, as a client does after a 404."""
        created = self.handset.create(self.photo)
        assert created.status_code == 201, created.text
        self.path = created.headers["Location"]
        if self.bytes_were_tried:
            self._send()

    def photo_bytes(self) -> None:
        """Send the bytes, to an address that is not there if need be."""
        self.bytes_were_tried = True
        if self.path is not None:
            self._send()
            return
        lost = self.handset.append(f"/api/v1/uploads/{uuid4()}", 0, self.photo.content)
        assert lost.status_code == 404, lost.text

    def _send(self) -> None:
        sent = self.handset.append(self.path or "", 0, self.photo.content)
        assert sent.status_code == 204, sent.text

    def _give(self, session: Session) -> None:
        meet(session, [f"task:{self.task_id}"])
        case = session.get_one(Case, self.case_id)
        to, order = Assignee(officer_id=self.handset.enrolled.officer_id), Order(self.people.dispatcher.id, now())
        create_task(session, case, "disposal", to, order, task_id=self.task_id)


def run(count: int, start: int = 0, database: str = "sqlite") -> Result:
    """Tell the story in the permutations of all seven steps from number ``start`` on."""
    with opened(database) as settings:
        return run_in(settings, count, start)


def run_in(settings: Settings, count: int, start: int = 0, steps: int = len(STEPS)) -> Result:
    """Tell the story in permutations of its first ``steps`` steps; the steps left out come first, in any case."""
    began, failures = time.monotonic(), list[str]()
    told, first = STEPS[:steps], start % factorial(steps)
    with application(settings) as app:
        people = world.city(app)
        office = Office(app, people)
        handset = handset_of(app, people, people.enforcer)
        told_by = Teller(app, people, handset, office)
        told_by.begin_case()
        expected = told_by.tell(-1, STEPS)
        for number, order in enumerate(islice(_endless(told), first, first + count), start=start):
            if number % _STORIES_OF_A_CASE == 0:
                told_by.begin_case()
            end = told_by.tell(number, (*STEPS[steps:], *order))
            failures += [f"{'-'.join(order)}: {difference}" for difference in _differences(expected, end)]
        failures += [f"alarm {name}" for name in office.rows(lambda session: session.scalars(select(Alarm.name)).all())]
    return Result(ROW, database_of(settings), start, count, tuple(failures), time.monotonic() - began)


def _endless(steps: Sequence[str]) -> Any:  # noqa: ANN401 (an endless iterator of tuples)
    while True:
        yield from permutations(steps)


@dataclass
class Teller:
    """One handset that tells one story after the other, with fresh items, a fresh photograph and a fresh task each."""

    app: Flask
    people: world.World
    handset: FieldHandset
    office: Office
    case_id: UUID = field(init=False)
    cases: int = 0

    def begin_case(self) -> None:
        """Let the next tasks belong to a fresh case; a first story moves it, all others find it moved."""
        (before,) = self.handset.results(self.handset.item())
        self.office.dispatch(before["case_id"])
        self.case_id, self.cases = UUID(before["case_id"]), self.cases + 1
        self.tell(-1 - self.cases, STEPS)

    def tell(self, number: int, order: Sequence[str]) -> End:
        """Tell a story in this order and return its end; a worker that is sometimes slow wakes what waits."""
        story = self._begun(number)
        for step in order:
            tell: Callable[[], None] = getattr(story, step)
            tell()
            if step == order[number % len(order)]:
                woken(self.app)
        woken(self.app)
        return _end(story)

    def _begun(self, number: int) -> Story:
        """Write all items down in the order of their making."""
        handset, taken, task_id = self.handset, Photo(shot(number, 64).content), uuid4()
        record = handset.item(payload=report(taken))
        answer = answer_to({"task_id": str(task_id), "assignment_no": 1}, "accepted", taken)
        items = {
            "record": record,
            "amend": handset.item("amend", correction(record, description="玻璃碎片")),
            "evidence": handset.item("evidence", addition(taken, item_id=record["id"])),
            "task_event": handset.item("task_event", answer),
        }
        return Story(self.app, self.people, handset, task_id, self.case_id, items, taken)


def _end(story: Story) -> End:
    office = Office(story.app, story.people)
    end: End = office.rows(_projected, story)
    story.handset.pull()
    wanted = {"case", "task"}
    mine = {str(story.case_id), str(story.task_id), end.pop("case id")}
    end["mirror"] = sorted(
        (kind, data.get("state") or data.get("status"), data["description"], len(data.get("missing_photos", ())))
        for (kind, key), data in story.handset.mirror.items()
        if kind in wanted and key in mine
    )
    end["wants"] = story.handset.push()["photo_wants"]
    return end


def _projected(session: Session, story: Story) -> End:
    install = story.handset.enrolled.install_id
    names = {UUID(item["id"]): name for name, item in story.items.items()}
    told = tuple(names)
    states = session.execute(
        select(InboxItem.item_id, InboxItem.state).where(InboxItem.install_id == install, InboxItem.item_id.in_(told))
    )
    case = session.scalars(
        select(Case).where(Case.install_id == install, Case.origin_item_id == UUID(story.items["record"]["id"]))
    ).one_or_none()
    evidence = session.scalars(select(Evidence).where(Evidence.install_id == install, Evidence.item_id.in_(told)))
    amendments = session.scalars(select(Amendment).where(Amendment.install_id == install, Amendment.item_id.in_(told)))
    task = session.get(FieldTask, story.task_id)
    events = session.scalars(select(TaskEvent).where(TaskEvent.install_id == install, TaskEvent.item_id.in_(told)))
    return {
        "states": sorted((names[row.item_id], row.state) for row in states if row.item_id in names),
        "case id": None if case is None else str(case.id),
        "case": None if case is None else (case.state, case.description, case.category_code, case.captured_certainty),
        "evidence": sorted(_piece(row, names, case) for row in evidence),
        "amendments": [(row.changes, row.divergent, row.effective, row.case_id is not None) for row in amendments],
        "task": None if task is None else (task.status, task.assignment_no),
        "answered case": session.get_one(Case, story.case_id).state,
        "events": [(row.event, row.effective, row.assignment_no) for row in events],
    }


def _piece(row: Evidence, names: dict[UUID, str], case: Case | None) -> tuple[object, ...]:
    is_of_case = case is not None and row.owner_id == case.id
    return names[row.item_id], row.position, row.stage, row.role, row.present_at is not None, is_of_case


def _differences(expected: End, end: End) -> list[str]:
    return [f"{name} is {end[name]} instead of {expected[name]}" for name in expected if end[name] != expected[name]]
