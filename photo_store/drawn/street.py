"""The street itself: sky, houses, road, pavement, trees, lamps, wires and parked cars.

The same chance gives the same street, whatever problem is put into it afterwards.
"""

import math
from random import Random

import numpy as np
from PIL import Image

from photo_store.drawn.camera import Camera
from photo_store.drawn.canvas import Canvas
from photo_store.drawn.facades import LEFT, RIGHT, draw_row
from photo_store.drawn.light import DARKEST, LIGHTEST, LIGHTS, Colour, Light, mixed, varied
from photo_store.drawn.trees import LEAVES, draw_foot, draw_tree

__all__ = ["draw_street"]

KERB, FAR_KERB, FAR_END = -1.0, 7.0, 320.0
PAVING: tuple[Colour, ...] = ((164, 158, 150), (150, 148, 146), (176, 160, 148), (158, 150, 136))
_CARS: tuple[Colour, ...] = (
    (214, 214, 212),
    (60, 62, 66),
    (122, 34, 36),
    (46, 66, 98),
    (150, 154, 158),
    (206, 198, 178),
)
_TREES = {"tree": KERB - 0.45, "far tree": FAR_KERB + 0.8}


def draw_street(size: tuple[int, int], camera: Camera, seed: int) -> Canvas:
    """Return a canvas with the street of ``seed`` as the camera sees it."""
    dice = Random(f"{seed} street")  # noqa: S311  # drawing, no secret
    light = dice.choice(LIGHTS)
    canvas = Canvas(_sky(size, camera, light, seed), camera, light)
    _draw_far_end(canvas, dice)
    _draw_ground(canvas, dice)
    for x in (RIGHT, LEFT):
        draw_row(canvas, Random(dice.getrandbits(32)), x)  # noqa: S311  # drawing, no secret
    _draw_furniture(canvas, dice)
    return canvas


def _sky(size: tuple[int, int], camera: Camera, light: Light, seed: int) -> Image.Image:
    """Paint a small sky with clouds and enlarge it: soft edges for nothing."""
    rows, columns = 48, 64
    bottom = max(4, round(rows * max(camera.horizon, 0.1)))
    ramp = np.clip(np.arange(rows) / bottom, 0, 1)[:, None, None] ** 0.8
    sky = np.array(light.zenith) * (1 - ramp) + np.array(light.horizon) * ramp
    coarse = np.random.default_rng(seed % 2**63).integers(0, 256, (9, 8), dtype=np.uint8)
    puffs = np.asarray(Image.fromarray(coarse).resize((columns, rows), Image.Resampling.BICUBIC), dtype=np.float64)
    cover = np.clip((puffs - 120) / 110, 0, 1)[:, :, None] * light.clouds
    sky = sky * (1 - cover) + (np.array(light.horizon) * 0.4 + 150) * cover
    small = Image.fromarray(np.clip(sky, DARKEST, LIGHTEST).astype(np.uint8))
    picture = Image.new("RGB", size, light.haze)
    # Below the horizon all will be painted over; a little more, because far ends sway with the hand.
    seen = min(1.0, camera.horizon + 0.05)
    above = (size[0], round(size[1] * seen))
    # Smoothly to a quarter of the size and plainly to the whole: so soft a picture shows no steps.
    soft = (max(1, above[0] // 4), max(1, above[1] // 4))
    quarter = small.resize(soft, Image.Resampling.BILINEAR, box=(0, 0, columns, rows * seen))
    picture.paste(quarter.resize(above, Image.Resampling.NEAREST), (0, 0))
    return picture


def _draw_far_end(canvas: Canvas, dice: Random) -> None:
    for z in (300.0, 240.0, 190.0):
        x = -45.0
        while x < 50:  # noqa: PLR2004  # metres; farther out the rows of houses hide all
            width = dice.uniform(8, 22)
            canvas.front((x, x + width), (0, dice.uniform(12, 46)), z, varied((136, 140, 148), dice, 16))
            x += width + dice.uniform(0, 9)


def _draw_ground(canvas: Canvas, dice: Random) -> None:
    asphalt = varied((98, 99, 103), dice, 12)
    paving = varied(dice.choice(PAVING), dice)
    edges = [canvas.camera.z, 4, 9, 16, 28, 50, 90, 150, FAR_END]
    for far, near in zip(reversed(edges), reversed(edges[:-1]), strict=False):
        canvas.ground((-40, 40), (near, far), mixed(paving, (90, 90, 90), 0.1))
        canvas.ground((KERB, FAR_KERB), (near, far), asphalt)
    _draw_paving_joints(canvas, dice, paving)
    for x in (KERB, FAR_KERB):
        canvas.ground((x - 0.15, x + 0.15), (canvas.camera.z, FAR_END), (186, 184, 178))
        canvas.ground((x + 0.15, x + 0.24), (canvas.camera.z, FAR_END), mixed(asphalt, (20, 20, 24), 0.35))
    for index in range(-4, 26):
        canvas.ground((2.93, 3.07), (index * 6.0, index * 6.0 + 2.6), (206, 204, 194))
    for _ in range(dice.randint(3, 7)):
        z = dice.uniform(3, 30)
        x, size = dice.uniform(-0.5, 6), (dice.uniform(0.6, 2.4), dice.uniform(0.8, 3))
        canvas.blot((x, z), size, (58, 58, 62), alpha=60, wobble=0.12)


def _draw_paving_joints(canvas: Canvas, dice: Random, paving: Colour) -> None:
    joint = mixed(paving, (60, 58, 56), 0.3)
    start = math.floor(canvas.camera.z)
    for row in range(start * 2, start * 2 + 36):
        z = row / 2
        canvas.ground((LEFT, KERB - 0.15), (z, z + 0.025), joint)
        if row % 2 and dice.random() < 0.5:  # noqa: PLR2004  # here and there a slab of another batch
            x = KERB - 0.65 - 0.5 * dice.randint(0, 6)
            canvas.ground((x, x + 0.48), (z + 0.03, z + 0.49), varied(paving, dice, 14))
    for column in range(1, 8):
        x = KERB - 0.15 - column * 0.5
        canvas.ground((x, x + 0.02), (canvas.camera.z, canvas.camera.z + 40), joint)
    # The yellow strip of ribbed slabs that guides blind people along every Chinese pavement.
    canvas.ground((-3.65, -3.3), (canvas.camera.z, FAR_END), (198, 170, 92))
    for row in range(start * 4, start * 4 + 44):
        canvas.ground((-3.65, -3.3), (row / 4, row / 4 + 0.04), (170, 142, 72))


def _draw_furniture(canvas: Canvas, dice: Random) -> None:
    """Trees, lamps and cars from far to near, so that the near ones cover the far ones."""
    leaves = dice.choice(LEAVES)
    offset = dice.uniform(0, 8)
    things: list[tuple[float, str]] = [(8.5 + offset + 8.0 * index, "tree") for index in range(9)]
    things += [(12.0 + offset + 16.0 * index, "lamp") for index in range(5)]
    things += [(dice.uniform(9, 70), "car") for _ in range(dice.randint(2, 5))]
    things += [(11.0 + 9.0 * index, "far tree") for index in range(8)]
    for z, thing in things:
        if thing in _TREES:
            draw_foot(canvas, _TREES[thing], z)
    for z, thing in sorted(things, reverse=True):
        own = Random(dice.getrandbits(32))  # noqa: S311  # drawing, no secret
        if thing in _TREES:
            draw_tree(canvas, own, _TREES[thing], z, leaves)
        elif thing == "lamp":
            _draw_lamp(canvas, z)
        else:
            _draw_car(canvas, own, 5.9, z)
    for height in (5.6, 5.9, 6.3):
        sag = [
            (LEFT + 0.3 + step * 0.9, height - 0.9 * math.sin(step * math.pi / 17), 14.0 + offset) for step in range(18)
        ]
        canvas.stroke(sag, 0.025, (40, 40, 44))


def _draw_lamp(canvas: Canvas, z: float) -> None:
    x = KERB - 0.3
    canvas.stroke([(x, 0, z), (x, 7.5, z), (x + 1.4, 7.9, z)], 0.12, (128, 132, 134))
    canvas.front((x + 1.2, x + 1.9), (7.8, 7.95), z, (206, 206, 200))
    canvas.front((x - 0.14, x + 0.14), (0, 0.6), z, (110, 114, 116))


def _draw_car(canvas: Canvas, dice: Random, x: float, z: float) -> None:
    """Draw a parked car from behind, with its side towards the road."""
    paint = varied(dice.choice(_CARS), dice)
    length, half = 4.3, 0.88
    canvas.shadow(x, z + length / 2, 2.5, length + 0.8)
    canvas.side(x - half, (z, z + length), (0.3, 0.95), mixed(paint, (20, 22, 28), 0.25))
    roof = [
        (x - half * 0.9, 0.95, z + 0.3),
        (x - half * 0.75, 1.45, z + 0.9),
        (x - half * 0.75, 1.45, z + 2.6),
        (x - half * 0.9, 0.95, z + 3.3),
    ]
    canvas.polygon(roof, (52, 58, 64))
    for wheel in (z + 0.8, z + 3.4):
        disc = [
            (
                x - half - 0.02,
                0.32 + 0.32 * math.sin(step * math.tau / 12),
                wheel + 0.32 * math.cos(step * math.tau / 12),
            )
            for step in range(12)
        ]
        canvas.polygon(disc, (30, 30, 32))
    canvas.front((x - half, x + half), (0.3, 0.98), z, paint)
    back = [
        (x - half * 0.88, 0.98, z),
        (x - half * 0.72, 1.46, z + 0.5),
        (x + half * 0.72, 1.46, z + 0.5),
        (x + half * 0.88, 0.98, z),
    ]
    canvas.polygon(back, mixed(paint, (20, 22, 28), 0.15))
    glass = [
        (x - half * 0.76, 1.02, z),
        (x - half * 0.64, 1.39, z + 0.4),
        (x + half * 0.64, 1.39, z + 0.4),
        (x + half * 0.76, 1.02, z),
    ]
    canvas.polygon(glass, (62, 72, 80))
    for left in (x - half + 0.04, x + half - 0.34):
        canvas.front((left, left + 0.3), (0.72, 0.88), z, (170, 40, 36))
    canvas.front((x - 0.25, x + 0.25), (0.5, 0.63), z, (54, 84, 140))
    canvas.front((x - half, x + half), (0.22, 0.36), z, (44, 46, 50))
