"""Scopes: no answer to a handset holds anything that its officer may not see at that moment."""

from typing import Any

import pytest
import world
from flask import Flask
from sqlalchemy import select
from support.field import FieldHandset, answer_to, handset_of, photo, refused, report, slug_of
from support.office import Office

from server.casework.models import TaskEvent


@pytest.fixture
def stranger(app: Flask, city: world.World) -> FieldHandset:
    """Return the handset of an officer of the other town."""
    return handset_of(app, city, city.town_enforcer)


def reported(collector: FieldHandset, *seeds: int) -> str:
    photos = [photo(seed) for seed in seeds]
    (result,) = collector.results(collector.item(payload=report(*photos)))
    collector.upload(*photos)
    case_id: str = result["case_id"]
    return case_id


def dispatched(collector: FieldHandset, enforcer: FieldHandset, office: Office) -> dict[str, Any]:
    """Report and dispatch a case; return the squad's task."""
    office.dispatch(reported(collector, 1))
    enforcer.pull()
    (task,) = enforcer.tasks()
    return task


def checking(enforcer: FieldHandset, office: Office, task: dict[str, Any]) -> None:
    """Dispose of the case and send it to the check."""
    enforcer.upload(photo(2))
    assert enforcer.states(enforcer.item("task_event", answer_to(task, "done", photo(2)))) == ["applied"]
    office.act(task["case_id"], "send_check")


def heard(handset: FieldHandset) -> str:
    """Return everything that the server says to a handset that pulls from the beginning and pushes something."""
    answer = handset.post(handset.envelope([handset.item()], pull={"cursor": None}))
    return handset.ask_page().text + answer.text


def test_nothing_of_a_squad_is_told_to_another(
    collector: FieldHandset, enforcer: FieldHandset, stranger: FieldHandset, office: Office
) -> None:
    task = dispatched(collector, enforcer, office)
    told = heard(stranger)
    for secret in (task["task_id"], task["case_id"], task["case_no"], photo(1).sha256):
        assert secret not in told
        assert secret in enforcer.ask_page().text
    assert task["task_id"] not in heard(collector)


def test_every_member_of_the_squad_sees_the_task(
    app: Flask, city: world.World, collector: FieldHandset, enforcer: FieldHandset, office: Office
) -> None:
    task = dispatched(collector, enforcer, office)
    mate = handset_of(app, city, city.squad_mate)
    mate.pull()
    assert mate.tasks() == [task]


def test_a_reassigned_task_leaves_the_one_squad_with_its_reason_and_reaches_the_other(
    collector: FieldHandset, enforcer: FieldHandset, stranger: FieldHandset, office: Office, city: world.World
) -> None:
    task = dispatched(collector, enforcer, office)
    checking(enforcer, office, task)
    office.act(task["case_id"], "redo", reason="half of it is still there", squad_id=str(city.town_squad_id))
    enforcer.pull()
    assert enforcer.tasks() == []
    assert [(drop["id"], drop["reason"]) for drop in enforcer.drops] == [(task["task_id"], "reassigned")]
    stranger.pull()
    (now_theirs,) = stranger.tasks()
    assert (now_theirs["task_id"], now_theirs["assignment_no"], now_theirs["status"]) == (
        task["task_id"],
        2,
        "assigned",
    )


def test_an_answer_to_a_round_that_was_taken_away_is_kept_without_effect(
    collector: FieldHandset, enforcer: FieldHandset, office: Office, city: world.World
) -> None:
    task = dispatched(collector, enforcer, office)
    checking(enforcer, office, task)
    office.act(task["case_id"], "redo", reason="again", squad_id=str(city.town_squad_id))
    late = enforcer.item("task_event", answer_to(task, "started", photo(3)))
    (result,) = enforcer.results(late)
    assert (result["state"], slug_of(result["problem"])) == ("superseded", "task-reassigned")
    assert result["missing_photos"] == [photo(3).sha256]
    enforcer.upload(photo(3))
    case = office.case(task["case_id"])
    assert case["state"] == "rework"
    assert photo(3).sha256 in {piece["sha256"] for piece in case["evidence"]}
    assert enforcer.results(late)[0]["current"]["state"] == "superseded"


def test_a_closed_case_leaves_the_squads_handsets(
    collector: FieldHandset, enforcer: FieldHandset, office: Office
) -> None:
    task = dispatched(collector, enforcer, office)
    checking(enforcer, office, task)
    collector.pull()
    (check,) = collector.tasks()
    done = answer_to(check, "done", result="passed")
    assert collector.states(collector.item("task_event", done)) == ["applied"]
    office.act(task["case_id"], "close")
    enforcer.pull()
    collector.pull()
    assert (enforcer.tasks(), collector.tasks()) == ([], [])
    assert enforcer.drops[-1]["reason"] == "closed"
    assert [data["state"] for data in collector.mirror.values()] == ["closed"]


def test_an_answer_to_another_towns_task_waits_as_if_there_were_none(
    collector: FieldHandset, enforcer: FieldHandset, stranger: FieldHandset, office: Office
) -> None:
    task = dispatched(collector, enforcer, office)
    (result,) = stranger.results(stranger.item("task_event", answer_to(task, "done", photo(4))))
    assert (result["state"], result["needs"]) == ("waiting", [f"task:{task['task_id']}"])
    for secret in (task["case_id"], task["case_no"], str(enforcer.enrolled.officer_id)):
        assert secret not in str(result)
    assert "missing_photos" not in result
    assert office.case(task["case_id"])["state"] == "dispatched"
    assert office.rows(lambda session: session.scalars(select(TaskEvent)).all()) == []


def test_an_answer_to_a_round_that_never_was_is_quarantined(
    collector: FieldHandset, enforcer: FieldHandset, office: Office
) -> None:
    task = dispatched(collector, enforcer, office)
    (result,) = enforcer.results(enforcer.item("task_event", answer_to(task, "done", assignment_no=2)))
    assert (result["state"], slug_of(result["problem"])) == ("quarantined", "forbidden")
    assert office.case(task["case_id"])["state"] == "dispatched"


def test_sending_anothers_item_or_id_tells_nothing_of_it(
    collector: FieldHandset, stranger: FieldHandset, office: Office
) -> None:
    theirs = collector.item(payload=report(photo(5)))
    (first,) = collector.results(theirs)
    for copy, becomes in ((theirs, "quarantined"), (stranger.item(id=theirs["id"]), "applied")):
        answer = stranger.push(copy)
        (result,) = answer["results"]
        assert result["state"] == becomes
        for secret in (first["case_id"], photo(5).sha256):
            assert secret not in str(answer)
    assert collector.results(theirs)[0]["current"]["case_id"] == first["case_id"]
    assert len(office.cases()) == 2, "an id is a name within one install"


def test_a_handset_is_asked_only_for_its_own_photos(collector: FieldHandset, stranger: FieldHandset) -> None:
    assert collector.push(collector.item(payload=report(photo(6))))["photo_wants"]
    wants = stranger.push(stranger.item(payload=report(photo(7))))["photo_wants"]
    assert [want["sha256"] for want in wants] == [photo(7).sha256]


def test_the_quarantine_shows_each_administrator_the_own_agencies_only(
    collector: FieldHandset, stranger: FieldHandset, office: Office, city: world.World
) -> None:
    street, town = collector.item(payload={}), stranger.item(payload={})
    collector.push(street)
    stranger.push(town)
    assert {item["id"] for item in office.quarantine()} == {street["id"], town["id"]}
    assert [item["id"] for item in office.quarantine(city.town_admin)] == [town["id"]]
    (held,) = [item for item in office.quarantine() if item["id"] == street["id"]]
    headers = office.headers_of(city.town_admin)
    found = office.app.test_client().get(f"/api/v1/quarantine/{held['row_id']}", headers=headers)
    assert found.status_code == 404


def test_a_photograph_that_another_handset_declares_under_the_same_item_id_proves_nothing(
    collector: FieldHandset, enforcer: FieldHandset, office: Office
) -> None:
    task = dispatched(collector, enforcer, office)
    done = enforcer.item("task_event", answer_to(task, "done"))
    assert enforcer.states(done) == ["applied"]
    forged = report() | {"photos": [photo(9).declared("after")]}
    collector.upload(photo(9))
    assert collector.states(collector.item(payload=forged, id=done["id"])) == ["applied"]
    office.act(task["case_id"], "send_check")
    asked = {"action": "close", "reason": "trust me"}
    path = f"/api/v1/cases/{task['case_id']}/actions"
    told = office.app.test_client().post(path, json=asked, headers=office.headers_of(office.city.dispatcher))
    assert refused(told, 409, "evidence-missing").get("missing", []) == []
