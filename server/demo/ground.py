"""The demo city's ground: areas, 2,000 unit grids of 100 m, 40 responsibility grids, and a layer that is wrong.

Pure: always the same GeoJSON in CGCS2000. The city is invented and lies at sea (design/domain.md section 6). Five
areas of 20 by 20 cells stand side by side, each of four communities; three villages south of 芦港镇 have no unit grids.
"""

from collections.abc import Iterator
from typing import Any

import shapely
from shapely.geometry import mapping

from server.demo.people import AREAS, CITY_CODE, CITY_NAME

Ring = list[tuple[float, float]]
Json = dict[str, Any]

_WEST, _NORTH = 123.5, 30.5
_CELL_LON, _CELL_LAT = 0.001041678, 0.000902031
_SIDE = 20
# Where each area begins: columns to the east and rows to the south of the corner.
_CORNERS = {"001": (0, 0), "002": (20, 0), "400": (40, 0), "101": (0, 20), "102": (20, 20)}
# How many columns each community of an area has, west to east.
_COMMUNITIES = (("001", 0, 3), ("002", 3, 5), ("003", 8, 6), ("004", 14, 6))
_VILLAGES = (("201", 20, 7), ("202", 27, 7), ("203", 34, 6))
_VILLAGE_OF, _VILLAGE_TOP, _VILLAGE_ROWS = "102", 40, 6
# A responsibility grid is a block of cells: eight of them fill an area.
_BLOCK_COLUMNS, _BLOCK_ROWS = 10, 5
_RIVER_CELL, _ROAD_CELL, _LAKE_CELL = (25, 0), (59, 10), (6, 8)
# Parts of a cell's side at which the river's bank and the road bend, and how far outwards.
_BENDS = ((0.8, 0.06), (0.6, 0.17), (0.4, 0.21), (0.2, 0.09))
LAKE_REASON = "澄湖湖面，由水务公司管理，不设单元网格"


def unit_grids() -> Json:
    """Return the layer of 2,000 cells: one with a river's bank, one with a curved road, one around a lake (a gap)."""
    return _collection(
        _feature(code, "", {}, {"type": "Polygon", "coordinates": _rings(column, row)})
        for code, column, row in _cells()
    )


def responsibility_grids() -> Json:
    """Return the 40 responsibility grids, each by the codes of its 50 cells."""
    codes = {(column, row): code for code, column, row in _cells()}
    names = {area.code: area.name for area in AREAS}
    grids: list[Json] = []
    for area, (left, top) in _CORNERS.items():
        blocks = [(x, y) for y in range(0, _SIDE, _BLOCK_ROWS) for x in range(0, _SIDE, _BLOCK_COLUMNS)]
        for number, (x, y) in enumerate(blocks, 1):
            cells = [
                codes[left + x + column, top + y + row]
                for row in range(_BLOCK_ROWS)
                for column in range(_BLOCK_COLUMNS)
            ]
            name = f"{names[area]}{number}号责任网格"
            grids.append(_feature(f"{CITY_CODE}{area}G{number:02}", name, {"cells": cells}, None))
    return _collection(iter(grids))


def areas() -> Json:
    """Return the city, its five areas, their communities, and the three villages: codes of 6, 9 and 12 digits."""
    shapes: dict[str, list[Any]] = {}
    for code, column, row in _cells():
        # An area holds its lakes, so only the outer ring counts.
        shapes.setdefault(code[:12], []).append(shapely.Polygon(_rings(column, row)[0]))
    for village, column, columns in _VILLAGES:
        shape = shapely.Polygon(_frame(column, _VILLAGE_TOP, columns, _VILLAGE_ROWS))
        shapes[f"{CITY_CODE}{_VILLAGE_OF}{village}"] = [shape]
    merged = {code: shapely.union_all(parts) for code, parts in shapes.items()}
    for length in (9, 6):
        # Each from those one level below: the city's two thousand cells are put together once.
        below = [(code, shape) for code, shape in merged.items() if len(code) == length + 3]
        for prefix in sorted({code[:length] for code, _ in below}):
            merged[prefix] = shapely.union_all([shape for code, shape in below if code.startswith(prefix)])
    return _collection(_feature(code, _area_name(code), {}, mapping(shape)) for code, shape in sorted(merged.items()))


def broken_grids() -> Json:
    """Return a layer that is wrong on purpose: a gap of one cell, an overlap of half a cell, a side that crosses."""
    rings = {(column, row): _frame(column, row, 1, 1) for row in range(3) for column in range(4)}
    del rings[1, 1]
    rings[2, 2] = _frame(2, 2, 1.5, 1)
    first, second, third, fourth, _first = rings[3, 0]
    rings[3, 0] = [first, third, second, fourth, first]
    return _collection(
        _feature(f"{CITY_CODE}001009{number:03}", "", {}, {"type": "Polygon", "coordinates": [ring]})
        for number, ring in enumerate(rings.values(), 1)
    )


def _cells() -> Iterator[tuple[str, int, int]]:
    """Yield (code, column, row): community by community, west to east, then north to south."""
    for area, (left, top) in _CORNERS.items():
        for community, offset, columns in _COMMUNITIES:
            for number in range(columns * _SIDE):
                row, column = divmod(number, columns)
                yield f"{CITY_CODE}{area}{community}{number + 1:03}", left + offset + column, top + row


def _rings(column: int, row: int) -> list[Ring]:
    ring = _frame(column, row, 1, 1)
    if (column, row) == _RIVER_CELL:
        # From its north-east corner back to the west.
        ring[4:4] = [_corner(column + along, row - out) for along, out in _BENDS]
    if (column, row) == _ROAD_CELL:
        # From its south-east corner up to the north.
        ring[3:3] = [_corner(column + 1 + out, row + along) for along, out in _BENDS]
    if (column, row) == _LAKE_CELL:
        # A hole runs the other way round (RFC 7946).
        return [ring, _frame(column + 0.3, row + 0.25, 0.4, 0.5)[::-1]]
    return [ring]


def _frame(column: float, row: float, columns: float, rows: float) -> Ring:
    """Return a closed ring, against the clock from its north-west corner."""
    west_north, south_east = (column, row), (column + columns, row + rows)
    corners = (west_north, (column, south_east[1]), south_east, (south_east[0], row), west_north)
    return [_corner(*corner) for corner in corners]


def _corner(column: float, row: float) -> tuple[float, float]:
    return round(_WEST + column * _CELL_LON, 6), round(_NORTH - row * _CELL_LAT, 6)


def _area_name(code: str) -> str:
    street, community = code[6:9], code[9:12]
    name = {"": CITY_NAME, **{area.code: area.name for area in AREAS}}[street]
    if not community:
        return name
    kind = "村" if community >= _VILLAGES[0][0] else "社区"
    return f"{name}第{int(community) % 100}{kind}"


def _feature(code: str, name: str, more: Json, geometry: Any) -> Json:  # noqa: ANN401 (GeoJSON or None)
    return {"type": "Feature", "properties": {"code": code, "name": name, **more}, "geometry": geometry}


def _collection(features: Iterator[Json]) -> Json:
    return {"type": "FeatureCollection", "features": list(features)}
