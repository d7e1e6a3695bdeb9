"""Kind ``amend``: both words stay, the last one counts until the case is filed, whatever order they arrive in."""

from itertools import permutations
from typing import Any

import pytest
import world
from console import console
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from support.field import FieldHandset, handset_of, photo, report, slug_of
from support.kinds import PLACE, correction, current, punch, woken
from support.office import Office

from server.casework.models import Amendment
from server.evidence.models import Evidence

A = photo(1)
OTHER = {"scheme": "gbt30428_2_2013", "code": "0111"}


def flags(session: Session) -> dict[str, tuple[bool, bool]]:
    """Return (divergent, effective) of all amendments."""
    return {str(row.item_id): (row.divergent, row.effective) for row in session.scalars(select(Amendment))}


def test_a_correction_before_filing_takes_effect_and_keeps_what_stood_there(
    collector: FieldHandset, office: Office
) -> None:
    item = collector.item(payload=report(A))
    (result,) = collector.results(item)
    changes = {"description": "玻璃碎片", "category": OTHER, "position": PLACE}
    assert collector.states(collector.item("amend", correction(item, **changes))) == ["applied"]
    case = office.case(result["case_id"])
    assert (case["description"], case["category"]["code"], case["position"]["lon"]) == ("玻璃碎片", "0111", 123.51)
    entry = case["timeline"][-1]
    assert entry["action"] == "amend"
    for old in ("看错了", "垃圾堆放在路边", "0110", "123.5,"):
        assert old in entry["reason"]
    # Galleries find the photographs under the category that the case has now.
    assert office.rows(lambda session: session.scalars(select(Evidence.category_code)).all()) == ["0111"]
    (shown,) = case["amendments"]
    assert (shown["effective"], shown["divergent"], shown["changes"]["description"]) == (True, False, "玻璃碎片")
    collector.pull()
    assert collector.mirror["case", result["case_id"]]["description"] == "玻璃碎片"


def test_once_filed_a_correction_is_kept_without_effect(collector: FieldHandset, office: Office) -> None:
    item = collector.item()
    (result,) = collector.results(item)
    office.act(result["case_id"], "file")
    (late,) = collector.results(collector.item("amend", correction(item, description="玻璃碎片")))
    assert (late["state"], slug_of(late["problem"]), late["case_id"]) == (
        "superseded",
        "case-already-filed",
        result["case_id"],
    )
    case = office.case(result["case_id"])
    assert (case["description"], case["timeline"][-1]["action"]) == ("垃圾堆放在路边", "late_amendment")
    assert [one["effective"] for one in case["amendments"]] == [False]


def test_a_correction_of_another_content_is_for_a_person(collector: FieldHandset, office: Office) -> None:
    item = collector.item()
    (result,) = collector.results(item)
    wrong = correction(item | {"h": "0" * 64}, description="玻璃碎片")
    (held,) = collector.results(collector.item("amend", wrong))
    assert (held["state"], slug_of(held["problem"])) == ("quarantined", "amend-target-differs")
    assert list(held["problem"]["errors"]) == ["payload.target.h"]
    case = office.case(result["case_id"])
    assert (case["description"], case["amendments"], len(case["timeline"])) == ("垃圾堆放在路边", [], 1)


def test_two_corrections_of_one_report_are_marked_and_the_later_written_counts_in_any_order(
    app: Flask, collector: FieldHandset, office: Office
) -> None:
    ends = set()
    for order in permutations(range(3)):
        item = collector.item()
        items = [
            item,
            collector.item("amend", correction(item, description="第一次更正", position=PLACE)),
            collector.item("amend", correction(item, description="第二次更正")),
        ]
        for place in order:
            collector.push(items[place])
        woken(app)
        states = tuple(outcome["state"] for outcome in current(collector, *items))
        case = office.case(current(collector, item)[0]["case_id"])
        marked = office.rows(flags)
        ends.add(
            (
                states,
                case["description"],
                case["position"]["lon"],
                *(marked[one["id"]] for one in items[1:]),
            )
        )
    assert ends == {(("applied",) * 3, "第二次更正", 123.51, (True, True), (True, True))}


def test_a_correction_of_a_correction_goes_on_from_it_in_any_order(
    app: Flask, collector: FieldHandset, office: Office
) -> None:
    ends = set()
    for order in permutations(range(3)):
        item = collector.item()
        first = collector.item("amend", correction(item, description="第一次更正"))
        items = [item, first, collector.item("amend", correction(first, description="第二次更正"))]
        for place in order:
            collector.push(items[place])
        woken(app)
        outcomes = current(collector, *items)
        case = office.case(outcomes[0]["case_id"])
        marked = office.rows(flags)
        ends.add(
            (tuple(one["state"] for one in outcomes), case["description"], *(marked[one["id"]] for one in items[1:]))
        )
    assert ends == {(("applied",) * 3, "第二次更正", (False, True), (False, True))}


def test_the_case_page_shows_both_words_and_asks_for_a_person(
    app: Flask, city: world.World, collector: FieldHandset
) -> None:
    item = collector.item()
    (result,) = collector.results(item)
    collector.push(
        collector.item("amend", correction(item, description="<b>一</b>", category=OTHER)),
        collector.item("amend", correction(item, position=PLACE)),
    )
    opened = console(app, city.dispatcher)
    page = opened.text(f"/cases/{result['case_id']}")
    for shown in ("Corrections from the field", "compare them before you go on", "gbt30428_2_2013 · 0111", "Place"):
        assert shown in page
    assert page.count("contradicted by another correction") == 2
    assert "&lt;b&gt;一" in opened.get(f"/cases/{result['case_id']}").text


def test_all_in_one_batch_in_any_order_of_the_list_ends_alike(
    app: Flask, collector: FieldHandset, office: Office
) -> None:
    for order in permutations(range(3)):
        item = collector.item()
        first = collector.item("amend", correction(item, description="第一次更正"))
        items = [item, first, collector.item("amend", correction(first, description="第二次更正"))]
        collector.push(*(items[place] for place in order))
        woken(app)
        outcomes = current(collector, *items)
        assert [outcome["state"] for outcome in outcomes] == ["applied"] * 3
        assert office.case(outcomes[0]["case_id"])["description"] == "第二次更正"


def test_another_handset_corrects_nothing_and_learns_nothing(
    app: Flask, city: world.World, collector: FieldHandset
) -> None:
    item = collector.item()
    collector.push(item)
    stranger = handset_of(app, city, city.town_enforcer)
    (result,) = stranger.results(stranger.item("amend", correction(item, description="x")))
    assert (result["state"], result["needs"]) == ("waiting", [f"item:{item['id']}"])


def test_what_is_no_record_cannot_be_corrected(collector: FieldHandset) -> None:
    shift = collector.item("shift", punch("in"))
    _, result = collector.results(shift, collector.item("amend", correction(shift, description="x")))
    assert (result["state"], list(result["problem"]["errors"])) == ("quarantined", ["payload.target.id"])


TARGET: dict[str, Any] = {"id": "01a202e6-1d77-7801-8a02-09404ec64c61", "h": "0" * 64}


@pytest.mark.parametrize(
    ("payload", "name"),
    [
        ({"changes": {"description": "x"}}, "payload.target"),
        ({"target": {"id": TARGET["id"]}, "changes": {"description": "x"}}, "payload.target.h"),
        ({"target": TARGET | {"h": "A" * 64}, "changes": {"description": "x"}}, "payload.target.h"),
        ({"target": TARGET | {"id": "\0"}, "changes": {"description": "x"}}, "payload.target.id"),
        ({"target": TARGET, "changes": {}}, "payload.changes"),
        ({"target": TARGET, "changes": {"photos": []}}, "payload.changes"),
        ({"target": TARGET, "changes": "x"}, "payload.changes"),
        ({"target": TARGET, "changes": {"description": "a\0b"}}, "payload.changes.description"),
        ({"target": TARGET, "changes": {"description": None}}, "payload.changes.description"),
        ({"target": TARGET, "changes": {"category": {"code": "0110"}}}, "payload.changes.category.scheme"),
        ({"target": TARGET, "changes": {"position": PLACE | {"lon": 1e400}}}, "payload.changes.position.lon"),
        ({"target": TARGET, "changes": {"description": "x"}, "reason": "\ud83d"}, "payload.reason"),
    ],
)
def test_what_is_wrong_is_named(collector: FieldHandset, payload: dict[str, Any], name: str) -> None:
    (result,) = collector.results(collector.item("amend", payload))
    assert (result["state"], list(result["problem"]["errors"])) == ("quarantined", [name])
