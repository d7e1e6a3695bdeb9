"""A pinhole camera in a street and a canvas that draws where it looks.

World: metres; x to the right, y up from the ground, z away along the street. The facade on the left stands at
x = -5, the kerb at x = -1, the far kerb at x = 7. Knows no street furniture.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from photo_store.drawn.light import Colour, Light, mixed

__all__ = ["Camera", "Canvas", "Place"]

NEAR_PLANE = 0.5
HAZE_LENGTH = 130.0
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


class Canvas:
    """A picture under way. Colours are given as in plain daylight; light and haze are added here."""

    def __init__(self, image: Image.Image, camera: Camera, light: Light) -> None:
        self.image = image
        self.camera = camera
        self.light = light
        self.pen = ImageDraw.Draw(image)
        self.glaze = ImageDraw.Draw(image, "RGBA")
        self._focal = camera.focal * max(image.size)
        self._centre = image.width / 2
        self._horizon = camera.horizon * image.height

    def lit(self, colour: Colour, z: float) -> Colour:
        """Return how ``colour`` looks at depth ``z``."""
        red, green, blue = self.light.tint
        haze_red, haze_green, haze_blue = self.light.haze
        haze = self._haze(z)
        clear = 1.0 - haze
        # The largest tint is 1.02 and the haze is never white: ImageDraw clips what little may exceed 255.
        return (
            int(colour[0] * red * clear + haze_red * haze),
            int(colour[1] * green * clear + haze_green * haze),
            int(colour[2] * blue * clear + haze_blue * haze),
        )

    def polygon(self, points: Sequence[Point], colour: Colour, *, alpha: int | None = None) -> None:
        """Fill a flat shape, cut at the near plane; ``alpha`` 0..255 lets what is behind shine through."""
        nearest = min([point[2] for point in points])
        limit = self.camera.z + NEAR_PLANE
        seen_points = points if nearest >= limit else _in_front(points, limit)
        outline = [self._pixel(point) for point in seen_points]
        across = [pixel[0] for pixel in outline]
        if len(outline) < 3 or max(across) < 0 or min(across) > self.image.width:  # noqa: PLR2004  # not in the picture
            return
        seen = self.lit(colour, nearest)
        if alpha is None:
            self.pen.polygon(outline, fill=seen)
        else:
            self.glaze.polygon(outline, fill=(*seen, alpha))

    def ground(self, x: tuple[float, float], z: tuple[float, float], colour: Colour, y: float = 0.0) -> None:
        """Fill a rectangle lying flat at height ``y``."""
        self.polygon([(x[0], y, z[0]), (x[1], y, z[0]), (x[1], y, z[1]), (x[0], y, z[1])], colour)

    def side(self, x: float, z: tuple[float, float], y: tuple[float, float], colour: Colour) -> None:
        """Fill an upright rectangle along the street."""
        self.polygon([(x, y[0], z[0]), (x, y[1], z[0]), (x, y[1], z[1]), (x, y[0], z[1])], colour)

    def front(self, x: tuple[float, float], y: tuple[float, float], z: float, colour: Colour) -> None:
        """Fill an upright rectangle across the street."""
        self.polygon([(x[0], y[0], z), (x[1], y[0], z), (x[1], y[1], z), (x[0], y[1], z)], colour)

    def box(self, x: tuple[float, float], y: tuple[float, float], z: tuple[float, float], colour: Colour) -> None:
        """Fill a block: the inner side, the top if seen from above, and the front."""
        dark = mixed(colour, (20, 22, 30), 0.3)
        self.side(x[1] if x[1] < self.camera.x else x[0], z, y, dark)
        if y[1] < self.camera.eye:
            self.ground(x, z, mixed(colour, (255, 255, 250), 0.18), y[1])
        self.front(x, y, z[0], colour)

    def blot(
        self, at: tuple[float, float], size: tuple[float, float], colour: Colour, *, alpha: int, wobble: float = 0.0
    ) -> None:
        """Lay a translucent round patch on the ground: a shadow, a stain, a puddle."""
        (x, z), (width, depth) = at, size
        ring = [
            (
                x + width / 2 * math.cos(turn) * (1 + wobble * math.sin(3 * turn + x * 7)),
                0.0,
                z + depth / 2 * math.sin(turn) * (1 + wobble * math.cos(5 * turn + z * 5)),
            )
            for turn in (step * math.tau / 36 for step in range(36))
        ]
        self.polygon(ring, colour, alpha=alpha)

    def shadow(self, x: float, z: float, width: float, depth: float) -> None:
        """Darken the ground under something, softly: three patches into one another."""
        for share in (1.0, 0.82, 0.62):
            self.blot((x, z), (width * share, depth * share), (24, 26, 34), alpha=self.light.shadow // 2)

    def place(self, x: float, z: float, y: float = 0.0) -> Place | None:
        """Return the drawing sheet at a point; None behind the camera."""
        if z - self.camera.z < NEAR_PLANE:
            return None
        px, py = self._pixel((x, y, z))
        return Place(px, py, self._focal / (z - self.camera.z))

    def stroke(self, points: Sequence[Point], width_m: float, colour: Colour) -> None:
        """Draw a line through space, as thick as ``width_m`` metres at its nearest point."""
        seen = _in_front(points, self.camera.z + NEAR_PLANE)
        if len(seen) > 1:
            nearest = min(point[2] for point in seen)
            width = max(1, round(width_m * self._focal / (nearest - self.camera.z)))
            self.pen.line([self._pixel(point) for point in seen], fill=self.lit(colour, nearest), width=width)

    def _pixel(self, point: Point) -> Pixel:
        scale = self._focal / (point[2] - self.camera.z)
        return self._centre + (point[0] - self.camera.x) * scale, self._horizon + (self.camera.eye - point[1]) * scale

    def _haze(self, z: float) -> float:
        return 1.0 - math.exp(-max(0.0, z) / HAZE_LENGTH)


def _in_front(points: Sequence[Point], limit: float) -> list[Point]:
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
