"""Problems made of goods: a shop that spreads over the pavement, building material left in the way."""

import math
from random import Random

from photo_store.drawn.canvas import Canvas
from photo_store.drawn.light import Colour, mixed, varied

__all__ = ["draw_piled_goods", "draw_trading"]

_WARES: tuple[Colour, ...] = (
    (206, 84, 50),
    (222, 164, 60),
    (104, 150, 66),
    (170, 52, 58),
    (122, 84, 140),
    (214, 200, 120),
)


def draw_trading(canvas: Canvas, dice: Random) -> None:
    """Draw a greengrocer whose crates, rack and parasol take the whole pavement."""
    for z in (9.4, 8.2, 7.0, 5.8):
        for x in (-4.7, -3.9, -3.1, -2.3):
            if dice.random() < 0.86:  # noqa: PLR2004  # a gap here and there
                _draw_crate(canvas, dice, x, z + dice.uniform(-0.1, 0.1), dice.choice((1, 1, 2)))
    _draw_clothes_rack(canvas, dice, z=8.8)
    _draw_parasol(canvas, dice, x=-2.9, z=7.4)
    sheet = canvas.place(-1.75, 5.6)
    if sheet is not None:
        board = [sheet.at(-0.35, 0), sheet.at(-0.3, 1.0), sheet.at(0.3, 1.0), sheet.at(0.35, 0)]
        canvas.pen.polygon(board, fill=canvas.lit((196, 52, 46), 5.6))
        for row in range(4):
            canvas.pen.polygon(
                [
                    sheet.at(-0.22, 0.8 - row * 0.18),
                    sheet.at(dice.uniform(0.05, 0.24), 0.8 - row * 0.18),
                    sheet.at(0.1, 0.73 - row * 0.18),
                    sheet.at(-0.22, 0.73 - row * 0.18),
                ],
                fill=canvas.lit((248, 232, 150), 5.6),
            )


def _draw_crate(canvas: Canvas, dice: Random, x: float, z: float, high: int) -> None:
    wood = varied(dice.choice(((150, 118, 78), (66, 110, 158), (182, 66, 54))), dice, 12)
    canvas.shadow(x + 0.33, z + 0.2, 1.0, 0.9)
    for level in range(high):
        canvas.box((x, x + 0.66), (level * 0.32, level * 0.32 + 0.3), (z, z + 0.5), wood)
        canvas.front((x, x + 0.66), (level * 0.32 + 0.12, level * 0.32 + 0.16), z, mixed(wood, (20, 16, 12), 0.4))
    wares = dice.choice(_WARES)
    for row in (0.4, 0.2, 0.0):
        for index in range(6):
            sheet = canvas.place(x + 0.08 + index * 0.1, z + row, high * 0.32)
            if sheet is not None:
                (left, top), (right, bottom) = sheet.at(-0.065, 0.11), sheet.at(0.065, -0.02)
                canvas.pen.ellipse((left, top, right, bottom), fill=canvas.lit(varied(wares, dice, 18), z))


def _draw_clothes_rack(canvas: Canvas, dice: Random, z: float) -> None:
    canvas.stroke([(-1.9, 0, z), (-1.9, 1.6, z), (-1.2, 1.6, z), (-1.2, 0, z)], 0.04, (150, 152, 156))
    for index in range(8):
        x = -1.88 + index * 0.085
        canvas.front((x, x + 0.08), (0.55 + 0.1 * dice.random(), 1.55), z - 0.02, varied(dice.choice(_WARES), dice, 30))


def _draw_parasol(canvas: Canvas, dice: Random, x: float, z: float) -> None:
    canvas.stroke([(x, 0, z), (x, 2.5, z)], 0.06, (196, 196, 192))
    one, other = varied(dice.choice(((46, 104, 166), (186, 48, 46), (40, 128, 92))), dice), (228, 226, 216)
    for index in range(10):
        rim = [
            (x + 1.3 * math.cos(turn), 2.1, z + 1.3 * math.sin(turn))
            for turn in (index * math.tau / 10, (index + 1) * math.tau / 10)
        ]
        canvas.polygon([(x, 2.65, z), *rim], one if index % 2 else other)


def draw_piled_goods(canvas: Canvas, dice: Random) -> None:
    """Draw sand, bricks, blocks and planks left on pavement and road."""
    canvas.shadow(-1.7, 7.4, 5.2, 3.4)
    sheet = canvas.place(-3.2, 8.0)
    if sheet is not None:
        sand = (188, 164, 118)
        for share in (1.0, 0.82, 0.62, 0.42, 0.22):
            # Loose sand lies in a cone with a rounded top; each inner layer is lighter and more to the left.
            heap = [
                sheet.at(1.6 * share * across - 0.12 * (1 - share), 0.95 * share**0.4 * math.exp(-4 * across**2) - 0.06)
                for across in (step / 7 - 1 for step in range(15))
            ]
            canvas.pen.polygon(
                heap, fill=canvas.lit(varied(mixed(sand, (255, 240, 206), 0.5 * (1 - share)), dice, 4), 8.0)
            )
    for level in range(6):
        for index in range(7):
            x = -1.55 + index * 0.24 + (0.12 if level % 2 else 0)
            canvas.box(
                (x, x + 0.225), (level * 0.115, level * 0.115 + 0.1), (6.6, 7.1), varied((164, 84, 62), dice, 16)
            )
    for level in range(4):
        for index in range(3 - level // 2):
            x = 0.5 + index * 0.62 + level * 0.16
            canvas.box((x, x + 0.58), (level * 0.2, level * 0.2 + 0.18), (7.4, 7.9), varied((190, 186, 176), dice, 12))
    for index in range(7):
        left = -2.6 + dice.uniform(-0.2, 0.2)
        z = 5.5 + index * 0.12
        canvas.box((left, left + 2.3), (0.0, 0.07), (z, z + 0.1), varied((178, 144, 98), dice, 14))
