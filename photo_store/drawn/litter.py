"""Problems made of what people leave behind: rubbish, pasted papers, shared bicycles."""

import math
from random import Random

from photo_store.drawn.camera import Place
from photo_store.drawn.canvas import Canvas
from photo_store.drawn.light import Colour, mixed, varied

__all__ = ["draw_bicycles", "draw_rubbish", "draw_small_ads", "draw_wall"]

_BAGS: tuple[Colour, ...] = ((44, 46, 50), (38, 40, 44), (206, 208, 206), (84, 112, 148), (164, 60, 58), (90, 120, 92))
_BIKES: tuple[Colour, ...] = ((236, 190, 44), (60, 150, 206), (78, 178, 140), (220, 222, 220))
WALL_Z, LEFT_END, RIGHT_END = 7.5, -5.0, -1.1


def draw_rubbish(canvas: Canvas, dice: Random) -> None:
    """Draw bags burst open around an overflowing bin."""
    canvas.shadow(-2.5, 6.4, 3.6, 2.4)
    canvas.blot((-2.4, 5.9), (3.2, 1.9), (70, 62, 48), alpha=90, wobble=0.15)
    canvas.box((-3.5, -2.95), (0, 1.0), (6.9, 7.5), (64, 104, 78))
    canvas.box((-3.55, -2.9), (1.0, 1.08), (6.85, 7.5), (50, 84, 62))
    items = [(dice.uniform(5.2, 7.1), dice.choice(("bag", "bag", "carton", "paper", "bottle"))) for _ in range(34)]
    for z, kind in sorted(items, reverse=True):
        x = dice.gauss(-2.45, 0.62)
        sheet = canvas.place(x, z)
        if sheet is None:
            continue
        if kind == "bag":
            _draw_bag(canvas, dice, sheet, z)
        elif kind == "carton":
            side = dice.uniform(0.25, 0.5)
            canvas.box((x, x + side), (0, side * 0.7), (z, z + side), varied((164, 128, 86), dice, 14))
        else:
            turn, size = dice.uniform(0, math.tau), dice.uniform(0.08, 0.22)
            corners = [
                (x + size * math.cos(turn + quarter), 0.01, z + size * math.sin(turn + quarter))
                for quarter in (0, 1.3, 3.1, 4.5)
            ]
            canvas.polygon(
                corners, varied(dice.choice(((222, 220, 212), (196, 204, 210), (186, 70, 62), (92, 140, 92))), dice)
            )


def _draw_bag(canvas: Canvas, dice: Random, sheet: Place, z: float) -> None:
    width, height = dice.uniform(0.26, 0.46), dice.uniform(0.28, 0.52)
    colour = varied(dice.choice(_BAGS), dice)
    outline = []
    for step in range(16):
        angle = step * math.tau / 16
        bulge = 1 + dice.uniform(-0.07, 0.07)
        flat = math.sin(angle) if math.sin(angle) > 0 else 0.25 * math.sin(angle)
        outline.append(sheet.at(width * bulge * math.cos(angle), 0.1 + height * bulge * flat))
    canvas.pen.polygon(outline, fill=canvas.lit(colour, z))
    knot = [
        sheet.at(-0.07, height + 0.02),
        sheet.at(-0.1, height + 0.2),
        sheet.at(0.0, height + 0.12),
        sheet.at(0.11, height + 0.18),
        sheet.at(0.06, height + 0.02),
    ]
    canvas.pen.polygon(knot, fill=canvas.lit(mixed(colour, (255, 255, 255), 0.12), z))
    for _ in range(3):
        right, up = dice.uniform(-0.6, 0.2) * width, dice.uniform(0.35, 0.85) * height
        crease = [
            sheet.at(right, up),
            sheet.at(right + 0.3 * width, up + 0.1 * height),
            sheet.at(right + 0.2 * width, up - 0.06 * height),
        ]
        canvas.pen.polygon(crease, fill=canvas.lit(mixed(colour, (255, 255, 255), 0.3), z))


def draw_wall(canvas: Canvas, dice: Random) -> None:
    """Draw the hoarding that small ads are pasted on; it stands there with and without them."""
    wall = varied(dice.choice(((176, 182, 184), (192, 182, 160), (150, 168, 160))), dice)
    canvas.box((LEFT_END, RIGHT_END), (0, 2.5), (WALL_Z, WALL_Z + 0.2), wall)
    canvas.front((LEFT_END, RIGHT_END), (0, 0.35), WALL_Z, mixed(wall, (60, 60, 60), 0.35))
    for index in range(5):
        x = LEFT_END + index * (RIGHT_END - LEFT_END) / 4
        canvas.front((x - 0.03, x + 0.03), (0, 2.5), WALL_Z, mixed(wall, (40, 40, 44), 0.4))


def draw_small_ads(canvas: Canvas, dice: Random) -> None:
    """Draw dozens of leaflets, half of them torn, and a sprayed number."""
    for _ in range(42):
        x, y = dice.uniform(LEFT_END + 0.1, RIGHT_END - 0.5), dice.uniform(0.4, 2.0)
        width, height = dice.uniform(0.2, 0.42), dice.uniform(0.26, 0.44)
        paper = varied(
            dice.choice(((242, 240, 232), (246, 222, 90), (240, 160, 176), (236, 112, 84), (176, 214, 232))), dice, 8
        )
        lean = dice.uniform(-0.06, 0.06)
        torn = dice.uniform(0.5, 1.0)
        z = WALL_Z - 0.01
        canvas.polygon(
            [(x, y, z), (x + lean, y + height, z), (x + width + lean, y + height * torn, z), (x + width, y, z)], paper
        )
        ink = dice.choice(((170, 30, 34), (36, 40, 60), (30, 84, 150)))
        canvas.front((x + 0.04, x + width * 0.8), (y + height * 0.55, y + height * 0.68), z, ink)
        for row in range(3):
            line = y + 0.04 + row * height * 0.15
            canvas.front(
                (x + 0.04, x + width * dice.uniform(0.5, 0.85)), (line, line + 0.018), z, mixed(ink, paper, 0.35)
            )
    for digit in range(8):
        x = -4.5 + digit * 0.36
        spray = [(x + dice.uniform(0, 0.22), 2.12 + dice.uniform(0, 0.3), WALL_Z - 0.02) for _ in range(5)]
        canvas.stroke(spray, 0.045, (34, 36, 44))


def draw_bicycles(canvas: Canvas, dice: Random) -> None:
    """Draw shared bicycles across the whole pavement, some of them fallen."""
    stands = [(dice.uniform(-4.4, -0.6), dice.uniform(5.4, 11.0)) for _ in range(15)]
    for x, z in sorted(stands, key=lambda stand: -stand[1]):
        canvas.shadow(x + 0.5, z, 1.9, 0.7)
        sheet = canvas.place(x, z)
        if sheet is not None:
            _draw_bicycle(canvas, sheet, z, dice.choice(_BIKES), 0.28 if dice.random() < 0.25 else 1.0)  # noqa: PLR2004  # a quarter lie flat


def _draw_bicycle(canvas: Canvas, sheet: Place, z: float, paint: Colour, upright: float) -> None:
    tyre, frame = canvas.lit((34, 36, 40), z), canvas.lit(paint, z)
    thick = max(2, round(0.045 * sheet.scale))
    for hub in (0.0, 1.05):
        (left, top), (right, bottom) = sheet.at(hub - 0.33, 0.66 * upright), sheet.at(hub + 0.33, 0)
        canvas.pen.ellipse((left, top, right, bottom), outline=tyre, width=thick)
        for spoke in range(4):
            turn = spoke * math.pi / 4
            rim = sheet.at(hub + 0.3 * math.cos(turn), (0.33 + 0.3 * math.sin(turn)) * upright)
            opposite = sheet.at(hub - 0.3 * math.cos(turn), (0.33 - 0.3 * math.sin(turn)) * upright)
            canvas.pen.line([rim, opposite], fill=canvas.lit((140, 144, 148), z), width=1)
    joints = {
        "rear": (0.0, 0.33),
        "crank": (0.45, 0.3),
        "seat": (0.33, 0.85),
        "head": (0.88, 0.82),
        "front": (1.05, 0.33),
    }
    at = {name: sheet.at(right, up * upright) for name, (right, up) in joints.items()}
    for one, other in (
        ("rear", "crank"),
        ("crank", "seat"),
        ("rear", "seat"),
        ("crank", "head"),
        ("seat", "head"),
        ("head", "front"),
    ):
        canvas.pen.line([at[one], at[other]], fill=frame, width=max(3, round(0.06 * sheet.scale)))
    canvas.pen.line(
        [sheet.at(0.18, 0.93 * upright), sheet.at(0.46, 0.93 * upright)],
        fill=tyre,
        width=max(3, round(0.08 * sheet.scale)),
    )
    bar = [at["head"], sheet.at(0.84, 1.02 * upright), sheet.at(0.7, 1.06 * upright)]
    canvas.pen.line(bar, fill=tyre, width=thick)
    basket = [
        sheet.at(0.93, 0.95 * upright),
        sheet.at(1.28, 0.95 * upright),
        sheet.at(1.22, 0.7 * upright),
        sheet.at(0.97, 0.7 * upright),
    ]
    canvas.pen.polygon(basket, fill=canvas.lit(mixed(paint, (40, 40, 40), 0.5), z))
