"""A picture under way: shapes given in metres become pixels, with light and haze. Knows no street furniture.

Shapes wait and are projected together, hundreds at a time, because a street has thousands of them; whoever takes
the pen or the picture sees all that was drawn before.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from photo_store.drawn.camera import NEAR_PLANE, Camera, Pixel, Place, Point, in_front
from photo_store.drawn.light import DARKEST, LIGHTEST, Colour, Light, mixed

__all__ = ["Canvas"]

HAZE_LENGTH = 130.0
SPECK = 1.5  # square pixels; what is smaller is not drawn
SOFT_SHADOW_DEPTH = 24.0
_SOLID = 255
_RING = tuple((math.cos(step * math.tau / 24), math.sin(step * math.tau / 24)) for step in range(24))
Numbers = NDArray[np.float64]


class Canvas:
    """Colours are given as in plain daylight; light and haze are added here."""

    def __init__(self, image: Image.Image, camera: Camera, light: Light) -> None:
        self.camera = camera
        self.light = light
        self._image = image
        self._pen = ImageDraw.Draw(image)
        self._glaze = ImageDraw.Draw(image, "RGBA")
        self._focal = camera.focal * max(image.size)
        self._centre = image.width / 2
        self._horizon = camera.horizon * image.height
        self._limit = camera.z + NEAR_PLANE
        # Waiting shapes: the coordinates of all their corners; of each shape the number of corners, colour, alpha.
        self._corners: list[float] = []
        self._shapes: list[float] = []

    @property
    def image(self) -> Image.Image:
        """The picture with all that was drawn so far."""
        self._paint()
        return self._image

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return self._image.width

    @property
    def pen(self) -> ImageDraw.ImageDraw:
        """A pen for shapes given in pixels, over all that was drawn so far."""
        self._paint()
        return self._pen

    @property
    def glaze(self) -> ImageDraw.ImageDraw:
        """A pen like ``pen`` that takes translucent colours."""
        self._paint()
        return self._glaze

    def lit(self, colour: Colour, z: float) -> Colour:
        """Return how ``colour`` looks at depth ``z``."""
        tint, fog = self.light.tint, self.light.haze
        clear = math.exp(-max(0.0, z) / HAZE_LENGTH)
        haze = 1.0 - clear
        return (
            min(LIGHTEST, max(DARKEST, int(colour[0] * tint[0] * clear + fog[0] * haze))),
            min(LIGHTEST, max(DARKEST, int(colour[1] * tint[1] * clear + fog[1] * haze))),
            min(LIGHTEST, max(DARKEST, int(colour[2] * tint[2] * clear + fog[2] * haze))),
        )

    def inks(self, colours: Numbers, z: Numbers | float) -> NDArray[np.int64]:
        """Return ``lit`` for many colours, shape (n, 3), at depths (n) or one depth, as numbers that both pens take."""
        clear = np.exp(np.maximum(0.0, z) / -HAZE_LENGTH)[..., None]
        seen = colours * np.array(self.light.tint) * clear + np.array(self.light.haze) * (1.0 - clear)
        parts = np.clip(seen, DARKEST, LIGHTEST).astype(np.int64)
        packed: NDArray[np.int64] = parts[:, 0] | parts[:, 1] << 8 | parts[:, 2] << 16
        return packed

    def ceiling(self, z: float) -> float:
        """Return the height in metres at which the picture ends at depth ``z``."""
        return self.camera.eye + self._horizon * max(0.0, z - self.camera.z) / self._focal

    def entry(self, x: float) -> float:
        """Return the depth from which on what stands at ``x`` is in the picture."""
        return self.camera.z + abs(x - self.camera.x) * self._focal / self._centre

    def polygon(self, points: Sequence[Point], colour: Colour, *, alpha: int = _SOLID) -> None:
        """Fill a flat shape, cut at the near plane; ``alpha`` 0..255 lets what is behind shine through."""
        if min([point[2] for point in points]) < self._limit:
            points = in_front(points, self._limit)
        if len(points) > 2:  # noqa: PLR2004  # fewer enclose nothing
            for point in points:
                self._corners.extend(point)
            self._shapes.extend((len(points), *colour, alpha))

    def ground(self, x: tuple[float, float], z: tuple[float, float], colour: Colour, y: float = 0.0) -> None:
        """Fill a rectangle lying flat at height ``y``."""
        (left, right), (near, far) = x, z
        self._corners.extend((left, y, near, right, y, near, right, y, far, left, y, far))
        self._shapes.extend((4, *colour, _SOLID))

    def side(self, x: float, z: tuple[float, float], y: tuple[float, float], colour: Colour) -> None:
        """Fill an upright rectangle along the street."""
        (near, far), (low, high) = z, y
        self._corners.extend((x, low, near, x, high, near, x, high, far, x, low, far))
        self._shapes.extend((4, *colour, _SOLID))

    def front(self, x: tuple[float, float], y: tuple[float, float], z: float, colour: Colour) -> None:
        """Fill an upright rectangle across the street."""
        (left, right), (low, high) = x, y
        self._corners.extend((left, low, z, right, low, z, right, high, z, left, high, z))
        self._shapes.extend((4, *colour, _SOLID))

    def box(self, x: tuple[float, float], y: tuple[float, float], z: tuple[float, float], colour: Colour) -> None:
        """Fill a block: the inner side, the top if seen from above, and the front."""
        dark = mixed(colour, (20, 22, 30), 0.3)
        self.side(x[1] if x[1] < self.camera.x else x[0], z, y, dark)
        if y[1] < self.camera.eye:
            self.ground(x, z, mixed(colour, (255, 255, 250), 0.18), y[1])
        self.front(x, y, z[0], colour)

    def blot(
        self,
        at: tuple[float, float],
        size: tuple[float, float],
        colour: Colour,
        *,
        alpha: int = _SOLID,
        wobble: float = 0.0,
    ) -> None:
        """Lay a round patch on the ground: a shadow, a stain, a puddle. A large translucent one costs much time."""
        (x, z), (width, depth) = at, size
        ring = [
            (
                x + width / 2 * right * (1 + wobble * math.sin(index * math.tau / 8 + x * 7)),
                0.0,
                z + depth / 2 * away * (1 + wobble * math.cos(index * math.tau * 5 / 24 + z * 5)),
            )
            for index, (right, away) in enumerate(_RING)
        ]
        self.polygon(ring, colour, alpha=alpha)

    def shadow(self, x: float, z: float, width: float, depth: float) -> None:
        """Darken the ground under something, softly: two patches into one another, far away one."""
        if z - self.camera.z > SOFT_SHADOW_DEPTH:
            self.blot((x, z), (width * 0.8, depth * 0.8), (24, 26, 34), alpha=self.light.shadow)
            return
        for share in (1.0, 0.74):
            self.blot((x, z), (width * share, depth * share), (24, 26, 34), alpha=self.light.shadow * 5 // 8)

    def place(self, x: float, z: float, y: float = 0.0) -> Place | None:
        """Return the drawing sheet at a point; None behind the camera."""
        if z < self._limit:
            return None
        px, py = self._pixel((x, y, z))
        return Place(px, py, self._focal / (z - self.camera.z))

    def stroke(self, points: Sequence[Point], width_m: float, colour: Colour) -> None:
        """Draw a line through space, as thick as ``width_m`` metres at its nearest point."""
        seen = in_front(points, self._limit)
        if len(seen) > 1:
            nearest = min(point[2] for point in seen)
            width = max(1, round(width_m * self._focal / (nearest - self.camera.z)))
            self.pen.line([self._pixel(point) for point in seen], fill=self.lit(colour, nearest), width=width)

    def _pixel(self, point: Point) -> Pixel:
        scale = self._focal / (point[2] - self.camera.z)
        return self._centre + (point[0] - self.camera.x) * scale, self._horizon + (self.camera.eye - point[1]) * scale

    def _paint(self) -> None:
        """Draw the waiting shapes in their order."""
        if not self._shapes:
            return
        shapes = np.array(self._shapes, dtype=np.float64).reshape(-1, 5)
        corners = np.array(self._corners, dtype=np.float64).reshape(-1, 3)
        self._shapes.clear()
        self._corners.clear()
        ends = np.cumsum(shapes[:, 0].astype(np.int64))
        starts = ends - shapes[:, 0].astype(np.int64)
        pixels = self._projected(corners)
        seen = np.flatnonzero(
            self._visible(pixels, starts) & (np.maximum.reduceat(corners[:, 2], starts) > self._limit)
        )
        nearest = np.minimum.reduceat(corners[:, 2], starts)[seen]
        inks = self.inks(shapes[seen, 1:4], nearest)
        alphas = shapes[seen, 4].astype(np.int64)
        flat = pixels.ravel().tolist()
        for start, end, ink, alpha in zip(
            (starts[seen] * 2).tolist(), (ends[seen] * 2).tolist(), inks.tolist(), alphas.tolist(), strict=True
        ):
            if alpha == _SOLID:
                self._pen.polygon(flat[start:end], fill=ink)
            else:
                self._glaze.polygon(flat[start:end], fill=ink | alpha << 24)

    def _projected(self, corners: Numbers) -> Numbers:
        """Return the pixels of points, shape (n, 3) to (n, 2).

        Points behind the near plane are moved onto it. That is an exact cut for what runs straight along the
        street; other shapes were cut when they came.
        """
        scale = self._focal / (np.maximum(corners[:, 2], self._limit) - self.camera.z)
        across = self._centre + (corners[:, 0] - self.camera.x) * scale
        down = self._horizon + (self.camera.eye - corners[:, 1]) * scale
        return np.column_stack((across, down))

    def _visible(self, pixels: Numbers, starts: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell of each shape whether it is in the picture and larger than a speck."""
        low, high = np.minimum.reduceat(pixels, starts), np.maximum.reduceat(pixels, starts)
        inside = (high >= 0).all(axis=1) & (low <= self._image.size).all(axis=1)
        visible: NDArray[np.bool_] = inside & ((high - low).prod(axis=1) > SPECK)
        return visible
