"""Problems of the street itself: holes, lids, water, fallen trees and cables."""

import math
from random import Random

from photo_store.drawn.canvas import Canvas
from photo_store.drawn.light import Colour, mixed, varied

__all__ = ["draw_cable", "draw_fallen_tree", "draw_lid", "draw_manhole", "draw_pole", "draw_pothole", "draw_water"]

LID, POLE = (-2.3, 6.0), (-1.1, 13.0)


def draw_pothole(canvas: Canvas, dice: Random) -> None:
    """Draw two holes with crumbling edges, cracks running out of them and rubble around."""
    for x, z, size in ((1.2, 6.0, 1.0), (2.4 + dice.uniform(-0.4, 0.6), 8.6, 0.7)):
        spikes = [1 + dice.uniform(-0.24, 0.24) for _ in range(22)]
        for grow, colour in ((1.28, (132, 128, 122)), (1.0, (70, 66, 62)), (0.8, (50, 46, 42)), (0.5, (78, 66, 52))):
            canvas.polygon(_ragged(x, z - 0.06 * (1 - grow), 0.95 * size * grow, 0.75 * size * grow, spikes), colour)
        for _ in range(9):
            _draw_crack(canvas, dice, x, z, size)
        for _ in range(46):
            turn, far = dice.uniform(0, math.tau), dice.uniform(0.2, 1.5) * size
            stone = dice.uniform(0.02, 0.07)
            left, depth = x + far * math.cos(turn), z + 0.8 * far * math.sin(turn)
            canvas.box(
                (left, left + stone), (0, stone * 0.7), (depth, depth + stone), varied((120, 112, 102), dice, 26)
            )


def _draw_crack(canvas: Canvas, dice: Random, x: float, z: float, size: float) -> None:
    turn = dice.uniform(0, math.tau)
    path = [(x + 0.7 * size * math.cos(turn), 0.0, z + 0.6 * size * math.sin(turn))]
    for _ in range(7):
        turn += dice.uniform(-0.55, 0.55)
        path.append((path[-1][0] + 0.17 * math.cos(turn), 0.0, path[-1][2] + 0.17 * math.sin(turn)))
    canvas.stroke(path, 0.013, (52, 50, 50))


def _ragged(x: float, z: float, across: float, along: float, spikes: list[float]) -> list[tuple[float, float, float]]:
    step = math.tau / len(spikes)
    return [
        (x + across * spike * math.cos(index * step), 0.0, z + along * spike * math.sin(index * step))
        for index, spike in enumerate(spikes)
    ]


def _disc(x: float, z: float, radius: float) -> list[tuple[float, float, float]]:
    return _ragged(x, z, radius, radius, [1.0] * 32)


def draw_lid(canvas: Canvas, dice: Random) -> None:
    """Draw the manhole as it should be: a whole cast lid in its ring."""
    x, z = LID
    iron = varied((96, 96, 98), dice, 8)
    canvas.polygon(_disc(x, z, 0.5), (128, 126, 122))
    canvas.polygon(_disc(x, z, 0.42), mixed(iron, (20, 20, 20), 0.5))
    canvas.polygon(_disc(x, z, 0.4), iron)
    for row in range(-3, 4):
        reach = math.sqrt(0.36**2 - (row * 0.1) ** 2)
        for index in range(int(reach / 0.05)):
            left = x - reach + index * 0.1
            canvas.ground(
                (left, left + 0.06), (z + row * 0.1 - 0.03, z + row * 0.1 + 0.03), mixed(iron, (220, 220, 220), 0.25)
            )


def draw_manhole(canvas: Canvas, dice: Random) -> None:
    """Draw the same manhole with its lid broken: a dark shaft, one half tilted, splinters."""
    x, z = LID
    canvas.polygon(_disc(x, z, 0.56), (112, 106, 98))
    canvas.polygon(_disc(x, z, 0.42), (58, 54, 50))
    canvas.polygon(_disc(x, z + 0.05, 0.36), (16, 16, 18))
    iron = (104, 98, 94)
    half = [point for point in _disc(x + 0.2, z + 0.02, 0.4) if point[0] >= x + 0.12]
    canvas.polygon([(px, 0.04 + 0.3 * (px - x), pz) for px, _, pz in half], mixed(iron, (10, 10, 10), 0.55))
    canvas.polygon([(px, 0.08 + 0.3 * (px - x), pz) for px, _, pz in half], iron)
    for _ in range(7):
        _draw_crack(canvas, dice, x, z, 0.65)
    for _ in range(16):
        left, depth, size = x + dice.uniform(-0.9, 0.9), z + dice.uniform(-0.7, 0.6), dice.uniform(0.03, 0.1)
        canvas.box((left, left + size), (0, size * 0.5), (depth, depth + size), varied((98, 94, 90), dice, 18))


def draw_water(canvas: Canvas, dice: Random) -> None:
    """Draw a street under water that mirrors the sky and the houses."""
    sky = canvas.light.horizon
    pools = ((2.6, 10.0, 9.6, 11.0), (0.6, 6.8, 5.6, 4.2), (-2.4, 9.0, 4.6, 5.4))
    for x, z, across, along in pools:
        canvas.blot((x, z), (across * 1.06, along * 1.06), (78, 77, 76), wobble=0.08)
    for (x, z, across, along), mud in zip(pools, (0.45, 0.3, 0.38), strict=True):
        canvas.blot((x, z), (across, along), mixed(sky, (100, 100, 94), mud), wobble=0.08)
    for _ in range(16):
        x, z = dice.uniform(-3.2, 6.0), dice.uniform(6.0, 14)
        sheet = canvas.place(x, z)
        if sheet is not None:
            shade: Colour = dice.choice(((92, 92, 90), (120, 114, 104), (70, 82, 70)))
            streak = [sheet.at(-0.3, 0), sheet.at(0.3, 0), sheet.at(0.24, -0.34), sheet.at(-0.24, -0.3)]
            canvas.glaze.polygon(streak, fill=(*canvas.lit(shade, z), 46))
    for _ in range(46):
        x, z, reach = dice.uniform(-3.4, 6.2), dice.uniform(5.4, 14.5), dice.uniform(0.2, 0.9)
        ripple = [(x + reach * (step / 6 - 0.5), 0.0, z + 0.04 * math.sin(step * 1.7)) for step in range(7)]
        canvas.stroke(ripple, 0.018, mixed(sky, (255, 255, 255), 0.55 if dice.random() < 0.5 else 0.0))  # noqa: PLR2004  # crest or trough
    for _ in range(7):
        x, z = dice.uniform(-2, 5), dice.uniform(6, 10)
        canvas.ground((x, x + 0.12), (z, z + 0.1), (186, 180, 160), 0.01)


def draw_fallen_tree(canvas: Canvas, dice: Random) -> None:
    """Draw a tree torn out of the pavement, lying across the road."""
    canvas.shadow(1.2, 8.4, 6.4, 2.6)
    canvas.blot((-1.8, 8.0), (1.6, 1.1), (74, 58, 44), alpha=230, wobble=0.16)
    bark = (96, 78, 62)
    root, tip = (-1.7, 0.45, 8.0), (2.6, 0.5, 8.6)
    for _ in range(14):
        end = (root[0] - dice.uniform(0.1, 0.7), root[1] + dice.uniform(-0.4, 0.7), root[2] + dice.uniform(-0.4, 0.4))
        canvas.stroke([root, end], 0.06, varied((84, 66, 50), dice))
    canvas.stroke([root, tip], 0.34, mixed(bark, (20, 16, 12), 0.35))
    canvas.stroke([(root[0], root[1] + 0.07, root[2]), (tip[0], tip[1] + 0.07, tip[2])], 0.18, bark)
    leaves = dice.choice(((76, 102, 52), (92, 112, 56), (64, 92, 54)))
    for _ in range(16):
        start = (dice.uniform(0.2, 2.6), 0.5, 8.4)
        end = (start[0] + dice.uniform(0.2, 1.9), dice.uniform(0.05, 1.7), 8.4 + dice.uniform(-0.9, 0.7))
        canvas.stroke([start, end], 0.05, bark)
    clumps = 420
    for index in range(clumps):
        z = 9.2 - 1.8 * index / clumps
        sheet = canvas.place(dice.gauss(2.7, 1.0), z)
        if sheet is None:
            continue
        up, radius = abs(dice.gauss(0.35, 0.42)), dice.uniform(0.05, 0.13)
        (left, top), (right, bottom) = sheet.at(-radius, up + radius * 0.7), sheet.at(radius, up - radius * 0.7)
        shade = mixed(leaves, (26, 36, 22), max(0.0, 0.5 - 0.35 * up - 0.15 * index / clumps))
        canvas.pen.ellipse((left, top, right, bottom), fill=canvas.lit(varied(shade, dice, 12), z))


def draw_pole(canvas: Canvas, dice: Random) -> None:
    """Draw the pole that the cables belong to."""
    x, z = POLE
    canvas.shadow(x, z, 0.9, 0.7)
    canvas.stroke([(x, 0, z), (x, 7.2, z)], 0.24, varied((150, 148, 142), dice))
    for height in (5.7, 6.4):
        canvas.stroke([(x - 0.7, height, z), (x + 0.7, height, z)], 0.09, (110, 110, 108))


def draw_cable(canvas: Canvas, dice: Random) -> None:
    """Draw cables torn from the facade that hang over the pavement and lie in loops on it."""
    for index in range(4):
        low = dice.uniform(0.5, 1.5)
        start, end = (-4.95, 5.2 + 0.2 * index, 11.0), (POLE[0], 5.5 + 0.3 * index, POLE[1])
        path = []
        for step in range(17):
            share = step / 16
            height = start[1] + (end[1] - start[1]) * share - (start[1] - low) * math.sin(math.pi * share)
            path.append(
                (start[0] + (end[0] - start[0]) * share, height, 11.0 + 2.0 * share - 4.4 * math.sin(math.pi * share))
            )
        canvas.stroke(path, 0.04, (26, 26, 30))
    for index in range(3):
        x, z, radius = -2.7 + dice.uniform(-0.5, 0.5), 5.9 + 0.4 * index, dice.uniform(0.35, 0.6)
        loop = [
            (x + radius * math.cos(step * 0.42) * (1 + step * 0.012), 0.02, z + 0.6 * radius * math.sin(step * 0.42))
            for step in range(46)
        ]
        canvas.stroke(loop, 0.035, (30, 30, 34))
    canvas.stroke(
        [(-4.9, 4.2, 7.0), (-4.3, 2.2, 6.9), (-4.1, 0.9, 6.7), (-3.6, 0.03, 6.4), (-2.7, 0.02, 6.2)],
        0.045,
        (28, 28, 32),
    )
    canvas.side(-4.95, (6.6, 7.4), (4.0, 4.7), (172, 176, 176))
    canvas.side(-4.94, (6.7, 7.1), (3.5, 4.6), (96, 100, 102))
