"""The index of one layer in memory: which feature is at a place. Knows shapely, neither the database nor HTTP."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import shapely


@dataclass(frozen=True)
class Found:
    """The feature at a place."""

    code: str
    name: str


class LayerIndex:
    """Finds the feature at a point among any number of them: logarithmic, safe for several threads."""

    def __init__(self, features: Iterable[tuple[str, str, float, str]]) -> None:
        """``features``: (code, name, area in m², GeoJSON text of the shape in CGCS2000)."""
        rows = sorted(((area, code, name, shape) for code, name, area, shape in features), key=lambda row: row[:2])
        self._found = [Found(code, name) for _area, code, name, _shape in rows]
        self._shapes = shapely.from_geojson(np.array([row[3] for row in rows], dtype=object))
        # A street of thousands of corners is asked again and again: each shape keeps an index of its own border.
        shapely.prepare(self._shapes)
        self._tree = shapely.STRtree(self._shapes)

    def __len__(self) -> int:
        """Return how many features there are."""
        return len(self._found)

    def at(self, lon: float, lat: float) -> Found | None:
        """Return the smallest feature that holds the point, its border included: the community, not its street.

        On a border between equals the lower code has it, always the same one.
        """
        point = shapely.points([lon, lat])
        # The tree compares frames only. The features stand in the order of their size, so the first is the smallest.
        hits: list[int] = sorted(self._tree.query(point).tolist())
        for near in hits:
            if self._shapes[near].intersects(point):
                return self._found[near]
        return None
