"""What a handset claims of the moment of capture stands with every photograph: place, accuracy, certainty, capacity."""

from typing import Any

import pytest
import world
from flask import Flask
from support.field import FieldHandset, answer_to, handset_of, photo, report
from support.office import Office

from server.geography.crs import shown_in

POSITION = {"lon": 123.5, "lat": 30.5, "crs": "wgs84", "accuracy_m": 7.5}


def shot(office: Office, case_id: str, role: str) -> dict[str, Any]:
    (found,) = [one for one in office.case(case_id)["evidence"] if one["role"] == role]
    return dict(found)


def claim(found: dict[str, Any]) -> tuple[object, ...]:
    return found["lon"], found["lat"], found["accuracy_m"]


def test_a_report_gives_its_photographs_its_place_and_the_certainty_of_its_time(
    office: Office, collector: FieldHandset
) -> None:
    payload = report(photo(), position=POSITION)
    case_id = collector.results(collector.item(payload=payload))[0]["case_id"]
    found = shot(office, case_id, "near")
    assert claim(found) == (123.5, 30.5, 7.5)
    assert found["certainty"] in {"exact", "estimated"}


@pytest.mark.parametrize("crs", ["gcj02", "bd09"])
def test_a_place_in_a_shifted_system_is_claimed_where_it_truly_is(
    office: Office, collector: FieldHandset, crs: str
) -> None:
    lon, lat = shown_in(123.5, 30.5, crs)
    payload = report(photo(), position=POSITION | {"crs": crs, "lon": lon, "lat": lat})
    case_id = collector.results(collector.item(payload=payload))[0]["case_id"]
    assert claim(shot(office, case_id, "near")) == pytest.approx((123.5, 30.5, 7.5), abs=1e-9)


def test_an_answer_and_an_addition_may_say_where_they_were_made(
    app: Flask, city: world.World, office: Office, collector: FieldHandset
) -> None:
    enforcer = handset_of(app, city, city.enforcer)
    case_id = collector.results(collector.item())[0]["case_id"]
    office.dispatch(case_id)
    enforcer.pull()
    (task,) = enforcer.tasks()
    answer = answer_to(task, "done", photo(), position=POSITION)
    assert enforcer.states(enforcer.item("task_event", answer)) == ["applied"]
    assert claim(shot(office, case_id, "after")) == (123.5, 30.5, 7.5)
    added = {"case_id": case_id, "photos": [photo(2).declared("far")], "position": POSITION | {"accuracy_m": None}}
    assert collector.states(collector.item("evidence", added)) == ["applied"]
    assert claim(shot(office, case_id, "far")) == (123.5, 30.5, None)


def test_an_older_handset_says_no_place_and_the_capacity_stays_that_of_the_capture(
    app: Flask, city: world.World, office: Office, collector: FieldHandset
) -> None:
    enforcer = handset_of(app, city, city.enforcer)
    case_id = collector.results(collector.item())[0]["case_id"]
    office.dispatch(case_id)
    enforcer.pull()
    (task,) = enforcer.tasks()
    assert enforcer.states(enforcer.item("task_event", answer_to(task, "done", photo()))) == ["applied"]
    found = shot(office, case_id, "after")
    assert (*claim(found), found["capacity"]) == (None, None, None, "enforcement_officer")
