"""Dispatching: the matrix proposes units, the nearest collector is named, tasks are ordered and given to others."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import world
from flask import Flask
from support.crowd import SCHEME, Seen, case_of, seen_by, settled
from support.field import FieldHandset, answer_to, handset_of, photo
from support.kinds import punch
from support.office import Office

from server.clock import now

Call = Callable[..., Any]


@pytest.fixture
def call(app: Flask, office: Office) -> Call:
    """Return a caller of the API: method, path, body, as whom (the dispatcher)."""

    def ask(method: str, path: str, body: dict[str, Any] | None = None, person: world.Person | None = None) -> Any:  # noqa: ANN401 (the client's answer)
        headers = office.headers_of(person or office.city.dispatcher)
        return app.test_client().open(f"/api/v1{path}", method=method, json=body, headers=headers)

    return ask


def entry(city: world.World, **changed: object) -> dict[str, Any]:
    return {
        "agency_id": str(city.city_id),
        "scheme": SCHEME,
        "code": "01",
        "lead_squad_id": str(city.street_squad_id),
        "basis": "澄城管发〔2026〕1号",
        "valid_from": "2026-01-01",
        **changed,
    }


def test_the_matrix_proposes_units_and_the_class_wins_over_the_major_class(
    app: Flask, city: world.World, collector: FieldHandset, call: Call
) -> None:
    assert call("POST", "/responsibilities", entry(city)).status_code == 201
    special = entry(
        city, code="0110", lead_squad_id=str(city.town_squad_id), assisting=[str(city.street_squad_id)], basis="专项"
    )
    assert call("POST", "/responsibilities", special).status_code == 201
    waste, other = seen_by(collector, Seen(0)), seen_by(collector, Seen(900, code="0111"))
    collector.push(waste, other)
    proposed = call("GET", f"/cases/{case_of(app, waste)}/proposals").json["units"]
    assert [(one["squad_id"], one["role"], one["basis"], one["refused"]) for one in proposed] == [
        (str(city.town_squad_id), "lead", "专项", False),
        (str(city.street_squad_id), "assisting", "专项", False),
    ]
    (only,) = call("GET", f"/cases/{case_of(app, other)}/proposals").json["units"]
    assert only["squad_id"] == str(city.street_squad_id)


def test_a_new_entry_ends_the_former_and_the_past_is_not_rewritten(city: world.World, call: Call) -> None:
    assert call("POST", "/responsibilities", entry(city)).status_code == 201
    later = entry(city, valid_from="2026-06-01", lead_squad_id=str(city.town_squad_id))
    assert call("POST", "/responsibilities", later).status_code == 201
    spans = [(row["valid_from"], row["valid_to"]) for row in call("GET", "/responsibilities").json["entries"]]
    assert spans == [("2026-01-01", "2026-05-31"), ("2026-06-01", None)]
    (in_may,) = call("GET", "/responsibilities?on=2026-05-31").json["entries"]
    assert in_may["lead_squad_id"] == str(city.street_squad_id)
    refused = call("POST", "/responsibilities", entry(city, valid_from="2026-03-01"))
    assert refused.status_code == 422
    assert "valid_from" in refused.json["errors"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"basis": "  "}, "basis"),
        ({"lead_squad_id": "01a20000-0000-7000-8000-000000000000"}, "lead_squad_id"),
        ({"assisting": ["01a20000-0000-7000-8000-000000000000"]}, "assisting"),
        ({"code": "0" * 17}, "code"),
        ({"valid_from": "gestern"}, "valid_from"),
    ],
    ids=["basis", "lead", "assisting", "code", "day"],
)
def test_a_wrong_entry_is_refused_with_its_field(
    city: world.World, call: Call, changed: dict[str, Any], field: str
) -> None:
    refused = call("POST", "/responsibilities", entry(city, **changed))
    assert refused.status_code == 422
    assert field in refused.json["errors"]
    assert call("GET", "/responsibilities").json["entries"] == []


def test_the_matrix_is_changed_in_ones_own_scope_only(city: world.World, call: Call) -> None:
    assert call("POST", "/responsibilities", entry(city), city.town_dispatcher).status_code == 404
    assert call("POST", "/responsibilities", entry(city), city.reviewer).status_code == 403
    made = call("POST", "/responsibilities", entry(city)).json["id"]
    end = {"valid_to": "2026-12-31"}
    assert call("POST", f"/responsibilities/{made}/end", end, city.town_dispatcher).status_code == 404
    assert call("POST", f"/responsibilities/{made}/end", {"valid_to": "2025-12-31"}).status_code == 422
    assert call("POST", f"/responsibilities/{made}/end", end).status_code == 204


def test_a_unit_that_returned_a_case_is_marked_and_the_determination_goes_into_the_matrix(
    office: Office, collector: FieldHandset, enforcer: FieldHandset, call: Call
) -> None:
    app, city = office.app, office.city
    call("POST", "/responsibilities", entry(city))
    found = seen_by(collector, Seen(0))
    collector.push(found)
    case_id = case_of(app, found)
    office.dispatch(case_id)
    enforcer.pull()
    (task,) = enforcer.tasks()
    enforcer.push(enforcer.item("task_event", answer_to(task, "declined", note="不属于我中队")))
    assert office.case(case_id)["state"] == "returned"
    (proposed,) = call("GET", f"/cases/{case_id}/proposals").json["units"]
    assert proposed["refused"] is True
    decided = {"lead_squad_id": str(city.town_squad_id), "basis": "城管委办会议纪要3号"}
    assert call("POST", f"/cases/{case_id}/determination", decided, city.reviewer).status_code == 403
    assert call("POST", f"/cases/{case_id}/determination", decided).status_code == 204
    (proposed,) = call("GET", f"/cases/{case_id}/proposals").json["units"]
    assert (proposed["squad_id"], proposed["basis"]) == (str(city.town_squad_id), "城管委办会议纪要3号")
    assert "determine" in [line["action"] for line in office.case(case_id)["timeline"]]


def test_the_nearest_collector_on_shift_is_proposed_first(
    app: Flask, city: world.World, collector: FieldHandset, call: Call
) -> None:
    found = seen_by(collector, Seen(0))
    collector.push(found)
    path = f"/cases/{case_of(app, found)}/proposals"
    (idle,) = call("GET", path).json["collectors"]
    assert (idle["officer_id"], idle["on_shift"], idle["distance_m"]) == (str(city.collector.id), False, None)
    here = {"lon": 123.5, "lat": 30.5009, "crs": "wgs84", "accuracy_m": 8.0}
    collector.push(collector.item("shift", punch("in", position=here)))
    (busy,) = call("GET", path).json["collectors"]
    assert busy["on_shift"] is True
    assert busy["distance_m"] == pytest.approx(100, abs=1)
    collector.push(collector.item("shift", punch("out")))
    (home,) = call("GET", path).json["collectors"]
    assert (home["on_shift"], home["distance_m"]) == (False, None)


def test_a_patrol_reaches_the_handset_with_its_words_and_is_answered(
    city: world.World, enforcer: FieldHandset, call: Call
) -> None:
    due = (now() + timedelta(hours=4)).isoformat()
    order = {"kind": "patrol", "squad_id": str(city.street_squad_id), "instructions": "巡查夜市", "due_at": due}
    made = call("POST", "/tasks", order)
    assert made.status_code == 201, made.text
    enforcer.pull()
    (task,) = enforcer.tasks()
    assert (task["task_kind"], task["instructions"]) == ("patrol", "巡查夜市")
    for event in ("accepted", "started", "done"):
        assert enforcer.states(enforcer.item("task_event", answer_to(task, event))) == ["applied"]
    (row,) = call("GET", "/tasks").json["items"]
    assert (row["id"], row["status"], row["accepted_by"]) == (made.json["id"], "done", str(city.enforcer.id))


def test_of_a_squad_one_member_picks_a_task_up(
    app: Flask, city: world.World, enforcer: FieldHandset, call: Call
) -> None:
    mate = handset_of(app, city, city.squad_mate)
    call("POST", "/tasks", {"kind": "patrol", "squad_id": str(city.street_squad_id), "instructions": "巡查"})
    for handset in (enforcer, mate):
        handset.pull()
    (task,) = enforcer.tasks()
    assert enforcer.states(enforcer.item("task_event", answer_to(task, "accepted"))) == ["applied"]
    (late,) = mate.results(mate.item("task_event", answer_to(task, "accepted")))
    assert (late["state"], late["problem"]["type"].rsplit("/", 1)[-1]) == ("superseded", "task-taken")


def test_a_revisit_is_of_a_closed_case_only(
    app: Flask, city: world.World, office: Office, collector: FieldHandset, call: Call
) -> None:
    found = seen_by(collector, Seen(0))
    collector.push(found)
    case_id = case_of(app, found)
    order = {"kind": "revisit", "officer_id": str(city.collector.id), "case_id": case_id, "instructions": "回访"}
    refused = call("POST", "/tasks", order)
    assert (refused.status_code, refused.json["state"]) == (409, "reported")
    office.force_closed(case_id)
    made = call("POST", "/tasks", order)
    assert made.status_code == 201, made.text
    collector.pull()
    (task,) = collector.tasks()
    assert (task["task_kind"], task["case_id"]) == ("revisit", case_id)
    done = collector.item("task_event", answer_to(task, "done", photo(3), result="passed", note="未反弹"))
    assert collector.states(done) == ["applied"]
    assert office.case(case_id)["state"] == "forced_closed"


def test_a_task_given_to_somebody_else_leaves_the_old_handset_and_its_late_answer_is_kept(
    office: Office, collector: FieldHandset, enforcer: FieldHandset, call: Call
) -> None:
    app, city = office.app, office.city
    town = handset_of(app, city, city.town_enforcer)
    found = seen_by(collector, Seen(0))
    collector.push(found)
    case_id = case_of(app, found)
    office.dispatch(case_id)
    enforcer.pull()
    (task,) = enforcer.tasks()
    body = {"squad_id": str(city.town_squad_id), "reason": "辖区调整"}
    assert call("POST", f"/tasks/{task['task_id']}/reassign", body).status_code == 204
    done = enforcer.item("task_event", answer_to(task, "done", photo(2)))
    (late,) = enforcer.results(done)
    assert (late["state"], late["problem"]["type"].rsplit("/", 1)[-1]) == ("superseded", "task-reassigned")
    enforcer.pull()
    assert enforcer.tasks() == []
    assert enforcer.drops[-1]["reason"] == "reassigned"
    town.pull()
    (mine,) = town.tasks()
    assert mine["assignment_no"] == task["assignment_no"] + 1
    case = office.case(case_id)
    assert (case["state"], case["squad_id"]) == ("dispatched", str(city.town_squad_id))
    assert any(line["action"] == "reassign" and line["reason"] == "辖区调整" for line in case["timeline"])


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({"kind": "patrol", "instructions": "巡查"}, "officer_id"),
        ({"kind": "patrol", "squad_id": "street"}, "instructions"),
        ({"kind": "revisit", "squad_id": "street"}, "case_id"),
        ({"kind": "patrol", "squad_id": "street", "instructions": "x", "due_at": "2020-01-01T00:00:00Z"}, "due_at"),
        ({"kind": "disposal", "squad_id": "street", "instructions": "x"}, "kind"),
        ({"kind": "patrol", "officer_id": "dispatcher", "instructions": "x"}, "officer_id"),
    ],
    ids=["nobody", "nothing", "no case", "past", "kind", "no field officer"],
)
def test_a_wrong_order_is_refused_with_its_field(
    city: world.World, call: Call, order: dict[str, str], field: str
) -> None:
    ids = {"street": str(city.street_squad_id), "dispatcher": str(city.dispatcher.id)}
    refused = call("POST", "/tasks", {name: ids.get(value, value) for name, value in order.items()})
    assert refused.status_code == 422, refused.text
    assert field in refused.json["errors"]
    assert call("GET", "/tasks").json["items"] == []


def test_only_ordered_tasks_are_withdrawn(
    office: Office, collector: FieldHandset, enforcer: FieldHandset, call: Call
) -> None:
    app, city = office.app, office.city
    found = seen_by(collector, Seen(0))
    collector.push(found)
    office.dispatch(case_of(app, found))
    made = call("POST", "/tasks", {"kind": "patrol", "squad_id": str(city.street_squad_id), "instructions": "巡查"})
    enforcer.pull()
    by_kind = {task["task_kind"]: task["task_id"] for task in enforcer.tasks()}
    assert call("POST", f"/tasks/{by_kind['disposal']}/withdraw", {"reason": "x"}).status_code == 422
    assert call("POST", f"/tasks/{made.json['id']}/withdraw", {"reason": "下雨"}).status_code == 204
    enforcer.pull()
    assert [task["task_kind"] for task in enforcer.tasks()] == ["disposal"]
    assert call("POST", f"/tasks/{made.json['id']}/withdraw", {"reason": "x"}).status_code == 409
    settled(app)
