"""Row `poison`: one bad item among 199 good ones, every kind of bad; the good ones are applied in the same request.

Each bad one ends in the state that is true of it, with a problem that says what is wrong and names the field. A trial
number chooses where among the good ones the bad one stands.
"""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import world
from flask import Flask
from support.field import FieldHandset, Item, answer_to, handset_of, photo, report, slug_of
from support.kinds import addition, correction
from support.office import Office
from support.poison import ELEMENTS, EVENTS, HEADS, OTHER_KINDS, PAYLOADS, TEXTS
from verification.place import application, database_of, opened
from verification.rows.result import Result

from server.config import Settings

ROW = "poison"
GOOD = 199
QUARANTINED, WAITING, RETRY = "quarantined", "waiting", "retry"


@dataclass(frozen=True)
class Bad:
    """One bad item, the state that is true of it, and the slug of its problem where only one is right."""

    name: str
    item: object
    state: str = QUARANTINED
    slug: str | None = None


@dataclass(frozen=True)
class Street:
    """Who sends the bad items, and whose things they reach for."""

    app: Flask
    people: world.World
    handset: FieldHandset
    stranger: FieldHandset
    strange_task: dict[str, Any]
    strange_case: str
    strange_item: Item


def run(count: int, start: int = 0, database: str = "sqlite") -> Result:
    """Try every kind ``count`` times."""
    with opened(database) as settings:
        return run_in(settings, count, start)


def run_in(settings: Settings, count: int, start: int = 0) -> Result:
    """Try every kind on the migrated, empty database of ``settings``."""
    began, failures = time.monotonic(), list[str]()
    with application(settings) as app:
        street = _street(app)
        for seed in range(start, start + count):
            dice = random.Random(seed)  # noqa: S311 (a seeded trace)
            for bad in kinds(street):
                failures += [f"{bad.name}: {finding}" for finding in tried(street.handset, bad, dice.randrange(GOOD))]
    return Result(ROW, database_of(settings), start, count, tuple(failures), time.monotonic() - began)


def kinds(street: Street) -> Iterator[Bad]:
    """Return every kind of bad item, freshly made."""
    make = street.handset
    yield from (Bad(f"element: {name}", bad, slug="not-an-item") for name, bad in ELEMENTS.items())
    for name, (changed, slug) in HEADS.items():
        yield Bad(f"head: {name}", {**make.item(), **changed}, slug=slug)
    yield from (Bad(f"text: {name}", make.text_item(text)) for name, text in TEXTS.items())
    yield from (Bad(f"report: {name}", make.item(payload=payload)) for name, payload in PAYLOADS.items())
    yield from (Bad(f"answer: {name}", make.item("task_event", bad), slug="validation") for name, bad in EVENTS.items())
    for name, (kind, payload) in OTHER_KINDS.items():
        yield Bad(f"{kind}: {name}", make.item(kind, payload), slug="validation")
    yield from _names(street)
    yield from _times(street)
    yield from _others(street)


def _names(street: Street) -> Iterator[Bad]:
    make = street.handset
    for kind in ("\0", "re\nport", "\ud800", "举报", "k" * 33, ""):
        yield Bad(f"kind {kind!r}", make.item(kind), slug="not-an-item")
    yield Bad("unknown kind", make.item("inspection"), WAITING)
    yield Bad("future version", make.item(kv=2), WAITING)
    yield Bad("damaged on its way", {**make.item(), "h": "0" * 64}, RETRY, "fingerprint-mismatch")


def _times(street: Street) -> Iterator[Bad]:
    broken = {
        "no clocks": None,
        "a wall that is no time": {"wall": "yesterday", "boot_id": "b7", "mono_ms": 1},
        "a wall beyond the calendar": {"wall": "99999-01-01T00:00:00Z", "boot_id": "b7", "mono_ms": 1},
        "a boot that is a list": {"wall": "2026-11-22T08:31:02+08:00", "boot_id": [], "mono_ms": 1},
    }
    for name, captured in broken.items():
        yield Bad(f"captured: {name}", street.handset.item(captured=captured), "quarantined or applied")


def _others(street: Street) -> Iterator[Bad]:
    """Reach for what is somebody else's: answered exactly as if it did not exist."""
    make, strange = street.handset, street.stranger
    officer = str(strange.enrolled.officer_id)
    yield Bad("a stolen officer", make.item(officer_id=officer), slug="foreign-officer")
    yield Bad("an officer that nobody is", make.item(officer_id=str(uuid4())), slug="foreign-officer")
    by_stranger = make.item()
    by_stranger["sig"]["value"] = strange.sign(by_stranger["h"])
    yield Bad("signed by another handset", by_stranger, slug="bad-signature")
    yield Bad("another tenant's task", make.item("task_event", answer_to(street.strange_task, "done")), WAITING)
    for name, target, state in (
        ("case", street.strange_case, QUARANTINED),
        ("task", street.strange_task["task_id"], WAITING),
    ):
        for whose, wanted in (("another tenant's", target), ("no", str(uuid4()))):
            payload = addition(photo(1), **{f"{name}_id": wanted})
            yield Bad(f"more photographs for {whose} {name}", make.item("evidence", payload), state)
    yield Bad("a correction of another's report", make.item("amend", correction(street.strange_item)), QUARANTINED)
    wanted = correction(street.strange_item, description="x")
    yield Bad("a sound correction of another's report", make.item("amend", wanted), WAITING)


def tried(handset: FieldHandset, bad: Bad, place: int) -> Iterator[str]:
    """Push one bad item among the good ones and say what is untrue in the answer."""
    items: list[object] = [handset.item(payload=report()) for _ in range(GOOD)]
    items.insert(place, bad.item)
    results = handset.results(*items)
    told = results.pop(place)
    applied = sum(result["state"] == "applied" for result in results)
    if applied != GOOD:
        yield f"{applied} of {GOOD} good items were applied"
    if told["state"] not in bad.state.split(" or "):
        yield f"is {told['state']} instead of {bad.state}: {told.get('problem')}"
    if told["state"] in {QUARANTINED, RETRY}:
        yield from _untrue(told["problem"], bad.slug)


def _untrue(problem: dict[str, Any], slug: str | None) -> Iterator[str]:
    if slug is not None and slug_of(problem) != slug:
        yield f"its problem is {slug_of(problem)} instead of {slug}"
    if not problem.get("detail"):
        yield "its problem has no detail"
    if slug_of(problem) == "validation" and not all(field.startswith("payload") for field in problem["errors"]):
        yield f"its problem names {list(problem['errors'])}"


def _street(app: Flask) -> Street:
    people = world.city(app)
    office = Office(app, people)
    stranger = handset_of(app, people, people.town_enforcer)
    item = stranger.item()
    (result,) = stranger.results(item)
    office.dispatch(result["case_id"], people.town_squad_id)
    stranger.pull()
    (task,) = stranger.tasks()
    handset = handset_of(app, people, people.enforcer)
    return Street(app, people, handset, stranger, task, result["case_id"], item)
