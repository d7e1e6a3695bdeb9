"""Offline scenarios of the desk (domain.md 4.9, numbers 3 to 6, 11, 12): what it did while the field was away.

Against the running server, with the reference handset.
"""

from datetime import date, timedelta

import pytest
from support.category_table import as_csv, row
from support.ground import SIDE, WEST, cell, collection, square
from support.scenarios import SCHEMES, FieldClock, Town, answer_of, case_of, outcomes, problem_of, tasks

from server.geography.crs import shown_in
from server.identity.rules import Role
from sync.handset import Handset

_METRES_OF_A_DEGREE = 111_195.0


def bring_table(town: Town, scheme: str, version: str, *rows: list[str]) -> None:
    """Import a category table as a version that is in force today."""
    asked = {"effective_from": date(2026, 1, 1).isoformat()}
    path = f"/category-schemes/{scheme}/{version}/workbook"
    told = town.ask("PUT", path, town.city.admin, params=asked, content=as_csv(rows))
    assert (told["rows_stored"], told["bad_rows"]) == (len(rows), 0)


def reported(town: Town, handset: Handset) -> str:
    """Let a handset report what it has before it and return the case."""
    item_id = handset.record("report", town.found())
    handset.sync()
    return case_of(handset, item_id)


def timeline(town: Town, case_id: str, action: str) -> list[dict[str, object]]:
    return [entry for entry in town.case(case_id)["timeline"] if entry["action"] == action]


def disposal_limit(town: Town, case_id: str) -> str:
    (clock,) = [one for one in town.case(case_id)["clocks"] if one["stage"] == "disposal"]
    return f"{clock['amount']} {clock['clock']}"


def test_reports_made_under_an_old_version_are_kept_as_made_and_filed_under_the_one_in_force(town: Town) -> None:
    """Scenario 3: three days in a village with a standard five days old, whose condition changed meanwhile."""
    scheme, clock = SCHEMES[1], FieldClock()
    handset = town.handset(town.officer(), clock)
    handset.sync()
    document = f"{scheme}/2026-village/0110"
    assert document not in handset.documents.entries("category-schemes")
    items = []
    for days in (3, 2, 1):
        clock.ago = timedelta(days=days)
        category = {"scheme": scheme, "code": "0110"}
        items.append(handset.record("report", town.found(category=category, description=f"{days} 天前")))
    clock.ago = timedelta()
    bring_table(town, scheme, "2026-village", row("10", "暴露垃圾", "三处以上", "2工作时"))
    handset.sync()
    assert outcomes(handset) == ["applied"] * 3
    case_id = case_of(handset, items[0])
    case = town.case(case_id)
    assert (case["category"]["code"], case["description"], case["standard_version"]) == ("0110", "3 天前", None)
    assert b'"code": "0110"' in town.stored(handset)[items[0]]
    town.act(case_id, "file", condition_no=1)
    town.act(case_id, "dispatch", squad_id=str(town.squad_id))
    case = town.case(case_id)
    assert (case["standard_version"], case["condition_no"]) == ("2026-village", 1)
    assert disposal_limit(town, case_id) == "2.000 work_hour"
    # The greeting, which names the documents, is due once a day.
    handset.documents.fetch("category-schemes")
    entry = handset.documents.entries("category-schemes")[document]
    assert [condition["filing"] for condition in entry["conditions"]] == ["三处以上"]


@pytest.mark.parametrize(("action", "ends"), [("propose", "reported"), ("attach", "merged")])
def test_two_collectors_who_met_the_same_problem_offline_are_told_apart_and_brought_together(
    town: Town, action: str, ends: str
) -> None:
    """Scenario 4: other ids, within 50 m and 24 h; the later one synchronises first."""
    code = {"propose": "0111", "attach": "0112"}[action]
    policy = {"agency_id": str(town.city.city_id), "scheme": SCHEMES[0], "code": code, "action": action}
    town.ask("PUT", "/duplicate-policies", json=policy)
    clocks = FieldClock(), FieldClock()
    first, second = (town.handset(town.officer(), clock) for clock in clocks)
    seen = {}
    for handset, clock, hours, metres in ((first, clocks[0], 20, 0.0), (second, clocks[1], 2, 45.0)):
        clock.ago = timedelta(hours=hours)
        seen[handset] = handset.record("report", town.found(metres, code))
        clock.ago = timedelta()
    second.sync()
    town.settle()
    first.sync()
    town.settle()
    earlier, later = case_of(first, seen[first]), case_of(second, seen[second])
    assert (town.case(earlier)["state"], town.case(later)["state"]) == ("reported", ends)
    assert town.case(later)["merged_into_id"] == (earlier if action == "attach" else None)
    (link,) = town.ask("GET", f"/cases/{later}/links")["links"]
    assert (link["case"]["id"], link["other"]["id"]) == (later, earlier)
    assert link["state"] == {"propose": "proposed", "attach": "attached"}[action]
    assert link["distance_m"] == pytest.approx(45, abs=0.5)
    assert link["apart_s"] == pytest.approx(18 * 3600, abs=5)
    second.sync()
    (shown,) = second.mirror.entities("case")
    assert shown["state"] == ends, "who reported it too keeps the credit and sees what became of it"


def test_a_check_that_was_given_to_another_while_away_is_kept_as_late_evidence(town: Town) -> None:
    """Scenario 5: A comes back with a finished check that is B's by now."""
    clock = FieldClock()
    first, second = town.officer(), town.officer()
    away, other = town.handset(first, clock), town.handset(second)
    disposer = town.handset(town.officer(Role.ENFORCEMENT_OFFICER))
    case_id = disposed(town, away, disposer)
    town.act(case_id, "send_check", officer_id=str(first.id))
    away.sync()
    (check,) = tasks(away)
    item_id = away.record(
        "task_event", answer_of(check, "done", result="passed", note="已清理"), [town.snap(1, "check")]
    )
    reason = "他在没有信号的地方"
    order = {"officer_id": str(second.id), "reason": reason}
    town.ask("POST", f"/tasks/{check['task_id']}/reassign", json=order)
    other.sync()
    (given,) = tasks(other)
    assert (given["task_id"], given["assignment_no"]) == (check["task_id"], check["assignment_no"] + 1)
    away.sync()
    assert (away.outbox.item(item_id).state, problem_of(away, item_id)) == ("superseded", "task-reassigned")
    assert tasks(away) == []
    case = town.case(case_id)
    assert (case["state"], case["check_result"]) == ("checking", None)
    (late,) = timeline(town, case_id, "late_answer")
    assert (late["actor_id"], late["reason"]) == (str(first.id), "已清理")
    (kept,) = [one for one in case["evidence"] if one["item_id"] == item_id]
    assert (kept["stage"], kept["present_at"] is not None) == ("check", True)
    (task,) = [one for one in case["tasks"] if one["task_id"] == check["task_id"]]
    assert [given["reason"] for given in task["rounds"]] == [None, reason]
    answer = other.record("task_event", answer_of(given, "done", result="passed"))
    other.sync()
    assert other.outbox.item(answer).state == "applied"
    assert town.case(case_id)["check_result"] == "passed"


def disposed(town: Town, reporter: Handset, disposer: Handset) -> str:
    """Bring a case so far that it can be checked."""
    case_id = reported(town, reporter)
    town.dispatch(case_id)
    disposer.sync()
    (task,) = tasks(disposer)
    disposer.record("task_event", answer_of(task, "done"), [town.snap(50, "after")])
    disposer.sync()
    assert town.case(case_id)["state"] == "disposed"
    return case_id


def test_photographs_of_work_on_a_case_that_was_closed_meanwhile_are_kept(town: Town) -> None:
    """Scenario 6: a handler works offline, a squad mate reports the work done, the desk closes the case."""
    collector = town.handset(town.officer())
    handler, mate = (town.handset(town.officer(Role.ENFORCEMENT_OFFICER)) for _ in range(2))
    case_id = reported(town, collector)
    town.dispatch(case_id)
    handler.sync()
    (task,) = tasks(handler)
    mate.sync()
    mate.record("task_event", answer_of(task, "done"), [town.snap(1, "after")])
    mate.sync()
    town.act(case_id, "send_check")
    town.act(case_id, "close", reason="街道已到现场看过")
    done = handler.record("task_event", answer_of(task, "done"), [town.snap(2, "after")])
    more = handler.record("evidence", {"task_id": task["task_id"], "note": "另一面"}, [town.snap(3, "after")])
    handler.sync()
    assert (handler.outbox.item(done).state, problem_of(handler, done)) == ("superseded", "task-withdrawn")
    assert handler.outbox.item(more).state == "applied"
    assert tasks(handler) == []
    case = town.case(case_id)
    assert case["state"] == "closed"
    assert len(timeline(town, case_id, "late_answer")) == len(timeline(town, case_id, "late_evidence")) == 1
    kept = {one["item_id"]: one["present_at"] for one in case["evidence"] if one["role"] == "after"}
    assert len(kept) == 3
    assert None not in {kept[done], kept[more]}


def test_a_report_of_a_class_that_the_city_has_merged_into_another_is_kept_and_can_be_filed(town: Town) -> None:
    """Scenario 11: of three reports one has a class that was merged away, one a class that nobody ever knew."""
    scheme = SCHEMES[2]
    handset = town.handset(town.officer())
    handset.sync()
    known, unknown = "b0199", "0987"
    assert f"{scheme}/2026-sample/{known}" in handset.documents.entries("category-schemes")
    items = [
        handset.record("report", town.found(category={"scheme": scheme, "code": code})) for code in (known, unknown)
    ]
    bring_table(town, scheme, "2026-merged", row("97", "各类箱柜", "占道"))
    handset.sync()
    assert outcomes(handset) == ["applied"] * 2
    for item_id, code, name in zip(items, (known, unknown), ("智能快递柜", None), strict=True):
        case_id = case_of(handset, item_id)
        category = town.case(case_id)["category"]
        assert (category["code"], category["name"]) == (code, name)
        town.dispatch(case_id)
        case = town.case(case_id)
        assert (case["state"], case["standard_version"]) == ("dispatched", "2026-merged")
        assert disposal_limit(town, case_id) == "1.000 work_day", "the usual limit, as the version has no class for it"


def test_a_place_picked_on_a_shifted_map_and_a_satellite_fix_in_one_record_are_the_same_place(town: Town) -> None:
    """Scenario 12: the place is picked on a GCJ-02 map, the photographs are added with a WGS 84 fix."""
    lon, lat = town.corner[0] + SIDE / 2, town.corner[1] - SIDE / 2
    column = round((town.corner[0] - WEST) / SIDE)
    grid = collection(*(square(cell(nth + 1), column + nth, 0) for nth in range(3)))
    asked, admin = {"kind": "unit_grid", "name": "grid"}, town.city.admin
    layer = town.ask("POST", "/layers", admin, params=asked, json=grid)
    town.ask("POST", f"/layers/{layer['id']}/activation", admin, json={"reason": None})
    picked_lon, picked_lat = shown_in(lon, lat, "gcj02")
    assert (picked_lon - lon) * _METRES_OF_A_DEGREE > 200, "taken as it stands it would lie in another cell"
    handset = town.handset(town.officer())
    pick = {"lon": picked_lon, "lat": picked_lat, "crs": "gcj02", "accuracy_m": None, "provider": "map"}
    fix = {"lon": lon, "lat": lat, "crs": "wgs84", "accuracy_m": 4.0, "provider": "gnss"}
    report_id = handset.record("report", town.found(position=pick), [town.snap(1)])
    handset.record("evidence", {"item_id": report_id, "position": fix}, [town.snap(2, "far")])
    handset.sync()
    assert outcomes(handset) == ["applied"] * 2
    town.settle()
    case = town.case(case_of(handset, report_id))
    assert case["position"] == {"lon": picked_lon, "lat": picked_lat, "crs": "gcj02", "accuracy_m": None}
    assert case["cell_code"] == cell(1)
    places = [(one["lon"], one["lat"]) for one in case["evidence"]]
    assert places == [pytest.approx((lon, lat), abs=1 / _METRES_OF_A_DEGREE)] * 2


def test_a_satellite_fix_corrected_on_a_shifted_map_leads_to_the_place_that_was_meant(town: Town) -> None:
    """Scenario 12 the other way round: reported where the officer stood, moved on a GCJ-02 map by 30 m."""
    handset = town.handset(town.officer())
    report_id = handset.record("report", town.found())
    lon, lat = town.corner[0], town.corner[1] + 30 / _METRES_OF_A_DEGREE
    picked = dict(zip(("lon", "lat"), shown_in(lon, lat, "gcj02"), strict=True))
    target = {"id": report_id, "h": handset.outbox.item(report_id).fingerprint}
    moved = {"target": target, "changes": {"position": {**picked, "crs": "gcj02"}}, "reason": "在地图上改"}
    handset.record("amend", moved)
    handset.sync()
    assert outcomes(handset) == ["applied"] * 2
    assert town.case(case_of(handset, report_id))["position"]["crs"] == "gcj02"
    # Somebody else, who has a fix there, found the same: 50 m from the first place, 20 m from the second.
    neighbour = town.handset(town.officer())
    again = neighbour.record("report", town.found(metres=50.5))
    neighbour.sync()
    town.settle()
    (link,) = town.ask("GET", f"/cases/{case_of(neighbour, again)}/links")["links"]
    assert link["distance_m"] == pytest.approx(20.5, abs=1)
