"""/cases: the loop from report to closing, its refusals, and what each step leaves behind."""

import html
from uuid import UUID, uuid4

import pytest
import world
from console import console
from flask import Flask
from flask.testing import FlaskClient
from street import Street, declared, sha256_of, street
from werkzeug.test import TestResponse

from server.db import read
from server.ledger.models import FeedMark


@pytest.fixture
def town(app: Flask, client: FlaskClient) -> Street:
    return street(app, client)


def slug(response: TestResponse) -> str:
    return str(response.json["type"]).rpartition("/")[2]


def checked(town: Street, case_id: UUID, task_id: UUID, result: str = "passed") -> None:
    """Bring a dispatched case to an answered check."""
    town.answer(task_id, "done", photos=declared("after", role="after"))
    town.upload("after", handset=town.enforcer)
    assert town.act(case_id, "send_check").status_code == 200
    check = town.task(case_id, "disposal_check")
    assert town.answer(check, "done", result=result, who=town.city.collector).effective


def test_a_case_goes_through_the_whole_loop(town: Street) -> None:
    case_id, task_id = town.dispatched("near", "far")
    for event in ("accepted", "started"):
        town.answer(task_id, event)
        assert town.case(case_id)["state"] == "in_disposal"
    checked(town, case_id, task_id)
    closed = town.act(case_id, "close")
    assert (closed.status_code, closed.json["state"]) == (200, "closed")
    page = town.case(case_id)
    assert [entry["action"] for entry in page["timeline"]] == [
        "report",
        "file",
        "dispatch",
        "accept_task",
        "start_task",
        "finish_task",
        "send_check",
        "answer_check",
        "close",
    ]
    assert [(e["state_before"], e["state_after"]) for e in page["timeline"]][-2:] == [
        ("checking", "checking"),
        ("checking", "closed"),
    ]
    assert page["timeline"][7]["result"] == page["check_result"] == "passed"
    assert page["closed_at"].endswith("Z")
    assert page["actions"] == []


def test_a_case_has_the_shape_that_clients_were_promised(town: Street) -> None:
    case_id = town.report("near")
    shown = town.client.get("/api/v1/cases?state=reported", headers=town.desk).json["cases"][0]
    assert shown["id"] == str(case_id)
    assert shown["category"] == {"scheme": "gbt30428_2_2013", "code": "0110", "name": None, "name_en": None}
    assert shown["position"] == {"lon": 123.5012, "lat": 30.4987, "crs": "wgs84", "accuracy_m": 6.0}
    assert (shown["evidence_expected"], shown["evidence_present"]) == (1, 0)
    promised = {
        "case_no", "state", "description", "agency_id", "squad_id", "reporter_id", "captured_at", "reported_at",
        "filed_at", "dispatched_at", "disposed_at", "closed_at", "version",
    }  # fmt: skip
    assert promised <= shown.keys()


def test_lists_are_paged_newest_first_and_lose_nothing(town: Street) -> None:
    made = {str(town.report()) for _ in range(5)}
    seen: list[str] = []
    after = ""
    while True:
        page = town.client.get(f"/api/v1/cases?limit=2{after}", headers=town.desk).json
        seen += [case["id"] for case in page["cases"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == sorted(made, reverse=True)


@pytest.mark.parametrize("query", ["state=open", "after=%21%21", "after=AAAA", "limit=0"])
def test_a_list_query_that_makes_no_sense_names_the_field(town: Street, query: str) -> None:
    response = town.client.get(f"/api/v1/cases?{query}", headers=town.desk)
    assert response.status_code == 422
    assert list(response.json["errors"]) == [query.partition("=")[0]]


def test_another_agencys_case_does_not_exist_for_the_desk(town: Street) -> None:
    case_id = town.report()
    elsewhere = world.signed_in(town.client, town.city.town_dispatcher)
    assert town.client.get("/api/v1/cases", headers=elsewhere).json == {"cases": [], "next": None}
    assert town.client.get(f"/api/v1/cases/{case_id}", headers=elsewhere).status_code == 404
    assert town.act(case_id, "file", headers=elsewhere).status_code == 404
    assert town.act(uuid4(), "file").status_code == 404


def test_a_case_is_not_dispatched_to_a_squad_out_of_scope(town: Street) -> None:
    person = town.city.town_dispatcher
    elsewhere = world.signed_in(town.client, person)
    case_id = town.report(who=town.city.town_enforcer)
    assert town.act(case_id, "file", headers=elsewhere).status_code == 200
    refused = town.act(case_id, "dispatch", headers=elsewhere, squad_id=town.city.street_squad_id)
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["squad_id"])
    assert town.act(case_id, "dispatch", headers=elsewhere, squad_id=town.city.town_squad_id).status_code == 200


def test_a_role_that_may_only_read_cannot_act(town: Street) -> None:
    case_id = town.report()
    reviewer = world.signed_in(town.client, town.city.reviewer)
    assert town.case(case_id, headers=reviewer)["state"] == "reported"
    refused = town.act(case_id, "file", headers=reviewer)
    assert (refused.status_code, slug(refused)) == (403, "forbidden")


def test_a_step_that_the_state_does_not_allow_says_which_are(town: Street) -> None:
    case_id = town.report()
    refused = town.act(case_id, "close")
    assert (refused.status_code, slug(refused)) == (409, "illegal-transition")
    assert (refused.json["state"], refused.json["allowed"]) == ("reported", ["verify", "file", "reject"])


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "State: Reported. Step: Close the case."), ("zh_Hans_CN", "当前状态：已上报。 所选操作：结案。")],
)
def test_the_page_names_state_and_step_of_a_refusal(town: Street, app: Flask, language: str, told: str) -> None:
    case_id = town.report()
    desk = console(app, town.city.dispatcher)
    desk.client.set_cookie("lang", language)
    refused = desk.post(f"/cases/{case_id}/actions", action="close")
    assert (refused.status_code, told in html.unescape(refused.text)) == (409, True), refused.text


def test_a_stale_version_is_refused_and_the_fresh_one_is_taken(town: Street) -> None:
    case_id = town.report("near")
    seen = town.case(case_id)["version"]
    town.upload("near")
    refused = town.act(case_id, "file", version=seen)
    assert (refused.status_code, slug(refused)) == (409, "stale-version")
    assert town.act(case_id, "file", version=refused.json["current"]["version"]).status_code == 200


@pytest.mark.parametrize("body", [{"action": "explode"}, {}, {"action": "file", "extra": 1}])
def test_an_action_that_cannot_be_read_names_the_field(town: Street, body: dict[str, object]) -> None:
    case_id = town.report()
    response = town.client.post(f"/api/v1/cases/{case_id}/actions", json=body, headers=town.desk)
    assert response.status_code == 422
    assert list(response.json["errors"]) == ["extra" if "extra" in body else "action"]


def test_dispatch_without_a_squad_names_the_field(town: Street) -> None:
    case_id = town.report()
    town.act(case_id, "file")
    refused = town.act(case_id, "dispatch")
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["squad_id"])


def test_closing_waits_for_every_after_photograph_and_names_the_handset(town: Street) -> None:
    case_id, task_id = town.dispatched()
    town.answer(task_id, "done", photos=declared("after 1", "after 2", role="after"))
    assert town.case(case_id)["state"] == "disposed"
    town.upload("after 1", handset=town.enforcer)
    town.act(case_id, "send_check")
    refused = town.act(case_id, "close", reason="seen from the window")
    assert (refused.status_code, slug(refused)) == (409, "evidence-missing")
    assert refused.json["missing"] == [{"sha256": sha256_of("after 2"), "install_id": str(town.enforcer.install_id)}]
    town.upload("after 2", handset=town.enforcer)
    assert town.act(case_id, "close", reason="seen from the window").status_code == 200


def test_closing_without_any_after_photograph_is_refused(town: Street) -> None:
    case_id, task_id = town.dispatched()
    town.answer(task_id, "done")
    town.act(case_id, "send_check")
    assert slug(town.act(case_id, "close", reason="trust me")) == "evidence-missing"


def test_closing_before_the_check_has_passed_needs_a_reason(town: Street) -> None:
    case_id, task_id = town.dispatched()
    checked(town, case_id, task_id, result="failed")
    assert slug(town.act(case_id, "close")) == "check-missing"
    closed = town.act(case_id, "close", reason="the supervisor was there")
    assert closed.status_code == 200
    assert town.case(case_id)["timeline"][-1]["reason"] == "the supervisor was there"


def test_sending_back_needs_a_reason_and_begins_a_new_round(town: Street) -> None:
    case_id, task_id = town.dispatched()
    checked(town, case_id, task_id, result="failed")
    refused = town.act(case_id, "redo")
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["reason"])
    assert town.act(case_id, "redo", reason="half of it is still there").json["state"] == "rework"
    page = town.case(case_id)
    disposal = page["tasks"][0]
    assert (disposal["assignment_no"], disposal["status"]) == (2, "assigned")
    assert [one["assignment_no"] for one in disposal["rounds"]] == [1, 2]
    assert (page["check_result"], page["rework_count"]) == (None, 1)
    # The first round's photograph stays visible but proves nothing for the second round.
    town.answer(task_id, "done", assignment_no=2)
    town.act(case_id, "send_check")
    assert slug(town.act(case_id, "close", reason="again")) == "evidence-missing"
    assert [shot["role"] for shot in town.case(case_id)["evidence"]] == ["after"]


def test_a_declined_case_is_returned_and_goes_to_another_squad(town: Street) -> None:
    case_id, task_id = town.dispatched()
    town.answer(task_id, "declined", note="not our street")
    page = town.case(case_id)
    assert (page["state"], page["actions"]) == ("returned", ["dispatch"])
    assert page["timeline"][-1]["reason"] == "not our street"
    assert town.act(case_id, "dispatch", squad_id=town.city.town_squad_id).status_code == 200
    assert town.task(case_id, "disposal") == task_id
    assert town.answer(task_id, "done", assignment_no=2, who=town.city.town_enforcer).effective


def test_every_change_of_a_case_is_marked_for_its_reporter(town: Street) -> None:
    scope = f"officer:{town.city.collector.id}"

    def marked() -> tuple[int, str]:
        with town.app.app_context():
            row = read(lambda session: session.get(FeedMark, (scope, "case", case_id)))
            return row.seq, row.version

    case_id = town.report("near")
    seen = [marked()]
    for happen in (
        lambda: town.upload("near"),
        lambda: town.act(case_id, "file"),
        lambda: town.act(case_id, "dispatch", squad_id=town.city.street_squad_id),
        lambda: town.answer(town.task(case_id, "disposal"), "done", photos=declared("after", role="after")),
    ):
        happen()
        seen.append(marked())
        assert seen[-1][0] > seen[-2][0]
        assert seen[-1][1] == town.case(case_id)["version"]
    assert len({version for _seq, version in seen}) == len(seen)
