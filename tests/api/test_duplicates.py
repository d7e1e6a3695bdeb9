"""Duplicates: proposed or attached by policy, merged and parted by a desk, linked when the problem comes back."""

from itertools import permutations
from typing import Any

import pytest
import world
from flask import Flask
from support.crowd import SCHEME, Seen, attaching, case_of, ends, seen_by, settled
from support.field import FieldHandset, handset_of
from support.office import Office

HERE, NEXT_DOOR, AROUND_THE_CORNER = Seen(0), Seen(40, 1), Seen(80, 2)


@pytest.fixture
def second(app: Flask, city: world.World) -> FieldHandset:
    """Return another officer's handset: two who walk the same street."""
    return handset_of(app, city, city.enforcer)


def duplicates(office: Office, state: str = "proposed") -> list[dict[str, Any]]:
    headers = office.headers_of(office.city.acceptance)
    found = office.app.test_client().get("/api/v1/duplicates", query_string={"state": state}, headers=headers)
    assert found.status_code == 200, found.text
    items: list[dict[str, Any]] = found.json["items"]
    return items


def post(office: Office, path: str, body: dict[str, Any], person: world.Person | None = None) -> Any:  # noqa: ANN401 (the client's answer)
    headers = office.headers_of(person or office.city.acceptance)
    return office.app.test_client().post(f"/api/v1{path}", json=body, headers=headers)


def test_a_second_report_nearby_is_proposed_to_the_desk(
    app: Flask, office: Office, collector: FieldHandset, second: FieldHandset
) -> None:
    first, again = seen_by(collector, HERE), seen_by(second, NEXT_DOOR)
    collector.push(first)
    second.push(again)
    settled(app)
    assert ends(app, [first, again]) == [("reported", None), ("reported", None)]
    (link,) = duplicates(office)
    assert (link["case"]["id"], link["other"]["id"]) == (case_of(app, again), case_of(app, first))
    assert link["distance_m"] == pytest.approx(40, abs=0.5)
    assert link["apart_s"] == 3600


@pytest.mark.parametrize("other", [Seen(60), Seen(10, 25), Seen(10, code="0111")], ids=["far", "late", "other class"])
def test_what_lies_apart_is_no_duplicate(app: Flask, office: Office, collector: FieldHandset, other: Seen) -> None:
    collector.push(seen_by(collector, HERE), seen_by(collector, other))
    settled(app)
    assert duplicates(office) == []


def test_a_city_that_trusts_the_rule_has_duplicates_attached(
    app: Flask, city: world.World, collector: FieldHandset, second: FieldHandset, office: Office
) -> None:
    attaching(app, world.acting(app, city.dispatcher))
    first, again = seen_by(collector, HERE), seen_by(second, NEXT_DOOR)
    second.push(again)
    settled(app)
    collector.push(first)
    settled(app)
    assert ends(app, [first, again]) == [("reported", None), ("merged", 0)]
    case = office.case(case_of(app, again))
    assert case["reporter_id"] == str(city.enforcer.id), "who reported it keeps the credit"
    assert duplicates(office) == []


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_the_order_of_arrival_does_not_change_what_is_attached_to_what(
    app: Flask, city: world.World, collector: FieldHandset, order: tuple[int, ...]
) -> None:
    attaching(app, world.acting(app, city.dispatcher))
    items = [seen_by(collector, one) for one in (HERE, NEXT_DOOR, AROUND_THE_CORNER)]
    for number in order:
        collector.push(items[number])
        settled(app)
    # The second is near to both others, the third only to the second, which does not stand for itself.
    assert ends(app, items) == [("reported", None), ("merged", 0), ("reported", None)]


def test_a_case_that_a_desk_has_filed_stays_the_main_one(
    app: Flask, city: world.World, office: Office, collector: FieldHandset
) -> None:
    attaching(app, world.acting(app, city.dispatcher))
    later, earlier = seen_by(collector, NEXT_DOOR), seen_by(collector, HERE)
    collector.push(later)
    office.act(case_of(app, later), "file")
    collector.push(earlier)
    settled(app)
    assert ends(app, [earlier, later]) == [("merged", 1), ("filed", None)]


def test_settling_twice_changes_nothing(app: Flask, city: world.World, collector: FieldHandset, office: Office) -> None:
    attaching(app, world.acting(app, city.dispatcher))
    items = [seen_by(collector, HERE), seen_by(collector, NEXT_DOOR)]
    collector.push(*items)
    settled(app)
    before = [office.case(case_of(app, item)) for item in items]
    settled(app)
    assert [office.case(case_of(app, item)) for item in items] == before


def test_a_desk_merges_and_parts_again_and_the_policy_never_joins_them_anew(
    app: Flask, city: world.World, collector: FieldHandset, office: Office
) -> None:
    items = [seen_by(collector, HERE), seen_by(collector, NEXT_DOOR)]
    collector.push(*items)
    settled(app)
    one, two = (case_of(app, item) for item in items)
    merged = post(office, f"/cases/{two}/merge", {"into": one, "reason": "同一处垃圾"})
    assert merged.status_code == 200, merged.text
    assert ends(app, items) == [("reported", None), ("merged", 0)]
    parted = post(office, f"/cases/{two}/undo-merge", {"reason": "另一处"})
    assert parted.status_code == 200, parted.text
    assert ends(app, items) == [("reported", None), ("reported", None)]
    attaching(app, world.acting(app, city.dispatcher))
    third = seen_by(collector, Seen(20, 2))
    collector.push(third)
    settled(app)
    # Near to both: it joins the first, and the second is looked at once more.
    assert ends(app, [*items, third]) == [("reported", None), ("reported", None), ("merged", 0)]
    assert [entry["action"] for entry in office.case(two)["timeline"]] == ["report", "merge", "undo_merge"]


def test_a_merge_names_the_case_by_its_number_and_restores_a_filed_case(
    app: Flask, collector: FieldHandset, office: Office
) -> None:
    items = [seen_by(collector, HERE), seen_by(collector, Seen(900))]
    collector.push(*items)
    one, two = (case_of(app, item) for item in items)
    number = office.act(one, "file")["case_no"]
    office.act(two, "file")
    assert post(office, f"/cases/{two}/merge", {"into": number, "reason": "同一起"}).status_code == 200
    assert ends(app, items) == [("filed", None), ("merged", 0)]
    assert post(office, f"/cases/{two}/undo-merge", {"reason": "不是"}).status_code == 200
    assert ends(app, items) == [("filed", None), ("filed", None)]


def test_a_proposal_is_taken_up_or_dismissed_for_good(app: Flask, collector: FieldHandset, office: Office) -> None:
    items = [seen_by(collector, HERE), seen_by(collector, NEXT_DOOR), seen_by(collector, Seen(-45, 3))]
    collector.push(*items)
    settled(app)
    links = {link["case"]["id"]: link["id"] for link in duplicates(office)}
    taken, dismissed = (case_of(app, item) for item in items[1:])
    assert post(office, f"/duplicates/{links[taken]}/decision", {"accept": True, "reason": "是"}).status_code == 204
    refused = {"accept": False, "reason": "不是"}
    assert post(office, f"/duplicates/{links[dismissed]}/decision", refused).status_code == 204
    assert post(office, f"/duplicates/{links[dismissed]}/decision", refused).status_code == 404
    collector.push(seen_by(collector, Seen(2000)))
    settled(app)
    assert ends(app, items) == [("reported", None), ("merged", 0), ("reported", None)]
    assert duplicates(office) == []


@pytest.mark.parametrize("into", ["self", "merged", "closed", "990101209912310001"])
def test_what_cannot_be_merged_is_refused_with_the_field(
    app: Flask, collector: FieldHandset, office: Office, into: str
) -> None:
    items = [seen_by(collector, Seen(1000 * nth)) for nth in range(3)]
    collector.push(*items)
    one, two, three = (case_of(app, item) for item in items)
    assert post(office, f"/cases/{two}/merge", {"into": three, "reason": "同"}).status_code == 200
    if into == "closed":
        assert post(office, f"/cases/{three}/actions", {"action": "reject", "reason": "不属实"}).status_code == 200
    named = {"self": one, "merged": two, "closed": three}.get(into, into)
    refused = post(office, f"/cases/{one}/merge", {"into": named, "reason": "同"})
    assert refused.status_code == 422, refused.text
    assert "into" in refused.json["errors"]
    assert ends(app, items)[0] == ("reported", None)


def test_merging_needs_the_role_and_the_scope(app: Flask, collector: FieldHandset, office: Office) -> None:
    items = [seen_by(collector, HERE), seen_by(collector, NEXT_DOOR)]
    collector.push(*items)
    one, two = (case_of(app, item) for item in items)
    body = {"into": one, "reason": "同"}
    assert post(office, f"/cases/{two}/merge", body, office.city.reviewer).status_code == 403
    assert post(office, f"/cases/{two}/merge", body, office.city.town_dispatcher).status_code in {404, 422}
    assert ends(app, items) == [("reported", None), ("reported", None)]


def test_three_closed_cases_at_one_place_are_a_recurrence(app: Flask, collector: FieldHandset, office: Office) -> None:
    items = [seen_by(collector, Seen(nth * 10, nth * 26)) for nth in range(3)]
    collector.push(*items)
    ids = [case_of(app, item) for item in items]
    office.force_closed(*ids)
    settled(app)
    headers = office.headers_of(office.city.acceptance)
    links = app.test_client().get(f"/api/v1/cases/{ids[0]}/links", headers=headers).json["links"]
    assert {(link["kind"], link["other"]["id"]) for link in links} == {("recurrence", ids[0])}
    assert {link["case"]["id"] for link in links} == set(ids[1:])


def test_the_policy_is_the_citys_and_is_validated(app: Flask, office: Office, city: world.World) -> None:
    client = app.test_client()
    body = {"agency_id": str(city.city_id), "scheme": SCHEME, "code": "0110", "action": "attach", "radius_m": 30}
    path = "/api/v1/duplicate-policies"
    headers = office.headers_of(city.dispatcher)
    assert client.put(path, json=body, headers=headers).status_code == 204
    (row,) = client.get(path, headers=headers).json["policies"]
    assert (row["radius_m"], row["hours"], row["action"]) == (30, 24, "attach")
    town = body | {"agency_id": str(city.town_id)}
    assert client.put(path, json=town, headers=headers).status_code == 422
    assert client.put(path, json=body, headers=office.headers_of(city.town_dispatcher)).status_code == 403
    assert client.put(path, json=body | {"radius_m": 0}, headers=headers).status_code == 422
    gone = client.delete(
        path, query_string={"agency_id": str(city.city_id), "scheme": SCHEME, "code": "0110"}, headers=headers
    )
    assert gone.status_code == 204
    assert client.get(path, headers=headers).json["policies"] == []
