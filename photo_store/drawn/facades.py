"""Rows of houses with shops below and flats above, as in the old streets of a county town.

Knows the canvas and chance, nothing of problems.
"""

from dataclasses import dataclass
from random import Random

from photo_store.drawn.canvas import Canvas
from photo_store.drawn.light import Colour, mixed, varied

__all__ = ["LEFT", "RIGHT", "draw_row"]

LEFT, RIGHT = -5.0, 10.5
STOREY = 3.0
SHOP_HEIGHT = 3.9
# How far along the street windows, letters and what is finer than a hand's breadth can be told apart.
DETAIL_DEPTH, FRAME_DEPTH, LETTER_DEPTH, FINE_DEPTH = 58.0, 38.0, 28.0, 22.0
_AWNING = 1.1
_WALLS: tuple[Colour, ...] = (
    (214, 204, 188), (196, 186, 170), (188, 176, 172), (206, 190, 162), (176, 182, 184), (222, 216, 206),
    (184, 150, 128), (168, 172, 164), (200, 178, 168),
)  # fmt: skip
_SIGNS: tuple[Colour, ...] = (
    (158, 44, 42), (36, 92, 132), (44, 112, 82), (196, 138, 40), (98, 62, 98), (224, 216, 200), (60, 64, 72),
)  # fmt: skip
_GLASS: tuple[Colour, ...] = ((74, 88, 98), (92, 104, 110), (58, 70, 80), (108, 120, 124))


@dataclass(frozen=True, slots=True)
class _House:
    x: float
    z: tuple[float, float]
    height: float
    wall: Colour


def draw_row(canvas: Canvas, dice: Random, x: float, *, until: float = 170.0) -> None:
    """Draw the houses along ``x`` from the far end to behind the camera."""
    houses = []
    start = -9.0
    while start < until:
        width = dice.uniform(8, 15)
        height = SHOP_HEIGHT + STOREY * dice.choice((1, 2, 3, 3, 4, 5, 6))
        houses.append(_House(x, (start, start + width), height, varied(dice.choice(_WALLS), dice)))
        start += width + (dice.uniform(2, 5) if dice.random() < 0.15 else 0.0)  # noqa: PLR2004  # now and then a lane
    for index, house in reversed(list(enumerate(houses))):
        own = Random(dice.getrandbits(32))  # noqa: S311  # drawing, no secret
        if house.z[1] > canvas.entry(_before(x)):
            _draw_house(canvas, own, house)
            before = houses[index - 1] if index else house
            _draw_gable(canvas, house, before.height if before.z[1] == house.z[0] else 0.0)


def _shaded_wall(house: _House) -> Colour:
    # The wall on the shadow side of the street is darker; both sides alike would look flat.
    return mixed(house.wall, (70, 74, 90), 0.24 if house.x > 0 else 0.06)


def _draw_gable(canvas: Canvas, house: _House, covered: float) -> None:
    """Draw the wall across the street where the next house, ``covered`` metres high, does not hide it."""
    if house.height > covered:
        outward = -12.0 if house.x < 0 else 12.0
        colour = mixed(_shaded_wall(house), (60, 60, 70), 0.22)
        canvas.front(_span(house.x, house.x + outward), (covered, house.height), house.z[0], colour)


def _draw_house(canvas: Canvas, dice: Random, house: _House) -> None:
    wall = _shaded_wall(house)
    canvas.side(house.x, house.z, (0, house.height), wall)
    canvas.side(house.x, house.z, (house.height - 0.5, house.height), mixed(wall, (40, 40, 46), 0.25))
    _draw_shops(canvas, dice, house)
    if house.z[0] < DETAIL_DEPTH:
        _draw_flats(canvas, dice, house, wall)


def _draw_flats(canvas: Canvas, dice: Random, house: _House, wall: Colour) -> None:
    glass = dice.choice(_GLASS)
    bays = max(2, round((house.z[1] - house.z[0]) / 2.7))
    bay = (house.z[1] - house.z[0]) / bays
    balconies = dice.random() < 0.35  # noqa: PLR2004  # about a third of the houses
    frame = mixed(wall, (255, 255, 255), 0.33)
    for storey in range(round((house.height - SHOP_HEIGHT) / STOREY)):
        y = SHOP_HEIGHT + storey * STOREY
        if y > canvas.ceiling(house.z[1]):
            return
        canvas.side(house.x, house.z, (y, y + 0.12), mixed(wall, (50, 50, 56), 0.3))
        for index in range(bays):
            z = house.z[0] + index * bay
            chance, shine = dice.random(), dice.random()
            if z + bay > canvas.entry(house.x) and y < canvas.ceiling(z + bay):
                _draw_window(canvas, (house.x, y, z + bay * 0.2, z + bay * 0.8), chance, _shone_on(glass, shine), frame)
                if balconies:
                    canvas.side(house.x, (z + bay * 0.1, z + bay * 0.9), (y + 0.2, y + 1.0), frame)


def _shone_on(glass: Colour, shine: float) -> Colour:
    shift = round(32 * shine) - 16
    return glass[0] + shift, glass[1] + shift, glass[2] + shift


def _draw_window(
    canvas: Canvas, at: tuple[float, float, float, float], chance: float, glass: Colour, frame: Colour
) -> None:
    x, y, z0, z1 = at
    if z0 < FRAME_DEPTH:
        canvas.side(x, (z0 - 0.1, z1 + 0.1), (y + 0.75, y + 2.45), frame)
    canvas.side(x, (z0, z1), (y + 0.85, y + 2.35), glass)
    middle = (z0 + z1) / 2
    if z0 < FINE_DEPTH:
        canvas.side(x, (middle - 0.04, middle + 0.04), (y + 0.85, y + 2.35), frame)
    if chance < 0.3:  # noqa: PLR2004  # a drawn curtain
        canvas.side(x, (z0, middle - 0.04), (y + 0.85, y + 2.35), _shone_on((196, 182, 168), chance / 0.3))
    elif chance > 0.72:  # noqa: PLR2004  # an air conditioner below the window
        canvas.side(x, (z0 + 0.2, z0 + 1.0), (y + 0.1, y + 0.65), (214, 214, 210))
        if z0 < FINE_DEPTH:
            canvas.side(x, (z0 + 0.3, z0 + 0.65), (y + 0.16, y + 0.59), (150, 152, 152))


def _draw_shops(canvas: Canvas, dice: Random, house: _House) -> None:
    shops = max(1, round((house.z[1] - house.z[0]) / 4.2))
    width = (house.z[1] - house.z[0]) / shops
    for index in range(shops):
        z0 = house.z[0] + index * width + 0.15
        z1 = z0 + width - 0.3
        if z1 <= canvas.entry(_before(house.x)):
            continue
        sign = varied(dice.choice(_SIGNS), dice, 14)
        if dice.random() < 0.25:  # noqa: PLR2004  # a lowered shutter
            canvas.side(house.x, (z0, z1), (0.1, 2.9), (150, 154, 156))
            for rib in range(9 if z0 < FINE_DEPTH else 0):
                canvas.side(house.x, (z0, z1), (0.3 + rib * 0.3, 0.34 + rib * 0.3), (122, 126, 130))
        else:
            _draw_shop_front(canvas, dice, house.x, (z0, z1))
        canvas.side(house.x, (z0 - 0.1, z1 + 0.1), (2.95, 3.75), sign)
        if z0 < LETTER_DEPTH:
            _draw_lettering(canvas, dice, house.x, (z0, z1), sign)
        if dice.random() < 0.4:  # noqa: PLR2004  # an awning
            x, edge = house.x, _before(house.x)
            slope = [(x, 2.95, z0), (edge, 2.5, z0), (edge, 2.5, z1), (x, 2.95, z1)]
            canvas.polygon(slope, varied(dice.choice(_SIGNS), dice, 20))


def _draw_shop_front(canvas: Canvas, dice: Random, x: float, z: tuple[float, float]) -> None:
    canvas.side(x, z, (0.0, 2.9), (70, 72, 76))
    if z[0] > DETAIL_DEPTH:
        return
    inside = dice.choice(((112, 104, 92), (86, 94, 100), (138, 126, 106), (96, 84, 78)))
    canvas.side(x, (z[0] + 0.12, z[1] - 0.12), (0.35, 2.75), inside)
    goods = dice.randint(3, 6) if z[0] < FINE_DEPTH else 0
    for index in range(goods):
        step = (z[1] - z[0] - 0.4) / goods
        left = z[0] + 0.2 + index * step
        for shelf in (0.5, 1.15, 1.8):
            colour = (70 + int(130 * dice.random()), 70 + int(110 * dice.random()), 60 + int(110 * dice.random()))
            canvas.side(
                x, (left, left + step * 0.75), (shelf, shelf + 0.25 + 0.3 * dice.random()), mixed(colour, inside, 0.6)
            )
    door = z[0] + (z[1] - z[0]) * dice.uniform(0.2, 0.6)
    canvas.side(x, (door, door + 1.0), (0.0, 2.5), (48, 52, 56))


def _draw_lettering(canvas: Canvas, dice: Random, x: float, z: tuple[float, float], sign: Colour) -> None:
    """Strokes that read as characters from afar and as none from near: no shop of this city exists."""
    ink = (250, 236, 190) if sum(sign) < 480 else (150, 40, 36)  # noqa: PLR2004  # light on dark, dark on light
    count = dice.randint(3, 5)
    step = (z[1] - z[0]) / (count + 1)
    for index in range(count):
        left = z[0] + step * (index + 0.6)
        size = min(0.5, step * 0.7)
        for row in (0.0, 0.5, 1.0):
            if dice.random() < 0.8:  # noqa: PLR2004  # most strokes of most characters
                canvas.side(x, (left, left + size), (3.1 + row * 0.4, 3.17 + row * 0.4), ink)
        for column in (0.0, 0.5, 1.0) if z[0] < FINE_DEPTH else ():
            if dice.random() < 0.6:  # noqa: PLR2004  # and fewer upright ones
                canvas.side(x, (left + column * size, left + column * size + 0.07), (3.1, 3.57), ink)


def _before(x: float) -> float:
    """Return how far into the street awnings reach from houses at ``x``."""
    return x + _AWNING if x < 0 else x - _AWNING


def _span(one: float, other: float) -> tuple[float, float]:
    return min(one, other), max(one, other)
