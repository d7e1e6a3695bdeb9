"""The quarantine desk: repair, replay, discard by two people; originals never change, every outcome is told."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
import world
from console import console
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from support.field import FieldHandset, Item, answer_to, photo, report, sealed_item, slug_of
from support.kinds import addition, current, punch, swept, walk, woken
from support.office import Office
from werkzeug.test import TestResponse

from server.db import transact
from server.gateway.models import ItemDecision
from server.identity.models import Officer
from server.ledger.models import CustodyEvent

A = photo(1)
REASON = "看过手机上的原文"


def held_item(handset: FieldHandset, **changed: object) -> tuple[Item, str]:
    """Send a report without its category; return it and the text that it should have had."""
    broken = report(A)
    del broken["category"]
    document = handset.document(payload=broken)
    item = sealed_item(document, handset.sign)
    assert handset.states(item) == ["quarantined"]
    return item, json.dumps(document | {"payload": report(A, **changed)}, ensure_ascii=False)


def row_of(handset: FieldHandset, item: Item) -> str:
    return f"{handset.enrolled.install_id}.{item['id']}.{item['h']}"


def asked(
    office: Office, row_id: str, step: str, person: world.Person | None = None, **members: object
) -> TestResponse:
    headers = office.headers_of(person or office.city.admin)
    body = {"reason": REASON, **members}
    return office.app.test_client().post(f"/api/v1/quarantine/{row_id}/{step}", json=body, headers=headers)


def done(response: TestResponse) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json
    return found


def refused(response: TestResponse) -> tuple[int, str]:
    return response.status_code, slug_of(response.json)


def raw(office: Office, row_id: str) -> dict[str, Any]:
    headers = office.headers_of(office.city.admin)
    return done(office.app.test_client().get(f"/api/v1/quarantine/{row_id}", headers=headers))


def custody(session: Session) -> list[tuple[str, str]]:
    rows = session.scalars(select(CustodyEvent).where(CustodyEvent.subject_kind == "item").order_by(CustodyEvent.id))
    return [(row.kind, row.subject_id) for row in rows]


def only_admin(app: Flask, city: world.World) -> None:
    """Let the city's first administrator be the only one."""
    with app.app_context():
        others = update(Officer).where(Officer.id == city.second_admin.id).values(active=False)
        transact(lambda session: session.execute(others))


def test_a_repaired_text_takes_effect_and_the_original_stays(collector: FieldHandset, office: Office) -> None:
    item, text = held_item(collector, description="补全类别")
    row_id = row_of(collector, item)
    collector.pull()
    answer = done(asked(office, row_id, "repair", body=text))
    assert (answer["state"], answer["row_id"]) == ("applied", row_id)
    case = office.case(answer["members"]["case_id"])
    assert (case["description"], case["evidence_expected"]) == ("补全类别", 1)
    kept = raw(office, row_id)
    assert (kept["body"], kept["item"]["fingerprint"]) == (item["body"], item["h"])
    assert [(one["revision"], one["body"]) for one in kept["revisions"]] == [(1, text)]
    assert [(one["action"], one["reason"]) for one in kept["decisions"]] == [("repaired", REASON)]
    assert office.rows(custody) == [("item_repaired", item["id"])]
    assert office.quarantine() == []
    # The handset is told, by receipt and when it sends the item again.
    collector.pull()
    assert collector.mirror["receipt", item["id"]]["state"] == "applied"
    assert current(collector, item) == [{"state": "applied", "case_id": answer["members"]["case_id"]}]


def test_a_repair_that_is_still_wrong_leaves_the_item_and_says_why(collector: FieldHandset, office: Office) -> None:
    item, text = held_item(collector)
    row_id = row_of(collector, item)
    document = json.loads(text)
    document["payload"]["position"]["lon"] = 200
    answer = done(asked(office, row_id, "repair", body=json.dumps(document)))
    assert (answer["state"], list(answer["members"]["problem"]["errors"])) == (
        "quarantined",
        ["payload.position.lon"],
    )
    assert done(asked(office, row_id, "repair", body=text))["state"] == "applied"
    assert [one["revision"] for one in raw(office, row_id)["revisions"]] == [1, 2]
    assert len(office.cases()) == 1


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        ("{", "not-an-item"),
        ("[]", "not-an-item"),
        (" ", "validation"),
        ("x" * 300_000, "validation"),
        ("\ud83d", "validation"),
    ],
)
def test_a_text_that_is_no_item_is_refused_and_not_kept(
    collector: FieldHandset, office: Office, body: str, slug: str
) -> None:
    item, _ = held_item(collector)
    row_id = row_of(collector, item)
    assert refused(asked(office, row_id, "repair", body=body)) == (422, slug)
    kept = raw(office, row_id)
    assert (kept["revisions"], kept["decisions"], kept["item"]["state"]) == ([], [], "quarantined")


def test_a_repaired_item_may_wait_and_is_woken_as_it_was_repaired(
    app: Flask, collector: FieldHandset, office: Office
) -> None:
    parent = collector.item()
    document = collector.document("evidence", addition(A, item_id="no id"))
    item = sealed_item(document, collector.sign)
    collector.push(item)
    text = json.dumps(document | {"payload": addition(A, item_id=parent["id"])})
    answer = done(asked(office, row_of(collector, item), "repair", body=text))
    assert (answer["state"], answer["members"]["needs"]) == ("waiting", [f"item:{parent['id']}"])
    swept(app)
    assert current(collector, item)[0]["state"] == "waiting"
    collector.push(parent)
    woken(app)
    assert current(collector, item) == current(collector, parent)


def test_replaying_applies_what_the_world_allows_now(
    collector: FieldHandset, enforcer: FieldHandset, office: Office
) -> None:
    (result,) = collector.results(collector.item())
    item = enforcer.item("evidence", addition(A, case_id=result["case_id"]))
    assert enforcer.states(item) == ["quarantined"]
    office.dispatch(result["case_id"])
    assert done(asked(office, row_of(enforcer, item), "replay"))["state"] == "applied"
    assert current(enforcer, item)[0]["state"] == "applied"
    assert office.case(result["case_id"])["evidence_expected"] == 1


def test_replaying_an_item_that_is_still_wrong_changes_nothing_but_is_kept(
    collector: FieldHandset, office: Office
) -> None:
    item, _ = held_item(collector)
    row_id = row_of(collector, item)
    answer = done(asked(office, row_id, "replay"))
    assert (answer["state"], list(answer["members"]["problem"]["errors"])) == ("quarantined", ["payload.category"])
    assert [one["action"] for one in raw(office, row_id)["decisions"]] == ["replayed"]
    assert office.cases() == []


def test_discarding_needs_two_people(collector: FieldHandset, office: Office, city: world.World) -> None:
    item, _ = held_item(collector)
    row_id = row_of(collector, item)
    collector.pull()
    assert refused(asked(office, row_id, "discard/confirm")) == (409, "discard-not-proposed")
    assert done(asked(office, row_id, "discard"))["state"] == "quarantined"
    assert refused(asked(office, row_id, "discard", city.second_admin)) == (409, "stale-version")
    assert refused(asked(office, row_id, "discard/confirm")) == (403, "second-person-needed")
    answer = done(asked(office, row_id, "discard/confirm", city.second_admin))
    assert (answer["state"], slug_of(answer["members"]["problem"])) == ("superseded", "item-discarded")
    kept = raw(office, row_id)
    assert [(one["action"], one["single_person"]) for one in kept["decisions"]] == [
        ("discard_proposed", False),
        ("discarded", False),
    ]
    assert kept["body"] == item["body"]
    assert office.quarantine() == []
    collector.pull()
    assert collector.mirror["receipt", item["id"]]["state"] == "superseded"
    assert refused(asked(office, row_id, "replay")) == (409, "stale-version")


def test_one_person_alone_may_discard_only_where_nobody_else_could(
    app: Flask, collector: FieldHandset, office: Office, city: world.World
) -> None:
    item, _ = held_item(collector)
    row_id = row_of(collector, item)
    done(asked(office, row_id, "discard"))
    assert refused(asked(office, row_id, "discard/confirm")) == (403, "second-person-needed")
    only_admin(app, city)
    assert done(asked(office, row_id, "discard/confirm"))["state"] == "superseded"
    assert raw(office, row_id)["decisions"][-1]["single_person"] is True


def test_a_proposal_can_be_taken_back_and_any_other_step_answers_it(
    collector: FieldHandset, office: Office, city: world.World
) -> None:
    item, _ = held_item(collector)
    row_id = row_of(collector, item)
    done(asked(office, row_id, "discard"))
    done(asked(office, row_id, "discard/withdraw", city.second_admin))
    assert refused(asked(office, row_id, "discard/confirm", city.second_admin)) == (409, "discard-not-proposed")
    done(asked(office, row_id, "discard"))
    done(asked(office, row_id, "replay", city.second_admin))
    assert refused(asked(office, row_id, "discard/confirm", city.second_admin)) == (409, "discard-not-proposed")


def test_what_waits_for_a_discarded_item_is_told(
    app: Flask, collector: FieldHandset, office: Office, city: world.World
) -> None:
    item, _ = held_item(collector)
    child = collector.item("evidence", addition(A, item_id=item["id"]))
    assert collector.states(child) == ["waiting"]
    done(asked(office, row_of(collector, item), "discard"))
    done(asked(office, row_of(collector, item), "discard/confirm", city.second_admin))
    woken(app)
    (now,) = current(collector, child)
    assert (now["state"], list(now["problem"]["errors"])) == ("quarantined", ["payload.item_id"])


def test_the_second_content_of_an_id_takes_no_effect_but_can_be_discarded(
    collector: FieldHandset, office: Office, city: world.World
) -> None:
    item = collector.item()
    twin = collector.item(id=item["id"], payload=report(description="另一份内容"))
    # One after the other: of two in one batch, the smaller fingerprint is first.
    assert [*collector.states(item), *collector.states(twin)] == ["applied", "conflict"]
    row_id = row_of(collector, twin)
    assert refused(asked(office, row_id, "replay")) == (409, "item-conflict")
    assert refused(asked(office, row_id, "repair", body=item["body"])) == (409, "item-conflict")
    done(asked(office, row_id, "discard"))
    assert done(asked(office, row_id, "discard/confirm", city.second_admin))["state"] == "superseded"
    assert current(collector, item)[0]["state"] == "applied"
    assert len(office.cases()) == 1


def test_of_two_desks_the_slower_is_told(collector: FieldHandset, office: Office, city: world.World) -> None:
    item, text = held_item(collector)
    row_id = row_of(collector, item)
    seen = raw(office, row_id)["seen"]
    done(asked(office, row_id, "replay", seen=seen))
    late = asked(office, row_id, "repair", city.second_admin, body=text, seen=seen)
    assert refused(late) == (409, "stale-version")
    assert late.json["current"]["seen"] == raw(office, row_id)["seen"]
    assert office.cases() == []


def test_of_two_desks_at_the_same_moment_one_repairs(
    collector: FieldHandset, office: Office, city: world.World
) -> None:
    item, text = held_item(collector)
    row_id = row_of(collector, item)
    office.headers_of(city.admin)
    office.headers_of(city.second_admin)

    def repair(person: world.Person) -> int:
        return asked(office, row_id, "repair", person, body=text, seen="").status_code

    with ThreadPoolExecutor(2) as desks:
        assert sorted(desks.map(repair, [city.admin, city.second_admin])) == [200, 409]
    assert len(office.cases()) == 1


@pytest.mark.parametrize("who", ["supervisor", "dispatcher", "reviewer"])
def test_others_may_not_decide(collector: FieldHandset, office: Office, city: world.World, who: str) -> None:
    item, _ = held_item(collector)
    assert refused(asked(office, row_of(collector, item), "discard", getattr(city, who))) == (403, "forbidden")


def test_another_agencys_administrator_finds_nothing(
    collector: FieldHandset, office: Office, city: world.World
) -> None:
    item, _ = held_item(collector)
    row_id = row_of(collector, item)
    assert refused(asked(office, row_id, "discard", city.town_admin)) == (404, "not-found")
    unknown = f"{uuid4()}.{item['id']}.{item['h']}"
    for name in (unknown, "x", f"{item['id']}.{item['h']}", row_id.upper() + "0"):
        assert refused(asked(office, name, "discard")) == (404, "not-found")


@pytest.mark.parametrize("reason", ["", " ", "x" * 501, "a\0b", "\ud83d", None])
def test_a_decision_needs_a_reason_that_can_be_kept(collector: FieldHandset, office: Office, reason: object) -> None:
    item, _ = held_item(collector)
    assert refused(asked(office, row_of(collector, item), "discard", reason=reason)) == (422, "validation")


def decisions(session: Session) -> list[str]:
    return list(session.scalars(select(ItemDecision.action).order_by(ItemDecision.id)))


def test_the_whole_desk_works_in_the_console(
    app: Flask, collector: FieldHandset, office: Office, city: world.World
) -> None:
    item, text = held_item(collector)
    row_id = row_of(collector, item)
    admin, second = console(app, city.admin), console(app, city.second_admin)
    page = f"/quarantine/{row_id}"
    assert "Repair its text" in admin.text(page)
    assert "Repair its text" not in console(app, city.supervisor).text(page)
    form = f"{page}/decisions"
    assert admin.post(form, action="propose_discard", reason=REASON, seen="").status_code == 303
    assert "Discarding was proposed" in second.text(page)
    stale = second.post(form, action="replay", reason=REASON, seen="")
    assert (stale.status_code, REASON in stale.text) == (409, True)
    seen = raw(office, row_id)["seen"]
    assert second.post(form, action="withdraw_discard", reason=REASON, seen=seen).status_code == 303
    broken = admin.post(form, action="repair", reason=REASON, body="{ half", seen=raw(office, row_id)["seen"])
    assert (broken.status_code, "{ half" in broken.text) == (422, True)
    repaired = admin.post(form, action="repair", reason=REASON, body=text, seen=raw(office, row_id)["seen"])
    assert repaired.status_code == 303
    after = admin.text(page)
    assert "Repaired texts" in after
    assert "Repair its text" not in after
    assert office.rows(decisions) == ["discard_proposed", "discard_withdrawn", "repaired"]
    assert admin.post(form, action="burn", reason=REASON).status_code == 422


def test_a_task_event_repaired_twice_has_its_effect_once(
    collector: FieldHandset, enforcer: FieldHandset, office: Office
) -> None:
    (result,) = collector.results(collector.item())
    office.dispatch(result["case_id"])
    enforcer.pull()
    (task,) = enforcer.tasks()
    document = enforcer.document("task_event", answer_to(task, "burnt"))
    item = sealed_item(document, enforcer.sign)
    enforcer.push(item)
    text = json.dumps(document | {"payload": answer_to(task, "accepted")})
    assert done(asked(office, row_of(enforcer, item), "repair", body=text))["state"] == "applied"
    assert refused(asked(office, row_of(enforcer, item), "repair", body=text)) == (409, "stale-version")
    assert [entry["action"] for entry in office.case(result["case_id"])["timeline"]].count("accept_task") == 1


def test_a_shift_that_was_repaired_wakes_its_tracks(app: Flask, collector: FieldHandset, office: Office) -> None:
    document = collector.document("shift", punch("into"))
    item, track = sealed_item(document, collector.sign), collector.item("track", walk())
    assert collector.states(item, track) == ["quarantined", "waiting"]
    text = json.dumps(document | {"payload": punch("in")})
    assert done(asked(office, row_of(collector, item), "repair", body=text))["state"] == "applied"
    woken(app)
    assert current(collector, track)[0]["state"] == "applied"
