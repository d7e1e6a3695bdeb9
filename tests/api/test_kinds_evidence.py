"""Kind ``evidence``: photographs added later, by those whose report or task it is, never lost."""

from itertools import permutations
from typing import Any
from uuid import uuid4

import pytest
import world
from flask import Flask
from support.field import FieldHandset, answer_to, handset_of, photo, report, slug_of
from support.kinds import addition, current, punch, self_handled, swept, woken
from support.office import Office

A, B, C = photo(1), photo(2), photo(3)


def shots(office: Office, case_id: str) -> list[tuple[str, str]]:
    return sorted((shot["sha256"], shot["stage"]) for shot in office.case(case_id)["evidence"])


def reported(handset: FieldHandset) -> str:
    (result,) = handset.results(handset.item())
    case_id: str = result["case_id"]
    return case_id


def squads_task(collector: FieldHandset, enforcer: FieldHandset, office: Office) -> dict[str, Any]:
    case_id = reported(collector)
    office.dispatch(case_id)
    enforcer.pull()
    return next(task for task in enforcer.tasks() if task["case_id"] == case_id)


def test_the_reporter_adds_photographs_by_case_and_by_report(collector: FieldHandset, office: Office) -> None:
    item = collector.item()
    (result,) = collector.results(item)
    by_case = collector.item("evidence", addition(A, case_id=result["case_id"]))
    by_item = collector.item("evidence", addition(B, item_id=item["id"]))
    answers = collector.results(by_case, by_item)
    assert [(each["state"], each["case_id"], each["missing_photos"]) for each in answers] == [
        ("applied", result["case_id"], [A.sha256]),
        ("applied", result["case_id"], [B.sha256]),
    ]
    assert shots(office, result["case_id"]) == sorted([(A.sha256, "report"), (B.sha256, "report")])
    assert [entry["action"] for entry in office.case(result["case_id"])["timeline"]] == [
        "report",
        "evidence",
        "evidence",
    ]


def test_a_squads_member_adds_to_its_task_and_its_case(
    collector: FieldHandset, enforcer: FieldHandset, office: Office
) -> None:
    task = squads_task(collector, enforcer, office)
    to_task = enforcer.item("evidence", addition(A, task_id=task["task_id"]))
    to_case = enforcer.item("evidence", addition(B, case_id=task["case_id"]))
    assert enforcer.states(to_task, to_case) == ["applied", "applied"]
    assert shots(office, task["case_id"]) == sorted([(A.sha256, "disposal"), (B.sha256, "disposal")])


def test_photographs_that_are_here_are_shown_to_the_squad_at_once(
    collector: FieldHandset, enforcer: FieldHandset, office: Office
) -> None:
    task = squads_task(collector, enforcer, office)
    collector.upload(A)
    collector.push(collector.item("evidence", addition(A, case_id=task["case_id"])))
    enforcer.pull()
    assert enforcer.mirror["task", task["task_id"]]["photos"] == [{"sha256": A.sha256, "role": "near"}]


def test_a_stranger_is_refused_alike_for_a_known_and_an_unknown_case(
    app: Flask, city: world.World, collector: FieldHandset, office: Office
) -> None:
    case_id = reported(collector)
    stranger = handset_of(app, city, city.town_enforcer)
    known, unknown = stranger.results(
        stranger.item("evidence", addition(A, case_id=case_id)),
        stranger.item("evidence", addition(A, case_id=str(uuid4()))),
    )
    assert (known["state"], slug_of(known["problem"])) == ("quarantined", "forbidden")
    assert known["problem"] == unknown["problem"]
    assert shots(office, case_id) == []


def test_an_item_of_another_handset_is_never_found(app: Flask, city: world.World, collector: FieldHandset) -> None:
    item = collector.item()
    collector.push(item)
    stranger = handset_of(app, city, city.town_enforcer)
    (result,) = stranger.results(stranger.item("evidence", addition(A, item_id=item["id"])))
    assert (result["state"], result["needs"]) == ("waiting", [f"item:{item['id']}"])


def test_after_the_end_photographs_are_kept_as_late_ones(collector: FieldHandset, office: Office) -> None:
    (result,) = collector.results(collector.item("self_handled", self_handled(A, B)))
    late = collector.item("evidence", addition(C, case_id=result["case_id"], note="补拍"))
    assert collector.states(late) == ["applied"]
    case = office.case(result["case_id"])
    assert (case["state"], case["evidence_expected"]) == ("self_handled", 3)
    assert (case["timeline"][-1]["action"], case["timeline"][-1]["reason"]) == ("late_evidence", None)


def test_photographs_before_their_report_wait_and_follow(app: Flask, collector: FieldHandset, office: Office) -> None:
    item = collector.item()
    early = collector.item("evidence", addition(A, item_id=item["id"]))
    (waiting,) = collector.results(early)
    assert (waiting["state"], waiting["needs"]) == ("waiting", [f"item:{item['id']}"])
    (result,) = collector.results(item)
    woken(app)
    assert current(collector, early) == [{"state": "applied", "case_id": result["case_id"]}]
    assert shots(office, result["case_id"]) == [(A.sha256, "report")]


def test_a_batch_whose_numbers_put_the_addition_first_ends_alike(
    app: Flask, collector: FieldHandset, office: Office
) -> None:
    item = collector.item("self_handled", self_handled(A, B), dseq=9)
    early = collector.item("evidence", addition(C, item_id=item["id"]), dseq=8)
    collector.push(early, item)
    woken(app)
    done, added = current(collector, item, early)
    assert added == done
    assert office.case(done["case_id"])["evidence_expected"] == 3


def test_photographs_for_a_task_that_nobody_knows_wait(app: Flask, enforcer: FieldHandset) -> None:
    task_id = str(uuid4())
    item = enforcer.item("evidence", addition(A, task_id=task_id))
    assert enforcer.results(item)[0]["needs"] == [f"task:{task_id}"]
    swept(app)
    assert current(enforcer, item) == [{"state": "waiting", "needs": [f"task:{task_id}"]}]
    assert enforcer.push()["photo_wants"] == []


def test_every_order_of_report_additions_and_answer_ends_alike(
    app: Flask, collector: FieldHandset, office: Office
) -> None:
    ends = set()
    for number, order in enumerate(permutations(range(3))):
        one, two = photo(50 + number), photo(90 + number)
        item = collector.item(payload=report(A))
        items = [
            item,
            collector.item("evidence", addition(one, item_id=item["id"])),
            collector.item("evidence", addition(two, item_id=item["id"])),
        ]
        for place in order:
            collector.push(items[place])
        woken(app)
        outcomes = current(collector, *items)
        assert len({outcome["case_id"] for outcome in outcomes}) == 1
        case = office.case(outcomes[0]["case_id"])
        ends.add((tuple(outcome["state"] for outcome in outcomes), case["state"], case["evidence_expected"]))
    assert ends == {(("applied",) * 3, "reported", 3)}


@pytest.mark.parametrize("kind", ["shift", "task_event"])
def test_an_item_that_opens_no_case_takes_no_photographs(collector: FieldHandset, kind: str) -> None:
    payload = punch("in") if kind == "shift" else answer_to({"task_id": str(uuid4()), "assignment_no": 1}, "done")
    other = collector.item(kind, payload)
    (_, result) = collector.results(other, collector.item("evidence", addition(A, item_id=other["id"])))
    assert (result["state"], list(result["problem"]["errors"])) == ("quarantined", ["payload.item_id"])


@pytest.mark.parametrize(
    ("payload", "names"),
    [
        (addition(A), ["payload.case_id", "payload.item_id", "payload.task_id"]),
        (addition(A, case_id=str(uuid4()), task_id=str(uuid4())), ["payload.case_id", "payload.task_id"]),
        (addition(A, case_id="\0"), ["payload.case_id"]),
        (addition(case_id=str(uuid4())), ["payload.photos"]),
        (addition(A, case_id=str(uuid4())) | {"note": "\ud83d"}, ["payload.note"]),
    ],
)
def test_what_is_wrong_is_named(collector: FieldHandset, payload: dict[str, Any], names: list[str]) -> None:
    (result,) = collector.results(collector.item("evidence", payload))
    assert (result["state"], sorted(result["problem"]["errors"])) == ("quarantined", names)
