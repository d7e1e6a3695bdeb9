"""The validator of layers: gaps, overlaps, crossed borders and wrong codes, each named with its features and place."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from server.demo import ground
from server.geography.crs import Crs, shown_in
from server.geography.drafting import Draft, draft_of
from server.geography.incoming import Reading
from server.geography.rules import FindingKind, Findings, LayerKind
from server.problems import Problem

COMMUNITY = "990101001001"


def draft(
    layer: Any,  # noqa: ANN401 (GeoJSON, or what pretends to be it)
    kind: LayerKind = LayerKind.UNIT_GRID,
    crs: Crs = Crs.CGCS2000,
    cells: Mapping[str, str] | None = None,
    digits: int = 15,
) -> Draft:
    known = cells or {}
    raw = layer if isinstance(layer, bytes) else json.dumps(layer, ensure_ascii=False).encode()
    return draft_of(
        raw, Reading(kind, crs, lambda codes: {code: known[code] for code in codes if code in known}), digits
    )


def collection(*features: dict[str, Any]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def square(code: str | None, column: float, row: float, columns: float = 1, rows: float = 1) -> dict[str, Any]:
    """Return a cell of about 100 m; columns run east and rows south."""
    west, north = 123.5 + column * 0.001, 30.5 - row * 0.001
    east, south = west + columns * 0.001, north - rows * 0.001
    ring = [[west, north], [west, south], [east, south], [east, north], [west, north]]
    properties = {} if code is None else {"code": code}
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def cell(number: int, column: float, row: float, columns: float = 1, rows: float = 1) -> dict[str, Any]:
    return square(f"{COMMUNITY}{number:03}", column, row, columns, rows)


def only(findings: Findings, kind: FindingKind) -> Any:  # noqa: ANN401 (the one finding)
    (found,) = (one for one in findings.first if one.kind is kind)
    return found


def refusal(layer: object) -> Problem:
    with pytest.raises(Problem) as caught:
        draft(layer)
    return caught.value


def test_the_broken_layer_of_the_demo_is_told_in_full() -> None:
    found = draft(ground.broken_grids())
    assert found.findings.counts == {"self_crossing": 1, "overlap": 1, "gap": 1}
    crossed = only(found.findings, FindingKind.SELF_CROSSING)
    assert crossed.codes == ("990101001009004",)
    assert (crossed.lon, crossed.lat) == pytest.approx((123.503646, 30.499549), abs=1e-6)
    overlap = only(found.findings, FindingKind.OVERLAP)
    assert overlap.codes == ("990101001009010", "990101001009011")
    assert overlap.area_m2 == pytest.approx(5_000, rel=0.01)
    gap = only(found.findings, FindingKind.GAP)
    assert len(gap.codes) == 8
    assert gap.area_m2 == pytest.approx(10_000, rel=0.01)
    assert 123.501042 < gap.lon < 123.502083
    assert 30.498196 < gap.lat < 30.499098
    assert set(found.findings.stopping) == {"self_crossing", "overlap"}


def test_the_city_has_one_gap_which_is_its_lake() -> None:
    found = draft(ground.unit_grids())
    assert len(found.rows) == 2_000
    assert found.findings.counts == {"gap": 1}
    assert (found.findings.stopping, found.findings.forgivable) == ((), ("gap",))
    assert only(found.findings, FindingKind.GAP).codes == ("990101001002044",)


def test_the_first_cells_of_the_city_are_those_of_the_design() -> None:
    first, *_more, fourth = ground.unit_grids()["features"][:4]
    assert first["properties"]["code"] == "990101001001001"
    ring = [(123.5, 30.5), (123.5, 30.499098), (123.501042, 30.499098), (123.501042, 30.5), (123.5, 30.5)]
    assert first["geometry"]["coordinates"] == [ring]
    assert fourth["geometry"]["coordinates"][0][0] == (123.5, 30.499098)


def test_forty_responsibility_grids_hold_every_cell_once() -> None:
    cells = {row["code"]: row["geometry"] for row in draft(ground.unit_grids()).rows}
    grids = ground.responsibility_grids()
    named = [code for feature in grids["features"] for code in feature["properties"]["cells"]]
    assert len(grids["features"]) == 40
    assert sorted(named) == sorted(cells)
    assert draft(grids, LayerKind.RESPONSIBILITY_GRID, cells=cells).findings.counts == {"gap": 1}


def test_the_areas_of_the_city_are_sound_level_by_level() -> None:
    found = draft(ground.areas(), LayerKind.AREA)
    assert (len(found.rows), found.findings.counts) == (1 + 5 + 20 + 3, {})


def test_cells_side_by_side_are_sound() -> None:
    found = draft(collection(cell(1, 0, 0), cell(2, 1, 0), cell(3, 0, 1), cell(4, 1, 1)))
    assert found.findings.counts == {}
    assert found.rows[0]["area_m2"] == pytest.approx(96.0 * 110.9, rel=0.01)


def test_a_cell_twice_is_an_overlap_and_a_code_used_twice() -> None:
    found = draft(collection(cell(1, 0, 0), cell(1, 0, 0)))
    assert found.findings.counts == {"overlap": 1, "duplicate_code": 1}


def test_a_cell_inside_another_is_an_overlap() -> None:
    found = draft(collection(cell(1, 0, 0, 3, 3), cell(2, 1, 1)))
    assert only(found.findings, FindingKind.OVERLAP).codes == (f"{COMMUNITY}001", f"{COMMUNITY}002")


def test_neighbours_that_round_a_corner_differently_are_sound() -> None:
    found = draft(collection(cell(1, 0, 0), cell(2, 1.00000005, 0)))
    assert found.findings.counts == {}


def test_a_slit_that_opens_to_the_outside_is_a_warning() -> None:
    found = draft(collection(cell(1, 0, 0), cell(2, 1.01, 0)))
    slit = only(found.findings, FindingKind.SLIT)
    assert slit.codes == (f"{COMMUNITY}001", f"{COMMUNITY}002")
    assert (found.findings.stopping, found.findings.forgivable) == ((), ())


@pytest.mark.parametrize(
    "code", ["99010100100100", "9901010010010012", "99010100100100a", "９９０１０１００１００１００１", None]
)
def test_a_unit_grid_needs_fifteen_digits(code: str | None) -> None:
    found = only(draft(collection(square(code, 0, 0))).findings, FindingKind.WRONG_CODE)
    assert found.codes == (code or "#1",)
    assert "15 digits" in found.told


def test_a_city_with_old_codes_may_say_so() -> None:
    assert draft(collection(square("99010100100101", 0, 0)), digits=14).findings.counts == {}


def test_a_code_that_is_a_number_in_the_file_is_read_as_its_digits() -> None:
    layer = collection(square(None, 0, 0))
    layer["features"][0]["properties"] = {"BGCODE": 990101001001001}
    assert draft(layer).rows[0]["code"] == "990101001001001"


@pytest.mark.parametrize(
    "geometry",
    [
        None,
        {"type": "Point", "coordinates": [123.5, 30.5]},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[[123.5, 30.5], [123.6, 30.5]]]},
        {"type": "Polygon", "coordinates": [[[30.5, 123.5], [30.5, 123.6], [30.6, 123.6], [30.5, 123.5]]]},
        {"type": "Polygon", "coordinates": "none"},
        {"type": "Circle", "radius": 3},
    ],
)
def test_a_feature_without_a_usable_shape_is_named_and_the_others_are_read(geometry: object) -> None:
    broken = {"type": "Feature", "properties": {"code": f"{COMMUNITY}002"}, "geometry": geometry}
    found = draft(collection(cell(1, 0, 0), broken))
    assert [row["code"] for row in found.rows] == [f"{COMMUNITY}001"]
    assert only(found.findings, FindingKind.BROKEN_SHAPE).codes == (f"{COMMUNITY}002",)


def test_a_responsibility_grid_with_unknown_cells_is_named() -> None:
    grid = {"type": "Feature", "properties": {"code": "G01", "cells": [f"{COMMUNITY}001"]}, "geometry": None}
    found = only(draft(collection(grid), LayerKind.RESPONSIBILITY_GRID).findings, FindingKind.UNKNOWN_CELL)
    assert found.codes == ("G01",)
    assert f"{COMMUNITY}001" in found.told


@pytest.mark.parametrize("crs", [Crs.GCJ02, Crs.BD09])
def test_a_layer_of_a_map_service_comes_to_the_same_ground(crs: Crs) -> None:
    here = collection(*(cell(1 + column + 3 * row, column, row) for row in range(3) for column in range(3)))
    there = json.loads(json.dumps(here))
    for feature in there["features"]:
        rings = feature["geometry"]["coordinates"]
        feature["geometry"]["coordinates"] = [[list(shown_in(lon, lat, crs)) for lon, lat in ring] for ring in rings]
    found = draft(there, crs=crs)
    assert found.findings.counts == {}
    for got, meant in zip(found.rows, draft(here).rows, strict=True):
        assert got["min_lon"] == pytest.approx(meant["min_lon"], abs=1e-9)
        assert got["max_lat"] == pytest.approx(meant["max_lat"], abs=1e-9)


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"PK\x03\x04",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"type": "FeatureCollection"}',
        b'{"type": "FeatureCollection", "features": []}',
        b'{"type": "FeatureCollection", "features": {}}',
        b'{"type": "FeatureCollection", "features": [1]}',
        b'{"type": "FeatureCollection", "features": [{"type": "Feature"',
        b'{"features": [{"type": "Feature", "properties": {}, "geometry": null}]}',
        b'{"type": "FeatureCollection", "features": ' + b"[" * 100_000,
        b'{"type": "FeatureCollection", "features": [{"type": "Feature", "n": ' + b"1" * 5_000 + b"}]}",
    ],
)
def test_what_is_no_layer_is_refused_with_the_reason(file: bytes) -> None:
    problem = refusal(file)
    assert problem.slug == "validation"
    assert problem.members["errors"]["file"]


def test_the_type_may_stand_behind_the_features() -> None:
    told = json.dumps({"crs": {}, "features": [cell(1, 0, 0)], "type": "FeatureCollection"}, indent=1)
    assert len(draft(b"\xef\xbb\xbf" + told.encode()).rows) == 1


def test_only_the_first_findings_are_kept_and_all_are_counted() -> None:
    found = draft(collection(*(square(f"x{number}", number, 0) for number in range(600)))).findings
    assert found.counts == {"wrong_code": 600}
    assert len(found.first) == 500
    assert Findings.from_text(found.as_text()) == found
