"""Field tasks: whom they are shown to, whose answers count, and what is kept of those that do not."""

from itertools import permutations
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from street import Street, declared, sha256_of, street

from server.casework.operations import UnknownTask
from server.db import read
from server.ledger.models import FeedMark
from server.problems import Problem


@pytest.fixture
def town(app: Flask, client: FlaskClient) -> Street:
    return street(app, client)


def squad(squad_id: UUID) -> list[str]:
    return [f"squad:{squad_id}"]


def mark_of(town: Street, scope: str, task_id: UUID) -> tuple[str, str | None]:
    with town.app.app_context():
        row = read(lambda session: session.get(FeedMark, (scope, "task", task_id)))
    assert row is not None
    return row.version, row.reason


def test_a_dispatched_task_is_shown_to_the_squad_and_to_nobody_else(town: Street) -> None:
    case_id, task_id = town.dispatched("near")
    town.upload("near")
    seen = town.seen(squad(town.city.street_squad_id), "task", task_id)
    assert seen is not None
    version, task = seen
    assert mark_of(town, f"squad:{town.city.street_squad_id}", task_id) == (version, None)
    assert task == {
        "task_id": str(task_id),
        "case_id": str(case_id),
        "case_no": town.case(case_id)["case_no"],
        "task_kind": "disposal",
        "assignment_no": 1,
        "status": "assigned",
        "category": {"scheme": "gbt30428_2_2013", "code": "0110"},
        "description": "垃圾堆放在路边",
        "position": {"lon": 123.5012, "lat": 30.4987, "crs": "wgs84"},
        "address": None,
        "instructions": None,
        "due_at": None,
        "grid_code": None,
        "squad_id": str(town.city.street_squad_id),
        "officer_id": None,
        "photos": [{"sha256": sha256_of("near"), "role": "near"}],
    }
    for stranger in (squad(town.city.town_squad_id), [f"officer:{town.city.collector.id}"], []):
        assert town.seen(stranger, "task", task_id) is None


def test_the_reporter_sees_the_case_with_what_is_still_missing(town: Street) -> None:
    case_id = town.report("near", "far")
    mine = [f"officer:{town.city.collector.id}"]
    assert town.seen(mine, "case", case_id)[1]["missing_photos"] == [sha256_of("near"), sha256_of("far")]
    before = town.seen(mine, "case", case_id)[0]
    town.upload("near")
    after, data = town.seen(mine, "case", case_id)
    assert data["missing_photos"] == [sha256_of("far")]
    assert after != before
    assert town.seen([f"officer:{town.city.enforcer.id}"], "case", case_id) is None


def test_the_same_end_whatever_order_a_squads_answers_arrive_in(town: Street) -> None:
    ends = set()
    for number, order in enumerate(permutations(["accepted", "started", "done"])):
        case_id, task_id = town.dispatched()
        for event in order:
            photos = declared(f"after {number}", role="after") if event == "done" else ()
            assert town.answer(task_id, event, photos=photos).effective
        page = town.case(case_id)
        ends.add((page["state"], page["tasks"][0]["status"], page["evidence_expected"]))
    assert ends == {("disposed", "done", 1)}


def test_an_answer_to_an_earlier_assignment_keeps_its_evidence_but_changes_nothing(town: Street) -> None:
    case_id, task_id = town.dispatched()
    town.answer(task_id, "declined")
    town.act(case_id, "dispatch", squad_id=town.city.town_squad_id)
    verdict = town.answer(task_id, "done", assignment_no=1, photos=declared("late", role="after"))
    assert (verdict.effective, verdict.superseded_slug) == (False, "task-reassigned")
    page = town.case(case_id)
    assert (page["state"], page["tasks"][0]["status"]) == ("dispatched", "assigned")
    assert page["timeline"][-1]["action"] == "late_answer"
    assert [shot["sha256"] for shot in page["evidence"]] == [sha256_of("late")]


def test_reassigning_takes_the_task_off_the_old_handset_with_its_reason(town: Street) -> None:
    case_id, task_id = town.dispatched()
    town.answer(task_id, "done", photos=declared("after", role="after"))
    town.act(case_id, "send_check")
    town.act(case_id, "redo", reason="other squad", squad_id=town.city.town_squad_id)
    assert town.seen(squad(town.city.street_squad_id), "task", task_id) is None
    assert mark_of(town, f"squad:{town.city.street_squad_id}", task_id)[1] == "reassigned"
    version, data = town.seen(squad(town.city.town_squad_id), "task", task_id)
    assert data["assignment_no"] == 2
    assert mark_of(town, f"squad:{town.city.town_squad_id}", task_id) == (version, None)


def test_closing_takes_all_tasks_off_the_handsets(town: Street) -> None:
    case_id, task_id = town.dispatched()
    town.answer(task_id, "done", photos=declared("after", role="after"))
    town.upload("after", handset=town.enforcer)
    town.act(case_id, "send_check")
    check = town.task(case_id, "disposal_check")
    reporter = f"officer:{town.city.collector.id}"
    assert town.seen([reporter], "task", check) is not None
    assert town.act(case_id, "close", reason="seen").status_code == 200
    assert town.seen([reporter], "task", check) is None
    assert town.seen(squad(town.city.street_squad_id), "task", task_id) is None
    assert mark_of(town, reporter, check)[1] == "closed"
    assert mark_of(town, f"squad:{town.city.street_squad_id}", task_id)[1] == "closed"
    late = town.answer(check, "done", result="failed", who=town.city.collector)
    assert late.superseded_slug == "task-withdrawn"
    assert town.case(case_id)["check_result"] is None


def test_an_unknown_task_makes_the_item_wait(town: Street) -> None:
    task_id = uuid4()
    with pytest.raises(UnknownTask) as unknown:
        town.answer(task_id, "done")
    assert unknown.value.task_id == task_id


@pytest.mark.parametrize("who", ["town_enforcer", "collector"])
def test_a_task_that_was_never_given_to_them_does_not_exist_for_them(town: Street, who: str) -> None:
    case_id, task_id = town.dispatched()
    with pytest.raises(UnknownTask):
        town.answer(task_id, "done", who=getattr(town.city, who), photos=declared("mine", role="after"))
    assert town.case(case_id)["evidence"] == []


def test_nobody_answers_a_round_that_was_never_given_to_them(town: Street) -> None:
    case_id, task_id = town.dispatched()
    photos = declared("mine", role="after")
    with pytest.raises(Problem) as refused:
        town.answer(task_id, "done", who=town.city.enforcer, assignment_no=2, photos=photos)
    assert refused.value.slug == "forbidden"
    assert town.case(case_id)["evidence"] == []


def test_a_finished_check_must_say_its_result(town: Street) -> None:
    case_id, task_id = town.dispatched()
    town.answer(task_id, "done")
    town.act(case_id, "send_check")
    check = town.task(case_id, "disposal_check")
    with pytest.raises(Problem) as refused:
        town.answer(check, "done", who=town.city.collector)
    assert list(refused.value.members["errors"]) == ["result"]


def test_a_task_shows_only_photographs_that_their_sender_really_had(town: Street) -> None:
    """Whoever knows a stranger's hash could otherwise declare it and read the bytes through the task."""
    town.upload("a stranger's", handset=town.enforcer)
    case_id, task_id = town.dispatched("a stranger's")
    # Nor does a hash that somebody else uploaded count as evidence, or ask for nothing any more.
    assert town.case(case_id)["evidence_present"] == 0
    assert town.seen(squad(town.city.street_squad_id), "task", task_id)[1]["photos"] == []
    town.upload("a stranger's")
    assert town.case(case_id)["evidence_present"] == 1
    assert len(town.seen(squad(town.city.street_squad_id), "task", task_id)[1]["photos"]) == 1
