"""All kinds that speak of one another, in many orders of arrival: the end is always the same."""

import random
from typing import Any

import world
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from support.field import FieldHandset, answer_to, handset_of, photo, report
from support.kinds import addition, correction, current, punch, walk, woken
from support.office import Office

from server.casework.models import Track
from server.ledger.alarms import open_alarms

A, B, C = photo(1), photo(2), photo(3)
ORDERS = 12


def day(handset: FieldHandset) -> list[dict[str, Any]]:
    """Return the items of a small day, in the order of their making."""
    clocked_in = handset.item("shift", punch("in"))
    walked = handset.item("track", walk())
    found = handset.item(payload=report(A))
    first = handset.item("amend", correction(found, description="更正一"))
    second = handset.item("amend", correction(first, description="更正二"))
    third = handset.item("amend", correction(found, description="更正三"))
    more = handset.item("evidence", addition(B, item_id=found["id"]))
    out = handset.item("shift", punch("out", position=None))
    strayed = handset.item("track", walk())
    return [clocked_in, walked, found, first, second, third, more, out, strayed]


def kept_tracks(session: Session, install_id: str) -> list[str]:
    rows = session.scalars(select(Track).where(Track.install_id == install_id))
    return [str(row.item_id) for row in rows]


def test_a_whole_day_in_any_order_and_any_batches_ends_alike(app: Flask, city: world.World, office: Office) -> None:
    dice = random.Random(20261122)  # noqa: S311 (orders of a test, no secret)
    for number in range(ORDERS):
        handset = handset_of(app, city, city.collector)
        items = day(handset)
        order = dice.sample(items, len(items))
        while order:
            size = dice.randint(1, len(order))
            batch, order = order[:size], order[size:]
            handset.push(*batch)
            if dice.random() < 0.3:
                handset.push(*batch)
            if dice.random() < 0.5:
                woken(app)
            if dice.random() < 0.3:
                handset.upload(A)
        handset.upload(A, B)
        woken(app)
        outcomes = current(handset, *items)
        assert [outcome["state"] for outcome in outcomes] == ["applied"] * 8 + ["superseded"], number
        case = office.case(outcomes[2]["case_id"])
        told = sorted((one["changes"]["description"], one["divergent"], one["effective"]) for one in case["amendments"])
        assert told == [("更正一", True, True), ("更正三", True, True), ("更正二", False, True)]
        assert (case["description"], case["evidence_expected"], case["evidence_present"]) == ("更正三", 2, 2)
        assert office.rows(kept_tracks, handset.enrolled.install_id) == [items[1]["id"]]
    assert office.rows(open_alarms) == []
    assert office.quarantine() == []


def test_the_squads_side_in_any_order_ends_alike(
    app: Flask, collector: FieldHandset, enforcer: FieldHandset, office: Office
) -> None:
    dice = random.Random(4711)  # noqa: S311 (the same)
    ends = set()
    for number in range(6):
        (result,) = collector.results(collector.item())
        office.dispatch(result["case_id"])
        enforcer.pull()
        task = next(one for one in enforcer.tasks() if one["case_id"] == result["case_id"])
        after, late = photo(300 + number), photo(400 + number)
        items = [
            enforcer.item("task_event", answer_to(task, "accepted")),
            enforcer.item("task_event", answer_to(task, "done", after)),
            enforcer.item("evidence", addition(late, task_id=task["task_id"])),
            enforcer.item("evidence", addition(C, case_id=result["case_id"])),
        ]
        for item in dice.sample(items, len(items)):
            assert enforcer.states(item) == ["applied"]
        case = office.case(result["case_id"])
        stages = sorted((shot["stage"], shot["role"]) for shot in case["evidence"])
        ends.add((case["state"], case["tasks"][0]["status"], tuple(stages)))
    assert ends == {("disposed", "done", (("disposal", "after"), ("disposal", "near"), ("disposal", "near")))}
