"""Hours and weathers: the colours a street is bathed in. Knows no geometry."""

from dataclasses import dataclass
from random import Random

__all__ = ["DARKEST", "HEADROOM", "LIGHTEST", "LIGHTS", "Colour", "Light", "mixed", "varied"]

Colour = tuple[int, int, int]
# No lens shows full black or white, and the grain that is added last needs this much room at both ends.
HEADROOM = 22
DARKEST, LIGHTEST = HEADROOM, 255 - HEADROOM


@dataclass(frozen=True, slots=True)
class Light:
    """Sky from top to horizon, the haze that distance fades into, and the tint (factors) on everything lit."""

    name: str
    zenith: Colour
    horizon: Colour
    haze: Colour
    tint: tuple[float, float, float]
    clouds: float
    shadow: int


LIGHTS = (
    Light("clear noon", (104, 158, 208), (196, 218, 232), (190, 208, 220), (1.0, 0.99, 0.96), 0.35, 105),
    Light("overcast", (172, 180, 188), (206, 210, 212), (188, 194, 198), (0.88, 0.90, 0.93), 0.7, 45),
    Light("late afternoon", (126, 152, 188), (240, 208, 164), (226, 202, 170), (1.02, 0.93, 0.80), 0.5, 95),
    Light("morning haze", (176, 194, 206), (222, 222, 214), (212, 214, 208), (0.95, 0.94, 0.90), 0.3, 55),
    Light("early evening", (128, 146, 180), (232, 200, 178), (190, 180, 176), (0.86, 0.82, 0.80), 0.5, 45),
)


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """Return ``one`` with ``share`` (0..1) of ``other`` in it."""
    keep = 1.0 - share
    return (
        int(one[0] * keep + other[0] * share),
        int(one[1] * keep + other[1] * share),
        int(one[2] * keep + other[2] * share),
    )


def varied(colour: Colour, dice: Random, by: int = 10) -> Colour:
    """Return ``colour`` a little lighter or darker, so that no two things look cut from one sheet."""
    shift = int(dice.random() * (2 * by + 1)) - by
    red, green, blue = colour
    return max(0, min(255, red + shift)), max(0, min(255, green + shift)), max(0, min(255, blue + shift))
