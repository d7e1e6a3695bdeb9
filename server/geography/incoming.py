"""What a file's features become before anything is stored: codes, names, shapes in CGCS2000, and what is wrong so far.

Knows shapely and the coordinate systems, neither the database nor HTTP.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from server.geography.crs import Crs, canonical
from server.geography.rules import COVERING, Finding, FindingKind, LayerKind

_CODE_NAMES = ("code", "grid_code", "bgcode", "BGCODE", "bgid", "BGID", "CODE", "编码", "代码", "网格编码")
_NAME_NAMES = ("name", "NAME", "bgname", "BGNAME", "名称")
_LONGEST_CODE = 64
_LONGEST_NAME = 200
_MOST_CELLS = 2_000
_SURFACES = ("Polygon", "MultiPolygon")


@dataclass(frozen=True)
class Incoming:
    """A feature with a usable shape. ``cells`` are the unit grids of a responsibility grid that is given by codes."""

    number: int
    code: str
    name: str
    properties: Mapping[str, Any]
    shape: BaseGeometry
    cells: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Return what to call it in a finding."""
        return self.code or f"#{self.number}"


_Move = Callable[[BaseGeometry], BaseGeometry]
CellShapes = Callable[[Sequence[str]], Mapping[str, str]]


@dataclass(frozen=True)
class Reading:
    """What a layer is read as: its kind, its coordinate system, and where the shapes of unit grids can be had.

    ``cells``: GeoJSON text in CGCS2000 by unit grid code, of those that are known.
    """

    kind: LayerKind
    crs: Crs
    cells: CellShapes


def read_features(told: Iterable[Mapping[str, Any]], how: Reading) -> tuple[list[Incoming], list[Finding]]:
    """Return the features that have a shape, and findings about those that have none."""
    read: list[Incoming] = []
    found: list[Finding] = []
    move = _mover(how.crs)
    for number, feature in enumerate(told, 1):
        properties = feature.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        code, name = _first(properties, _CODE_NAMES, feature.get("id")), _first(properties, _NAME_NAMES)
        label = code[:_LONGEST_CODE] or f"#{number}"
        try:
            shape, cells = _shape_of(feature, properties, how, move)
        except _UnknownCells as error:
            found.append(Finding(FindingKind.UNKNOWN_CELL, (label,), told=str(error)))
        except (ValueError, TypeError, KeyError, shapely.errors.ShapelyError) as error:
            found.append(Finding(FindingKind.BROKEN_SHAPE, (label,), told=str(error)[:200]))
        else:
            read.append(Incoming(number, code[:_LONGEST_CODE], name[:_LONGEST_NAME], properties, shape, cells))
    return read, found


class _UnknownCells(ValueError):
    """A responsibility grid names unit grids that the current layer does not have."""


def _shape_of(
    feature: Mapping[str, Any], properties: Mapping[str, Any], how: Reading, move: _Move
) -> tuple[BaseGeometry, tuple[str, ...]]:
    geometry = feature.get("geometry")
    codes = properties.get("cells")
    if how.kind is LayerKind.RESPONSIBILITY_GRID and isinstance(codes, list) and codes:
        return _union(tuple(str(code) for code in codes), how.cells)
    if not isinstance(geometry, dict):
        raise ValueError("it has no geometry")  # noqa: TRY004 (told to people as a finding)
    if how.kind in COVERING and geometry.get("type") not in _SURFACES:
        raise ValueError(f"a {geometry.get('type')} is no area: draw a Polygon or a MultiPolygon")
    shape = shapely.from_geojson(json.dumps(geometry))
    if shape is None or shape.is_empty:
        raise ValueError("its geometry is empty")
    return move(shape), ()


def _union(codes: tuple[str, ...], cells: CellShapes) -> tuple[BaseGeometry, tuple[str, ...]]:
    if len(codes) > _MOST_CELLS:
        raise ValueError(f"it names {len(codes)} unit grids; {_MOST_CELLS} are the most")
    known = cells(codes)
    missing = [code for code in codes if code not in known]
    if missing:
        shown = ", ".join(missing[:5])
        raise _UnknownCells(f"{len(missing)} of its unit grids are not in the current layer, such as {shown}")
    return shapely.union_all(shapely.from_geojson([known[code] for code in dict.fromkeys(codes)])), codes


def _mover(crs: Crs) -> _Move:
    """Return what takes a shape to CGCS2000 and drops its heights.

    Neighbours share their corners, so each corner is converted once.
    """
    convert = lru_cache(maxsize=200_000)(canonical)

    def moved(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.array([convert(lon, lat, crs) for lon, lat in points.tolist()])

    def move(shape: BaseGeometry) -> BaseGeometry:
        return shapely.transform(shape, moved)

    return move


def _first(properties: Mapping[str, Any], names: Iterable[str], otherwise: object = None) -> str:
    for value in (*(properties.get(name) for name in names), otherwise):
        if isinstance(value, bool) or value is None or (isinstance(value, float) and not math.isfinite(value)):
            continue
        if isinstance(value, str | int | float):
            text = f"{value:.0f}" if isinstance(value, float) else str(value).strip()
            if text:
                return text.replace("\x00", "")
    return ""
