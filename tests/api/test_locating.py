"""locate: which area, unit grid and responsibility grid a point lies in, by the layers that hold now."""

import pytest
import world
from flask import Flask
from flask.testing import FlaskClient
from support.ground import COMMUNITY, STREET, Surveyor, cell, cells, collection, middle, square, surveyor

from server.db import read
from server.demo import ground
from server.geography import locating
from server.geography.crs import shown_in
from server.geography.locating import Place, locate, officers_of


@pytest.fixture
def admin(client: FlaskClient, city: world.World) -> Surveyor:
    return surveyor(client, city.admin)


def found(app: Flask, city: world.World, point: tuple[float, float]) -> Place:
    with app.app_context():
        return read(locate, city.street_id, *point)


def test_without_layers_nothing_is_known(app: Flask, city: world.World) -> None:
    assert found(app, city, middle(0, 0)) == Place(None, None, None, None)


def test_a_point_finds_its_community_cell_and_responsibility_grid(
    app: Flask, admin: Surveyor, city: world.World
) -> None:
    street = square(STREET, 0, 0, side=3, name="城中街道")
    community = square(COMMUNITY, 0, 0, side=2, name="第1社区")
    admin.settle(collection(street, community), "area", "areas")
    admin.settle(cells())
    grid = {"type": "Feature", "properties": {"code": "G1", "cells": [cell(1), cell(2)]}, "geometry": None}
    admin.settle(collection(grid), "responsibility_grid", "duty")
    assert found(app, city, middle(1, 0)) == Place(COMMUNITY, "第1社区", cell(2), "G1")
    assert found(app, city, middle(2, 2)) == Place(STREET, "城中街道", cell(9), None)
    assert found(app, city, middle(9, 9)) == Place(None, None, None, None)


def test_a_draft_does_not_hold_and_a_new_version_does_at_once(app: Flask, admin: Surveyor, city: world.World) -> None:
    draft = admin.bring(cells(1, 1)).json["id"]
    assert found(app, city, middle(0, 0)).cell_code is None
    admin.activate(draft)
    assert found(app, city, middle(0, 0)).cell_code == cell(1)
    admin.settle(collection(square(cell(77), 0, 0)))
    assert found(app, city, middle(0, 0)).cell_code == cell(77)


def test_the_nearest_layer_above_holds(app: Flask, admin: Surveyor, city: world.World) -> None:
    admin.settle(cells())
    admin.settle(collection(square(cell(500), 0, 0)), agency_id=city.street_id)
    assert found(app, city, middle(0, 0)).cell_code == cell(500)
    with app.app_context():
        assert read(locate, city.town_id, *middle(0, 0)).cell_code == cell(1)
        assert read(locate, city.city_id, *middle(0, 0)).cell_code == cell(1)


def test_on_a_border_the_same_cell_has_it_every_time(app: Flask, admin: Surveyor, city: world.World) -> None:
    admin.settle(cells())
    border = (123.501, 30.4995)
    assert {found(app, city, border).cell_code for _time in range(5)} <= {cell(1), cell(2)}
    assert len({found(app, city, border).cell_code for _time in range(5)}) == 1


def test_the_hole_of_a_cell_belongs_to_no_cell(app: Flask, admin: Surveyor, city: world.World) -> None:
    admin.settle(ground.unit_grids())
    lake = (123.506771, 30.4923325)
    assert found(app, city, lake).cell_code is None
    assert found(app, city, (123.50635, 30.4923325)).cell_code == "990101001002044"


def test_every_cell_of_the_city_is_found_at_its_middle(app: Flask, admin: Surveyor, city: world.World) -> None:
    admin.settle(ground.areas(), "area", "areas")
    admin.settle(ground.unit_grids())
    grids = ground.responsibility_grids()
    admin.settle(grids, "responsibility_grid", "duty")
    of_cell = {
        code: feature["properties"]["code"] for feature in grids["features"] for code in feature["properties"]["cells"]
    }
    with app.app_context():
        for feature in ground.unit_grids()["features"][::23]:
            code, ring = feature["properties"]["code"], feature["geometry"]["coordinates"][0]
            point = (ring[0][0] + 0.0001, ring[0][1] - 0.0001)
            place = read(locate, city.street_id, *point)
            assert (place.cell_code, place.area_code) == (code, code[:12])
            assert place.responsibility_code == of_cell[code]


def test_another_process_that_has_its_own_index_sees_the_new_version(
    app: Flask, admin: Surveyor, city: world.World, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin.settle(cells(1, 1))
    assert found(app, city, middle(0, 0)).cell_code == cell(1)
    here = locating._INDEXES  # noqa: SLF001 (what one process keeps)
    monkeypatch.setattr(locating, "_INDEXES", locating._Indexes())  # noqa: SLF001 (another process)
    admin.settle(collection(square(cell(2), 0, 0)))
    assert found(app, city, middle(0, 0)).cell_code == cell(2)
    monkeypatch.setattr(locating, "_INDEXES", here)
    assert found(app, city, middle(0, 0)).cell_code == cell(2)


@pytest.mark.parametrize("crs", ["wgs84", "cgcs2000", "gcj02", "bd09"])
def test_a_place_is_asked_in_any_system(admin: Surveyor, crs: str) -> None:
    admin.settle(cells())
    lon, lat = shown_in(*middle(1, 1), crs)
    told = admin.get("/place", lon=lon, lat=lat, crs=crs).json
    assert told["cell_code"] == cell(5)
    assert (told["lon"], told["lat"]) == pytest.approx(middle(1, 1), abs=1e-9)


def test_a_place_by_another_towns_layers_is_not_told(client: FlaskClient, city: world.World) -> None:
    town = surveyor(client, city.town_dispatcher)
    assert town.get("/place", lon=123.5, lat=30.5).status_code == 200
    assert town.get("/place", lon=123.5, lat=30.5, agency_id=city.street_id).status_code == 404
    assert town.get("/place", lon=123.5, lat=95).status_code == 422


def test_officers_of_a_grid_are_those_of_the_agencies_above(app: Flask, admin: Surveyor, city: world.World) -> None:
    of_street = admin.settle(collection(square("G1", 0, 0)), "responsibility_grid", "duty", agency_id=city.street_id)
    of_town = admin.settle(collection(square("G1", 5, 5)), "responsibility_grid", "duty", agency_id=city.town_id)
    admin.assign(of_street, "G1", city.collector.id)
    admin.assign(of_town, "G1", city.town_enforcer.id)
    with app.app_context():
        assert read(officers_of, "G1", city.street_id) == [city.collector.id]
        assert read(officers_of, "G1", city.town_id) == [city.town_enforcer.id]
        assert read(officers_of, "G1", city.city_id) == []
