"""Kind ``self_handled``: a problem found and fixed on the spot is one case in its last state, shown everywhere."""

import world
from console import console
from flask import Flask
from support.field import FieldHandset, photo, report, slug_of
from support.kinds import self_handled
from support.office import Office

A, B = photo(1), photo(2)


def test_a_case_fixed_on_the_spot_is_ended_and_names_what_was_done(collector: FieldHandset, office: Office) -> None:
    (result,) = collector.results(collector.item("self_handled", self_handled(A, B)))
    assert (result["state"], result["missing_photos"]) == ("applied", sorted([A.sha256, B.sha256]))
    case = office.case(result["case_id"])
    assert (case["state"], case["case_no"], case["tasks"], case["actions"]) == ("self_handled", None, [], [])
    assert case["closed_at"] == case["reported_at"]
    (entry,) = case["timeline"]
    assert (entry["action"], entry["state_after"], entry["reason"]) == (
        "self_handled",
        "self_handled",
        "当场清理完毕",
    )
    stages = {(shot["role"], shot["stage"]) for shot in case["evidence"]}
    assert stages == {("before", "report"), ("after", "disposal")}


def test_its_photographs_may_come_first(collector: FieldHandset, office: Office) -> None:
    collector.upload(A, B)
    (result,) = collector.results(collector.item("self_handled", self_handled(A, B)))
    assert "missing_photos" not in result
    assert office.case(result["case_id"])["evidence_present"] == 2


def test_the_reporters_handset_sees_it(collector: FieldHandset) -> None:
    (result,) = collector.results(collector.item("self_handled", self_handled(A, B)))
    collector.pull()
    assert collector.mirror["case", result["case_id"]]["state"] == "self_handled"


def test_sending_it_again_changes_nothing(collector: FieldHandset, office: Office) -> None:
    item = collector.item("self_handled", self_handled(A, B))
    assert collector.states(item, item) == ["applied", "duplicate"]
    assert collector.states(item) == ["duplicate"]
    assert len(office.cases()) == 1


def test_without_a_photograph_of_each_side_it_waits_for_a_person(collector: FieldHandset) -> None:
    photos = [A.declared("before")]
    payload = self_handled(A, B) | {"photos": photos}
    (result,) = collector.results(collector.item("self_handled", payload))
    assert (result["state"], slug_of(result["problem"])) == ("quarantined", "validation")
    assert list(result["problem"]["errors"]) == ["payload.photos"]
    assert "after" in result["problem"]["errors"]["payload.photos"][0]


def test_without_a_measure_the_field_is_named(collector: FieldHandset) -> None:
    (result,) = collector.results(collector.item("self_handled", self_handled(A, B) | {"measure": ""}))
    assert list(result["problem"]["errors"]) == ["payload.measure"]


def test_the_case_that_an_earlier_report_had_opened_stands_in_the_timeline(
    app: Flask, city: world.World, collector: FieldHandset, office: Office
) -> None:
    prior = {"case_id": None, "case_no": "990101-2026-000007"}
    (result,) = collector.results(collector.item(payload=report(prior=prior)))
    assert office.case(result["case_id"])["timeline"][0]["reason"] == "prior ← 990101-2026-000007"
    assert "prior ← 990101-2026-000007" in console(app, city.dispatcher).text(f"/cases/{result['case_id']}")


def test_no_desk_can_act_on_it(collector: FieldHandset, office: Office, city: world.World) -> None:
    (result,) = collector.results(collector.item("self_handled", self_handled(A, B)))
    asked = collector.client.post(
        f"/api/v1/cases/{result['case_id']}/actions",
        json={"action": "file"},
        headers=office.headers_of(city.dispatcher),
    )
    assert (asked.status_code, slug_of(asked.json)) == (409, "illegal-transition")


def test_the_console_shows_it_as_what_it_is(app: Flask, city: world.World, collector: FieldHandset) -> None:
    (result,) = collector.results(collector.item("self_handled", self_handled(A, B)))
    collector.push(collector.item(payload=report()))
    collector.upload(A, B)
    desk = console(app, city.dispatcher)
    listed = desk.text("/cases?state=self_handled")
    assert result["case_id"] in listed
    assert listed.count('<span class="badge self_handled">') == 1
    page = desk.text(f"/cases/{result['case_id']}")
    assert "Handled on the spot" in page
    assert "Found and fixed on the spot" in page
    assert "当场清理完毕" in page
    assert "Handled on the spot" in desk.text("/")
    gallery = console(app, city.reviewer).text(f"/evidence?case_id={result['case_id']}")
    assert "Before disposal" in gallery
    assert "After disposal" in gallery
