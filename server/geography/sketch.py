"""Draws a layer as SVG, to see at a glance that it is the right one and where it is wrong. Knows no HTTP.

A sketch, no map: no base map stands below it, as publishing one would need an approval (审图号).
"""

import json
import math
from collections.abc import Iterable, Iterator
from html import escape

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.geography.models import GeoFeature
from server.geography.queries import Frame, LayerRow, frame_of

# More would only make the picture heavy: 3,000 cells are half a megabyte.
MOST_DRAWN = 3_000
_WIDTH = 1_000
_MARGIN = 20
_HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">'
    '<rect width="100%" height="100%" fill="#fff"/>'
)
_SURFACE = 'fill="#1769aa" fill-opacity="0.08" fill-rule="evenodd" stroke="#1769aa" stroke-width="1"'
_MARK = 'r="9" fill="none" stroke="#b3261e" stroke-width="3"'


def sketch(session: Session, of: LayerRow) -> str:
    """Return the SVG of a layer's first 3,000 features, with a red ring around every finding that has a place."""
    frame = frame_of(session, of.id)
    if frame is None:
        return _HEAD.format(width=_WIDTH, height=100) + "</svg>"
    paper = _Paper(frame)
    drawn = select(GeoFeature.code, GeoFeature.geometry).where(GeoFeature.layer_id == of.id)
    rows = session.execute(drawn.order_by(GeoFeature.id).limit(MOST_DRAWN))
    parts = [_HEAD.format(width=_WIDTH, height=paper.height)]
    parts += (_drawn(paper, code, geometry) for code, geometry in rows)
    for finding in of.findings.first:
        if finding.lon is not None and finding.lat is not None:
            x, y = paper.at(finding.lon, finding.lat)
            told = escape(f"{finding.kind}: {', '.join(finding.codes)}")
            parts.append(f'<circle cx="{x}" cy="{y}" {_MARK}><title>{told}</title></circle>')
    return "".join([*parts, "</svg>"])


class _Paper:
    """Where a place stands on the picture; degrees of longitude are shortened as they are on the ground."""

    def __init__(self, frame: Frame) -> None:
        self._west, self._north = frame.west, frame.north
        self._shrink = max(0.01, math.cos(math.radians((frame.north + frame.south) / 2)))
        wide, tall = (frame.east - frame.west) * self._shrink, frame.north - frame.south
        self._scale = (_WIDTH - 2 * _MARGIN) / max(wide, tall, 1e-9)
        self.height = round(tall * self._scale) + 2 * _MARGIN

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        x = _MARGIN + (lon - self._west) * self._shrink * self._scale
        y = _MARGIN + (self._north - lat) * self._scale
        return round(x, 1), round(y, 1)


def _drawn(paper: _Paper, code: str, geometry: str) -> str:
    shape = json.loads(geometry)
    title = f"<title>{escape(code)}</title>"
    if shape["type"] == "Point":
        x, y = paper.at(*shape["coordinates"])
        return f'<circle cx="{x}" cy="{y}" r="3" fill="#1769aa">{title}</circle>'
    closed = "Z" if shape["type"].endswith("Polygon") else ""
    path = "".join(f"M{_points(paper, points)}{closed}" for points in _lines(shape))
    surface = _SURFACE if closed else 'fill="none" stroke="#1769aa" stroke-width="2"'
    return f'<path d="{path}" {surface}>{title}</path>'


def _lines(shape: dict[str, object]) -> Iterator[list[list[float]]]:
    """Yield the rings and lines of a shape, however deep they stand."""
    if shape["type"] == "GeometryCollection":
        parts = shape["geometries"]
        for part in parts if isinstance(parts, list) else ():
            yield from _lines(part)
    else:
        yield from _flat(shape["coordinates"])


def _flat(told: object) -> Iterator[list[list[float]]]:
    if not isinstance(told, list) or not told:
        return
    if isinstance(told[0], list) and told[0] and isinstance(told[0][0], int | float):
        yield told
    elif isinstance(told[0], list):
        for part in told:
            yield from _flat(part)


def _points(paper: _Paper, points: Iterable[list[float]]) -> str:
    return " ".join("{},{}".format(*paper.at(lon, lat)) for lon, lat in points)
