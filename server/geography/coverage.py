"""Where neighbouring shapes overlap, and where they leave ground uncovered. Knows shapely only."""

from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from server.geography.incoming import Incoming
from server.geography.metres import Shapes, areas_m2
from server.geography.rules import Finding, FindingKind

# Less than this is the rounding of coordinates: along a cell's side of 100 m, a strip of one centimetre.
LEAST_M2 = 1.0
# An opening between two features at the layer's edge that is narrower than about two metres.
_HALF_SLIT_DEGREES = 1e-5
_MOST_NAMED = 8
_BESIDE_DEGREES = 1e-7


def overlaps_of(features: Sequence[Incoming]) -> Iterator[Finding]:
    """Yield every two features that share more than a square metre, with a place in it and its area."""
    shapes = _shapes_of(features)
    if len(shapes) == 0:
        return
    tree = shapely.STRtree(shapes)
    # Whose borders fit those of the neighbours overlaps nothing, unless one lies in the middle of another: then its
    # inner point does. That is nearly everything, and cheaper to know than all intersections.
    suspects = np.flatnonzero(~shapely.is_empty(shapely.coverage_invalid_edges(shapes)))
    first, second = tree.query(shapes[suspects], predicate="intersects")
    inner, around = tree.query(shapely.point_on_surface(shapes), predicate="intersects")
    pairs = np.column_stack((np.concatenate((suspects[first], inner)), np.concatenate((second, around))))
    pairs = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
    if len(pairs) == 0:
        return
    shared = shapely.intersection(shapes[pairs[:, 0]], shapes[pairs[:, 1]])
    for (one, other), part, area in zip(pairs.tolist(), shared, areas_m2(shared), strict=True):
        if area >= LEAST_M2:
            codes = features[one].label, features[other].label
            yield Finding(FindingKind.OVERLAP, codes, *_point_in(part), area_m2=round(float(area), 1))


def gaps_of(features: Sequence[Incoming], *, overlapping: bool) -> Iterator[Finding]:
    """Yield the ground that features enclose without covering it, and slits between two that open to the outside.

    ``overlapping``: some of them overlap, so that the short way to their union is closed.
    """
    shapes = _shapes_of(features)
    if len(shapes) == 0:
        return
    fitting = not overlapping and bool(shapely.coverage_is_valid(shapes))
    covered = shapely.coverage_union_all(shapes) if fitting else shapely.union_all(shapes)
    filled = _without_holes(covered)
    tree = shapely.STRtree(shapes)
    for part, area in _parts(shapely.difference(filled, covered)):
        yield Finding(FindingKind.GAP, _beside(tree, features, part), *_point_in(part), area_m2=area)
    closed = shapely.buffer(filled, _HALF_SLIT_DEGREES, join_style="mitre")
    closed = shapely.buffer(closed, -_HALF_SLIT_DEGREES, join_style="mitre")
    for part, area in _parts(shapely.difference(closed, filled)):
        codes = _beside(tree, features, part)
        if len(codes) > 1:
            yield Finding(FindingKind.SLIT, codes, *_point_in(part), area_m2=area)


def _shapes_of(features: Sequence[Incoming]) -> Shapes:
    return np.array([feature.shape for feature in features], dtype=object)


def _without_holes(shape: BaseGeometry) -> BaseGeometry:
    parts = shapely.get_parts(shape)
    return shapely.union_all(shapely.polygons(shapely.get_exterior_ring(parts)))


def _parts(left: BaseGeometry) -> Iterator[tuple[BaseGeometry, float]]:
    parts = shapely.get_parts(left)
    for part, area in zip(parts, areas_m2(parts), strict=True):
        if area >= LEAST_M2:
            yield part, round(float(area), 1)


def _beside(tree: shapely.STRtree, features: Sequence[Incoming], part: BaseGeometry) -> tuple[str, ...]:
    near = tree.query(shapely.buffer(part, _BESIDE_DEGREES), predicate="intersects")
    return tuple(sorted(features[index].label for index in near.tolist())[:_MOST_NAMED])


def _point_in(part: BaseGeometry) -> tuple[float, float]:
    point = shapely.point_on_surface(part)
    return round(float(shapely.get_x(point)), 7), round(float(shapely.get_y(point)), 7)
