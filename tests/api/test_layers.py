"""/layers: import with findings, activation by version, features as GeoJSON in pages, and who may do what."""

import json
from io import BytesIO
from typing import Any

import pytest
import world
from console import console
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from support.ground import Surveyor, cell, cells, collection, square, surveyor
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from server.db import read
from server.demo import ground
from server.geography.models import GeoFeature, GeoLayer
from server.geography.rules import MOST_BYTES
from server.ledger.models import AuditEntry


@pytest.fixture
def admin(client: FlaskClient, city: world.World) -> Surveyor:
    return surveyor(client, city.admin)


def problem(response: Any) -> tuple[int, str]:  # noqa: ANN401 (werkzeug's test response)
    return response.status_code, response.json["type"].rpartition("/")[2]


def layers_stored(app: Flask) -> int:
    with app.app_context():
        return read(lambda session: session.scalar(select(func.count()).select_from(GeoLayer))) or 0


def codes(answer: Any) -> list[str]:  # noqa: ANN401 (werkzeug's test response)
    return [feature["properties"]["code"] for feature in answer.json["features"]]


def test_a_sound_file_becomes_a_draft_and_then_holds(admin: Surveyor, city: world.World) -> None:
    brought = admin.bring(cells())
    assert brought.status_code == 201
    told = brought.json
    assert (told["status"], told["version"], told["feature_count"], told["findings"]) == ("draft", 1, 9, [])
    assert (told["agency_id"], told["valid_from"], told["source_crs"]) == (str(city.city_id), None, "cgcs2000")
    activated = admin.activate(told["id"])
    assert (activated.status_code, activated.json["status"]) == (200, "current")
    assert activated.json["valid_from"]


def test_the_broken_layer_is_stored_with_its_findings_and_never_holds(admin: Surveyor) -> None:
    brought = admin.bring(ground.broken_grids()).json
    assert brought["finding_counts"] == {"self_crossing": 1, "overlap": 1, "gap": 1}
    overlap = next(one for one in brought["findings"] if one["kind"] == "overlap")
    assert overlap["codes"] == ["990101001009010", "990101001009011"]
    assert (overlap["stops"], overlap["forgivable"]) == (True, False)
    refused = admin.activate(brought["id"], "it does not matter")
    assert problem(refused) == (409, "layer-unsound")
    assert refused.json["findings"] == brought["finding_counts"]
    assert admin.get(f"/layers/{brought['id']}").json["status"] == "draft"


def test_gaps_alone_are_explained_in_writing(admin: Surveyor) -> None:
    layer_id = admin.bring(cells(without=(5,))).json["id"]
    assert problem(admin.activate(layer_id)) == (409, "layer-unsound")
    assert problem(admin.activate(layer_id, "   ")) == (409, "layer-unsound")
    assert admin.activate(layer_id, "a lake").status_code == 200
    assert admin.get(f"/layers/{layer_id}").json["forgiven"] == "a lake"


def test_a_new_version_retires_the_one_before_and_keeps_it(admin: Surveyor) -> None:
    first = admin.settle(cells())
    second = admin.settle(cells(4, 3))
    assert [admin.get(f"/layers/{one}").json["status"] for one in (first, second)] == ["retired", "current"]
    assert admin.get(f"/layers/{second}").json["version"] == 2
    assert len(codes(admin.get(f"/layers/{first}/features"))) == 9
    assert problem(admin.activate(first)) == (409, "layer-not-draft")


def test_another_name_takes_the_place_of_the_current_grids_too(admin: Surveyor) -> None:
    first = admin.settle(cells(), name="survey of 2025")
    admin.settle(cells(), name="survey of 2026")
    assert admin.get(f"/layers/{first}").json["status"] == "retired"


def test_other_things_hold_side_by_side_by_their_names(admin: Surveyor) -> None:
    lamp = {
        "type": "Feature",
        "properties": {"code": "L1"},
        "geometry": {"type": "Point", "coordinates": [123.5, 30.5]},
    }
    lamps = admin.settle(collection(lamp), "other", "lamps")
    admin.settle(collection(square("P1", 0, 0), square("P2", 0.5, 0.5)), "other", "parks")
    assert admin.get(f"/layers/{lamps}").json["status"] == "current"
    admin.settle(collection(lamp), "other", "lamps")
    assert admin.get(f"/layers/{lamps}").json["status"] == "retired"


def test_a_draft_is_thrown_away_and_a_current_layer_is_not(app: Flask, admin: Surveyor) -> None:
    draft, current = admin.bring(cells()).json["id"], admin.settle(cells())
    assert admin.client.delete(f"/api/v1/layers/{draft}", headers=admin.headers).status_code == 204
    assert problem(admin.client.delete(f"/api/v1/layers/{current}", headers=admin.headers)) == (409, "layer-not-draft")
    assert layers_stored(app) == 1
    with app.app_context():
        assert read(lambda session: session.scalar(select(func.count()).select_from(GeoFeature))) == 9


def test_features_come_as_geojson_in_pages_without_doubling_any(admin: Surveyor) -> None:
    layer_id = admin.settle(cells(5, 5))
    seen: list[str] = []
    after = ""
    while True:
        page = admin.get(f"/layers/{layer_id}/features", limit=7, after=after)
        assert page.mimetype == "application/geo+json"
        seen += codes(page)
        assert page.json["numberReturned"] == len(page.json["features"])
        if page.json["next"] is None:
            break
        after = page.json["next"]
    assert seen == [cell(number) for number in range(1, 26)]
    feature = page.json["features"][0]
    assert (feature["type"], feature["geometry"]["type"]) == ("Feature", "Polygon")
    assert feature["properties"]["area_m2"] == pytest.approx(96 * 110.9, rel=0.01)


def test_a_frame_finds_what_it_touches_small_features_and_tall_ones(admin: Surveyor) -> None:
    tall = square("B", 3, -4, side=12)
    layer_id = admin.settle(collection(*cells()["features"], tall), "other", "things")
    assert codes(admin.get(f"/layers/{layer_id}/features", bbox="123.5002,30.4992,123.5004,30.4998")) == [cell(1)]
    assert codes(admin.get(f"/layers/{layer_id}/features", bbox="123.5025,30.4992,123.5035,30.4998")) == [cell(3), "B"]
    assert codes(admin.get(f"/layers/{layer_id}/features", bbox="124,31,125,32")) == []


@pytest.mark.parametrize("bbox", ["1,2,3", "a,b,c,d", "2,0,1,1", "nan,0,1,1", "0,2,1,1"])
def test_a_frame_that_is_none_is_told(admin: Surveyor, bbox: str) -> None:
    layer_id = admin.settle(cells())
    refused = admin.get(f"/layers/{layer_id}/features", bbox=bbox)
    assert problem(refused) == (422, "validation")
    assert "bbox" in str(refused.json["errors"])


def test_a_responsibility_grid_is_the_union_of_its_cells(admin: Surveyor) -> None:
    admin.settle(cells())
    grid = {"type": "Feature", "properties": {"code": "G1", "cells": [cell(1), cell(2)]}, "geometry": None}
    layer_id = admin.settle(collection(grid), "responsibility_grid", "duty")
    feature = admin.get(f"/layers/{layer_id}/features").json["features"][0]
    assert feature["properties"]["cells"] == [cell(1), cell(2)]
    assert feature["properties"]["area_m2"] == pytest.approx(2 * 96 * 110.9, rel=0.01)


def test_a_layer_in_gcj02_is_stored_in_cgcs2000_and_says_where_it_came_from(admin: Surveyor) -> None:
    layer_id = admin.bring(cells(1, 1), crs="gcj02").json["id"]
    assert admin.get(f"/layers/{layer_id}").json["source_crs"] == "gcj02"
    ring = admin.get(f"/layers/{layer_id}/features").json["features"][0]["geometry"]["coordinates"][0]
    assert 0.002 < 123.5 - ring[0][0] < 0.01


@pytest.mark.parametrize(
    ("asked", "field"),
    [({"kind": "town"}, "kind"), ({"crs": "epsg4326"}, "crs"), ({"digits": 12}, "digits"), ({"name": ""}, "name")],
)
def test_wrong_words_about_a_file_are_named(app: Flask, admin: Surveyor, asked: dict[str, Any], field: str) -> None:
    refused = admin.bring(cells(), **asked)
    assert problem(refused) == (422, "validation")
    assert field in str(refused.json["errors"])
    assert layers_stored(app) == 0


def test_a_file_that_is_no_layer_is_refused(app: Flask, admin: Surveyor) -> None:
    refused = admin.bring(b"PK\x03\x04 a zip")
    assert problem(refused) == (422, "validation")
    assert "file" in refused.json["errors"]
    assert layers_stored(app) == 0


def test_a_file_over_fifty_megabytes_is_refused(admin: Surveyor) -> None:
    assert problem(admin.bring(b" " * (MOST_BYTES + 1))) == (413, "body-too-large")


def test_a_file_of_some_megabytes_comes_through(admin: Surveyor) -> None:
    padded = json.dumps(cells(1, 1)).encode() + b" " * 3_000_000
    assert admin.bring(padded).status_code == 201


def test_another_content_type_is_refused(admin: Surveyor) -> None:
    query = {"kind": "area", "name": "areas"}
    sent = admin.client.post("/api/v1/layers", query_string=query, data=b"{}", headers=admin.headers)
    assert problem(sent) == (400, "wrong-content-type") or sent.status_code == 415


def test_a_stranger_and_a_dispatcher_bring_nothing(app: Flask, client: FlaskClient, city: world.World) -> None:
    assert Surveyor(client, {}).bring(cells()).status_code == 401
    assert problem(surveyor(client, city.dispatcher).bring(cells())) == (403, "forbidden")
    assert layers_stored(app) == 0


def test_a_towns_administrator_reads_the_citys_layer_and_changes_only_the_towns(
    client: FlaskClient, admin: Surveyor, city: world.World
) -> None:
    draft = admin.bring(cells()).json["id"]
    town = surveyor(client, city.town_admin)
    assert town.get(f"/layers/{draft}").status_code == 200
    assert problem(town.activate(draft)) == (404, "not-found")
    assert problem(town.bring(cells(), agency_id=city.city_id)) == (404, "not-found")
    assert town.bring(cells()).json["agency_id"] == str(city.town_id)


def test_a_streets_layer_is_nothing_to_the_town_beside_it(
    client: FlaskClient, admin: Surveyor, city: world.World
) -> None:
    streets = admin.settle(cells(), agency_id=city.street_id)
    town = surveyor(client, city.town_dispatcher)
    assert problem(town.get(f"/layers/{streets}")) == (404, "not-found")
    assert problem(town.get(f"/layers/{streets}/features")) == (404, "not-found")
    assert town.get("/layers").json["items"] == []
    assert [one["id"] for one in admin.get("/layers").json["items"]] == [streets]


def test_every_step_stands_in_the_audit_log(app: Flask, admin: Surveyor, city: world.World) -> None:
    layer_id = admin.bring(cells(without=(5,))).json["id"]
    admin.activate(layer_id, "a lake")
    with app.app_context():
        chosen = select(AuditEntry.action, AuditEntry.actor_id, AuditEntry.facts).order_by(AuditEntry.id)
        entries = read(
            lambda session: session.execute(
                chosen.where(AuditEntry.subject_id == layer_id).order_by(AuditEntry.id)
            ).all()
        )
    assert [entry.action for entry in entries] == ["layer_imported", "layer_activated"]
    assert {entry.actor_id for entry in entries} == {city.admin.id}
    assert json.loads(entries[1].facts)["forgiven"] == "a lake"


def test_officers_take_over_a_grid_and_are_relieved(admin: Surveyor, city: world.World) -> None:
    layer_id = admin.settle(collection(square("G1", 0, 0)), "responsibility_grid", "duty")
    assert admin.assign(layer_id, "G1", city.collector.id, city.enforcer.id).status_code == 200
    lon, lat = 123.5005, 30.4995
    held = admin.get("/place", lon=lon, lat=lat).json["officer_ids"]
    assert held == [str(city.collector.id), str(city.enforcer.id)]
    assert admin.assign(layer_id, "G1", city.enforcer.id).status_code == 200
    assert admin.get("/place", lon=lon, lat=lat).json["officer_ids"] == [str(city.enforcer.id)]
    assert problem(admin.assign(layer_id, "G2", city.enforcer.id)) == (404, "not-found")


def test_an_officer_of_another_town_gets_no_grid(client: FlaskClient, admin: Surveyor, city: world.World) -> None:
    layer_id = admin.settle(collection(square("G1", 0, 0)), "responsibility_grid", "duty", agency_id=city.street_id)
    assert problem(admin.assign(layer_id, "G1", city.town_enforcer.id)) == (422, "validation")
    town = surveyor(client, city.town_admin)
    assert problem(town.assign(layer_id, "G1", city.town_enforcer.id)) == (404, "not-found")


def test_the_page_takes_a_file_shows_its_findings_and_activates_it(app: Flask, city: world.World) -> None:
    browser = console(app, city.admin)
    form = {
        "csrf_token": browser.csrf_token(),
        "name": "万米网格",
        "kind": "unit_grid",
        "crs": "cgcs2000",
        "agency_id": str(city.city_id),
        "digits": "15",
    }
    file = json.dumps(cells(without=(5,))).encode() + b" " * 2_000_000
    boundary, body = encode_multipart({**form, "file": FileStorage(BytesIO(file), "grids.geojson")})
    sent = browser.client.post("/geography/layers", data=body, content_type=f"multipart/form-data; boundary={boundary}")
    assert sent.status_code == 303, sent.text
    page = browser.text(sent.location)
    assert "万米网格" in page
    assert cell(4) in page
    assert "Gap 1" in page
    drawn = browser.get(f"{sent.location}/sketch.svg")
    assert drawn.mimetype == "image/svg+xml"
    assert (drawn.text.count("<path"), drawn.text.count("<circle")) == (8, 1)
    assert browser.post(f"{sent.location}/activate", reason="").status_code == 303
    assert "say in writing" in browser.text(sent.location)
    browser.post(f"{sent.location}/activate", reason="a lake")
    assert "a lake" in browser.text(sent.location)
    assert "Current" in browser.text("/geography")


def test_the_page_assigns_officers_by_hand(app: Flask, admin: Surveyor, city: world.World) -> None:
    layer_id = admin.settle(collection(square("G1", 0, 0)), "responsibility_grid", "duty")
    browser = console(app, city.admin)
    path = f"/geography/layers/{layer_id}"
    assert "Nobody" in browser.text(path)
    browser.post(f"{path}/assign", code="G1", officer_ids=str(city.collector.id))
    assert "Nobody" not in browser.text(path)
    browser.post(f"{path}/assign", code="G1", officer_ids="not an id")
    assert "Choose officers from the list." in browser.text(path)


def test_a_file_that_is_missing_or_wrong_is_told_on_the_page(app: Flask, city: world.World) -> None:
    browser = console(app, city.admin)
    told = {"name": "grids", "kind": "unit_grid", "crs": "cgcs2000", "agency_id": str(city.city_id)}
    assert browser.post("/geography/layers", **told).status_code == 303
    assert "Choose a GeoJSON file." in browser.text("/geography")
    browser.post("/geography/layers", **{**told, "kind": "town"})
    assert "Choose what the file holds" in browser.text("/geography")


def test_a_dispatcher_reads_the_page_and_finds_no_form(app: Flask, admin: Surveyor, city: world.World) -> None:
    draft = admin.bring(cells()).json["id"]
    browser = console(app, city.dispatcher)
    assert "Import a layer" not in browser.text("/geography")
    assert "Activate" not in browser.text(f"/geography/layers/{draft}")
    browser.post(f"/geography/layers/{draft}/activate")
    assert admin.get(f"/layers/{draft}").json["status"] == "draft"
