"""The trees that line a street. Knows the canvas and chance, nothing of where trees stand."""

import math
from functools import lru_cache
from random import Random

import numpy as np
from numpy.typing import NDArray

from photo_store.drawn.canvas import Canvas
from photo_store.drawn.light import Colour

__all__ = ["LEAVES", "draw_foot", "draw_tree"]

LEAVES: tuple[Colour, ...] = ((70, 96, 50), (88, 110, 58), (60, 84, 52), (108, 116, 60))
_IN_SHADE = (28, 40, 26)
_KINDS = 8
# Clumps of leaves in a crown up to this depth: far crowns need no detail.
_DETAIL = ((16.0, 110), (34.0, 48), (math.inf, 18))


def draw_foot(canvas: Canvas, x: float, z: float) -> None:
    """Draw the square of earth a tree stands in and the shadow around it."""
    canvas.shadow(x, z, 2.6, 2.0)
    canvas.ground((x - 0.5, x + 0.5), (z - 0.5, z + 0.5), (92, 76, 60))


def draw_tree(canvas: Canvas, dice: Random, x: float, z: float, leaves: Colour) -> None:
    """Draw trunk and crown; none right before the camera."""
    sheet = canvas.place(x, z)
    if sheet is None or z - canvas.camera.z < 3:  # noqa: PLR2004  # a crown in the lens shows nothing else
        return
    pen = canvas.pen
    trunk, sunny = canvas.lit((92, 76, 62), z), canvas.lit((116, 98, 82), z)
    pen.polygon([sheet.at(-0.13, 0), sheet.at(-0.09, 3.2), sheet.at(0.1, 3.2), sheet.at(0.15, 0)], fill=trunk)
    pen.polygon([sheet.at(-0.13, 0), sheet.at(-0.09, 3.2), sheet.at(-0.02, 3.2), sheet.at(-0.04, 0)], fill=sunny)
    clumps = next(count for depth, count in _DETAIL if z <= depth)
    outlines, colours = _crown(dice.randrange(_KINDS), clumps, leaves)
    stretch = dice.choice((-1, 1)) * dice.uniform(0.92, 1.08)
    boxes = outlines * sheet.scale * (stretch, 1, abs(stretch), 1) + (sheet.px, sheet.py, 0, 0)
    boxes[:, :2], boxes[:, 2:] = boxes[:, :2] - boxes[:, 2:], boxes[:, :2] + boxes[:, 2:]
    seen = (boxes[:, 3] > 0) & (boxes[:, 2] > 0) & (boxes[:, 0] < canvas.width)
    for box, ink in zip(boxes[seen].tolist(), canvas.inks(colours[seen], z).tolist(), strict=True):
        pen.ellipse(box, fill=ink)


@lru_cache(maxsize=_KINDS * len(_DETAIL) * len(LEAVES))
def _crown(kind: int, clumps: int, leaves: Colour) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the clumps of a crown from the dark inside to the light outside.

    Middle and half axes in metres, (clumps, 4): right of the trunk, down from its foot, across, down. Colours in
    plain daylight, (clumps, 3).
    """
    noise = np.random.default_rng((kind, clumps))
    outward = np.arange(clumps) / clumps
    angle, reach = noise.random(clumps) * math.tau, np.sqrt(noise.random(clumps))
    right, up = 1.5 * reach * np.cos(angle), 4.0 + 1.25 * reach * np.sin(angle)
    radius = (0.16 + 0.2 * noise.random(clumps)) * (1.25 - 0.85 * outward) * (110 / clumps) ** 0.15
    shade = 0.58 - 0.5 * outward - 0.06 * (up - 4.0) + 0.05 * right + 0.1 * noise.random(clumps)
    colours = np.array(leaves) * (1 - shade[:, None]) + np.array(_IN_SHADE) * shade[:, None]
    return np.column_stack((right, -up, radius, radius * 0.8)), colours
