"""Point in polygon: the product's index against asking every cell, for 10,000 points.

``python bench/geography.py [cells …]``; 2,000 and 300,000 cells when none is named. The naive scan looks at each
cell's frame first, as one would write it without an index; of 300,000 cells it is measured with fewer points.
"""

import sys
import time
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1]))

import shapely

from server.geography.index import LayerIndex

_POINTS = 10_000
_MOST_LOOKS = 6_000_000
_SIDE = 0.001
_WEST, _NORTH = 123.5, 30.5
Row = tuple[str, str, float, str]
Point = tuple[float, float]
Framed = tuple[str, shapely.Geometry, tuple[float, float, float, float]]


def main() -> None:
    """Print one line for each number of cells, in processor time: the machine may be busy."""
    for count in [int(text) for text in sys.argv[1:]] or [2_000, 300_000]:
        print(_measured(count))


def _measured(count: int) -> str:
    rows, points = _cells(count), _points(count)
    begun = time.process_time()
    index = LayerIndex(rows)
    built = time.process_time() - begun
    begun = time.process_time()
    found = [index.at(*point) for point in points]
    indexed = (time.process_time() - begun) / len(points)
    some, frames = points[: max(20, _MOST_LOOKS // count)], _frames(rows)
    begun = time.process_time()
    scanned = [_scan(frames, *point) for point in some]
    naive = (time.process_time() - begun) / len(some)
    if [one and one.code for one in found[: len(some)]] != scanned:
        raise SystemExit("the index and the scan disagree")
    return (
        f"{count} cells: index built in {built:.2f} s; {indexed * len(points):.2f} s for {len(points)} points "
        f"({indexed * 1e6:.0f} us each); naive scan {naive * 1e6:.0f} us each ({len(some)} points): "
        f"{naive / indexed:.0f} times as long"
    )


def _frames(rows: list[Row]) -> list[Framed]:
    shapes = [(code, shapely.from_geojson(text)) for code, _name, _area, text in rows]
    return [(code, shape, shape.bounds) for code, shape in shapes]


def _scan(frames: list[Framed], lon: float, lat: float) -> str | None:
    point = shapely.Point(lon, lat)
    hits = (
        code
        for code, shape, (west, south, east, north) in frames
        if west <= lon <= east and south <= lat <= north and shape.intersects(point)
    )
    return min(hits, default=None)


def _cells(count: int) -> list[Row]:
    side = _side(count)
    rows = []
    for number in range(count):
        row, column = divmod(number, side)
        west, north = _WEST + column * _SIDE, _NORTH - row * _SIDE
        shape = shapely.box(west, north - _SIDE, west + _SIDE, north)
        rows.append((f"{number:015}", "", 1.0, shapely.to_geojson(shape)))
    return rows


def _points(count: int) -> list[Point]:
    dice, side = Random(5), _side(count)  # noqa: S311 (places, not secrets)
    width = side * _SIDE
    return [(_WEST + dice.random() * width, _NORTH - dice.random() * width) for _number in range(_POINTS)]


def _side(count: int) -> int:
    return round(count**0.5) or 1


if __name__ == "__main__":
    main()
