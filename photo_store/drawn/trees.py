"""The trees that line a street. Knows the canvas and chance, nothing of where trees stand."""

import math
from functools import lru_cache
from random import Random

import numpy as np
from numpy.typing import NDArray

from photo_store.drawn.canvas import Canvas
from photo_store.drawn.light import Colour

__all__ = ["LEAVES", "draw_tree"]

LEAVES: tuple[Colour, ...] = ((70, 96, 50), (88, 110, 58), (60, 84, 52), (108, 116, 60))
_IN_SHADE = (28, 40, 26)
_KINDS = 8
# Clumps of leaves in a crown up to this depth: far crowns need no detail.
_DETAIL = ((16.0, 120), (34.0, 60), (math.inf, 24))


def draw_tree(canvas: Canvas, dice: Random, x: float, z: float, leaves: Colour) -> None:
    """Draw a tree in its square of earth; none right before the camera."""
    sheet = canvas.place(x, z)
    if sheet is None or z - canvas.camera.z < 3:  # noqa: PLR2004  # a crown in the lens shows nothing else
        return
    canvas.shadow(x, z, 2.6, 2.0)
    canvas.ground((x - 0.5, x + 0.5), (z - 0.5, z + 0.5), (92, 76, 60))
    canvas.polygon([(x - 0.13, 0, z), (x - 0.09, 3.2, z), (x + 0.1, 3.2, z), (x + 0.15, 0, z)], (92, 76, 62))
    canvas.polygon([(x - 0.13, 0, z), (x - 0.09, 3.2, z), (x - 0.02, 3.2, z), (x - 0.04, 0, z)], (116, 98, 82))
    clumps = next(count for depth, count in _DETAIL if z <= depth)
    right, up, radius, shade = _crown(dice.randrange(_KINDS), clumps)
    across = right * dice.choice((-1, 1)) * dice.uniform(0.92, 1.08)
    px, py, reach = sheet.px + across * sheet.scale, sheet.py - up * sheet.scale, radius * sheet.scale
    dark = shade[:, None]
    inks = canvas.inks(np.array(leaves) * (1 - dark) + np.array(_IN_SHADE) * dark, z)
    outlines = np.column_stack((px - reach, py - reach * 0.8, px + reach, py + reach * 0.8))
    pen = canvas.pen
    for outline, ink in zip(outlines.tolist(), inks.tolist(), strict=True):
        pen.ellipse(outline, fill=ink)


@lru_cache(maxsize=_KINDS * len(_DETAIL))
def _crown(kind: int, clumps: int) -> tuple[NDArray[np.float64], ...]:
    """Return the clumps of a crown from the dark inside to the light outside, each of shape (clumps).

    Metres to the right of the trunk and over the ground, radius in metres, share of shade.
    """
    noise = np.random.default_rng((kind, clumps))
    outward = np.arange(clumps) / clumps
    angle, reach = noise.random(clumps) * math.tau, np.sqrt(noise.random(clumps))
    right, up = 1.5 * reach * np.cos(angle), 4.0 + 1.25 * reach * np.sin(angle)
    radius = (0.16 + 0.2 * noise.random(clumps)) * (1.25 - 0.85 * outward)
    shade = 0.58 - 0.5 * outward - 0.06 * (up - 4.0) + 0.05 * right + 0.1 * noise.random(clumps)
    return right, up, radius, shade
