"""Holds what the product says of a month against what the twin says, case by case, and counts both."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from flask import Flask
from sqlalchemy import select
from support.month.days import END, instant
from support.month.driver import Driver
from support.month.file import File
from support.month.naive import Twin
from support.month.phones import Phones
from support.month.script import HANDSETS, Script
from support.month.stories import month
from support.month.town import opened_town
from support.month.watch import Watch

from server.clock import stamp
from server.db import read
from server.ledger.models import Alarm

# More differences than these tell nothing new.
_MOST = 20


def differences(app: Flask, cases: int, seed: int = 0) -> list[str]:
    """Let both live through a month and return in sentences where they differ."""
    script = month(cases, seed)
    twin = Twin(script)
    with opened_town(app) as town:
        driver = Driver(town, Phones(town, script.offline))
        became = driver.play(script.acts)
        expected = [twin.live(act) for act in script.acts]
        found = list(_verdicts(script, became, expected))
        town.at(END)
        found += _cases(driver, twin)
        found += _mirrors(driver, twin)
    with app.app_context():
        found += [f"alarm {name}" for name in read(lambda session: session.scalars(select(Alarm.name)).all())]
    return found[:_MOST]


def _verdicts(script: Script, became: list[str], expected: list[str]) -> Iterator[str]:
    for act, product, twin in zip(script.acts, became, expected, strict=True):
        if product != twin:
            yield f"case {act.case}, {act.who} {act.do} {dict(act.said)} at {act.at}: {product} instead of {twin}"


def _cases(driver: Driver, twin: Twin) -> Iterator[str]:
    pages = {number: driver.page(number) for number in driver.phones.cases}
    if pages.keys() != twin.files.keys():
        yield f"cases {sorted(pages.keys() ^ twin.files.keys())} are known to one side only"
    numbers = {page["id"]: number for number, page in pages.items()}
    product = {number: _said(page, numbers) for number, page in pages.items()}
    expected = {number: _thought(file) for number, file in twin.files.items()}
    for number in sorted(product.keys() & expected.keys()):
        for name, value in expected[number].items():
            if product[number][name] != value:
                yield f"case {number}: {name} is {product[number][name]} instead of {value}"
    if _counts(product) != _counts(expected):
        yield f"counts are {_counts(product)} instead of {_counts(expected)}"


def _mirrors(driver: Driver, twin: Twin) -> Iterator[str]:
    for who in HANDSETS:
        driver.phones.pull(who)
        wrong = driver.phones.mirror(who).keys() ^ twin.tasks_of(who)
        if wrong:
            yield f"the handset of {who} differs in {sorted(wrong)}"


def _said(page: dict[str, Any], numbers: dict[str, int]) -> dict[str, Any]:
    """Return what the product says of a case."""
    actions = Counter(line["action"] for line in page["timeline"])
    return {
        "state": page["state"],
        "merged into": numbers.get(page["merged_into_id"]),
        "returns": page["return_count"],
        "reworks": page["rework_count"],
        "extensions": page["extension_count"],
        "late answers": actions["late_answer"],
        "told overdue": actions["overdue"],
        "resumed": actions["resume"],
        "clocks": {(one["stage"], one["round"]): _clock(one) for one in page["clocks"]},
    }


def _clock(one: dict[str, Any]) -> dict[str, Any]:
    told = {name: one[name] for name in ("started_at", "stopped_at", "due_at", "extensions", "exempted_at")}
    pauses = sorted((pause["begun_at"], str(pause["ended_at"]), pause["why"]) for pause in one["pauses"])
    return {**told, "late": bool(one["late"]), "pauses": pauses}


def _thought(file: File) -> dict[str, Any]:
    """Return what the twin thinks of a case, in the product's words."""
    return {
        "state": file.state,
        "merged into": file.merged_into,
        "returns": file.returns,
        "reworks": file.reworks,
        "extensions": file.extensions,
        "late answers": file.late_answers,
        "told overdue": sum(watch.told_overdue for watch in file.watches),
        "resumed": file.resumed,
        "clocks": {(watch.stage, watch.round): _watch(watch) for watch in file.watches},
    }


def _watch(watch: Watch) -> dict[str, Any]:
    return {
        "started_at": _written(watch.start),
        "stopped_at": _written(watch.stop),
        "due_at": _written(watch.due),
        "extensions": watch.extensions,
        "exempted_at": _written(watch.exempted),
        "late": watch.late_by(END),
        "pauses": sorted((_written(one.begun), str(_written(one.ended)), one.why) for one in watch.holds),
    }


def _counts(cases: dict[int, dict[str, Any]]) -> dict[str, int]:
    """Count what a month's report tells."""
    clocks = [clock for case in cases.values() for clock in case["clocks"].values()]
    by_state = Counter(case["state"] for case in cases.values())
    return {
        **by_state,
        "late": sum(clock["late"] for clock in clocks),
        "exempted": sum(clock["exempted_at"] is not None for clock in clocks),
        **{name: sum(case[name] for case in cases.values()) for name in ("returns", "reworks", "extensions")},
    }


def _written(minute: int | None) -> str | None:
    return None if minute is None else stamp(instant(minute))
