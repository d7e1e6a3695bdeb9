"""Where the phone is held, and the sheet a flat thing is drawn on. Knows no picture.

World: metres; x to the right, y up from the ground, z away along the street. The facade on the left stands at
x = -5, the kerb at x = -1, the far kerb at x = 7.
"""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["NEAR_PLANE", "Camera", "Pixel", "Place", "Point", "in_front"]

NEAR_PLANE = 0.5
Point = tuple[float, float, float]
Pixel = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Camera:
    """Where the phone is held (``x``, ``eye``, ``z``), its focal length and the height of the horizon.

    ``focal`` in units of the picture's longer side; ``horizon`` as a share of its height, from the top.
    """

    x: float
    z: float
    focal: float
    horizon: float
    eye: float = 1.6


@dataclass(frozen=True, slots=True)
class Place:
    """A point on the ground as a drawing sheet: pixel of its foot, pixels per metre."""

    px: float
    py: float
    scale: float

    def at(self, right: float, up: float) -> Pixel:
        """Return the pixel ``right`` and ``up`` metres from the foot."""
        return self.px + right * self.scale, self.py - up * self.scale


def in_front(points: Sequence[Point], limit: float) -> list[Point]:
    """Cut a shape at depth ``limit`` (Sutherland and Hodgman, 1974, for one plane)."""
    kept: list[Point] = []
    for index, (x, y, z) in enumerate(points):
        before_x, before_y, before_z = points[index - 1]
        if (z >= limit) != (before_z >= limit):
            share = (limit - before_z) / (z - before_z)
            kept.append((before_x + (x - before_x) * share, before_y + (y - before_y) * share, limit))
        if z >= limit:
            kept.append((x, y, z))
    return kept
