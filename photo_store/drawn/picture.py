"""From a scene and a seed to the bytes of a JPEG, always the same ones."""

import io
from collections.abc import Callable
from datetime import datetime
from random import Random

from PIL import Image

from photo_store.drawn.camera import Camera
from photo_store.drawn.canvas import Canvas
from photo_store.drawn.claims import exif_block
from photo_store.drawn.damage import (
    draw_cable,
    draw_fallen_tree,
    draw_lid,
    draw_manhole,
    draw_pole,
    draw_pothole,
    draw_water,
)
from photo_store.drawn.grain import grained
from photo_store.drawn.litter import draw_bicycles, draw_rubbish, draw_small_ads, draw_wall
from photo_store.drawn.scene import Phase, Scene, Shot
from photo_store.drawn.street import draw_street
from photo_store.drawn.wares import draw_piled_goods, draw_trading

__all__ = ["draw"]

QUALITY = 80
# Pixels along the longer side; what is larger is drawn at half the size and enlarged before the grain is added.
WIDEST_DRAWN = 2400
_Painter = Callable[[Canvas, Random], None]
_PROBLEMS: dict[Scene, _Painter] = {
    Scene.EXPOSED_RUBBISH: draw_rubbish,
    Scene.ROAD_DAMAGE: draw_pothole,
    Scene.OUT_OF_SHOP_TRADING: draw_trading,
    Scene.PILED_GOODS: draw_piled_goods,
    Scene.SMALL_ADS: draw_small_ads,
    Scene.BROKEN_MANHOLE: draw_manhole,
    Scene.WATERLOGGING: draw_water,
    Scene.FALLEN_TREE: draw_fallen_tree,
    Scene.HANGING_CABLE: draw_cable,
    Scene.BICYCLE_DISORDER: draw_bicycles,
}
# What belongs to the place and stays when the problem is gone.
_FIXTURES: dict[Scene, _Painter] = {
    Scene.SMALL_ADS: draw_wall,
    Scene.BROKEN_MANHOLE: draw_lid,
    Scene.HANGING_CABLE: draw_pole,
}
# Where the problem lies (x, z in metres): the near shot looks there.
_FOCUS: dict[Scene, tuple[float, float]] = {
    Scene.ROAD_DAMAGE: (1.3, 6.2),
    Scene.WATERLOGGING: (1.4, 8.0),
    Scene.FALLEN_TREE: (1.2, 8.2),
    Scene.SMALL_ADS: (-3.0, 7.5),
    Scene.PILED_GOODS: (-1.4, 7.2),
}
_PAVEMENT_FOCUS = (-2.5, 6.4)
# A sensor that is read sideways stores the upright picture turned by the inverse of what viewers do.
_STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def draw(  # noqa: PLR0913  # what a photograph is: scene, place, time, hand and device, by keyword
    scene: Scene | str,
    seed: int,
    *,
    size: tuple[int, int] = (1600, 1200),
    taken_at: datetime,
    lon: float,
    lat: float,
    phase: Phase | str = Phase.BEFORE,
    shot: Shot | str = Shot.FAR,
    orientation: int = 1,
    device: str = "Xuncha drawn",
) -> bytes:
    """Return a JPEG with Exif time, place, device and orientation.

    The street depends on ``seed`` alone, so before and after show one place. ``size``: pixels as a viewer shows
    them; with an orientation of 5 to 8 the stored picture is turned. ``lon``, ``lat``: degrees. ``device``: make
    and model, separated by the first blank. Raises ValueError for a scene, phase or shot that does not exist.
    """
    scene, phase, shot = Scene(scene), Phase(phase), Shot(shot)
    camera = _camera(scene, shot, phase, seed)
    drawn = _painted(scene, seed, phase, camera, size)
    photo = grained(drawn, camera.horizon, Random(f"{seed} {shot} {phase}").getrandbits(31))  # noqa: S311  # drawing, no secret
    turn = _STORED.get(orientation)
    if turn is not None:
        photo = photo.transpose(turn)
    exif = exif_block(taken_at=taken_at, lon=lon, lat=lat, orientation=orientation, device=device)
    target = io.BytesIO()
    photo.save(target, "JPEG", quality=QUALITY, subsampling="4:2:0", exif=exif)
    return target.getvalue()


def _painted(scene: Scene, seed: int, phase: Phase, camera: Camera, size: tuple[int, int]) -> Image.Image:
    """Draw street, fixture and problem from the back to the front."""
    shrink = 2 if max(size) > WIDEST_DRAWN else 1
    canvas = draw_street((size[0] // shrink, size[1] // shrink), camera, seed)
    fixture = _FIXTURES.get(scene)
    if fixture is not None:
        fixture(canvas, Random(f"{seed} fixture"))  # noqa: S311  # drawing, no secret
    if phase is Phase.BEFORE:
        _PROBLEMS[scene](canvas, Random(f"{seed} {scene}"))  # noqa: S311  # drawing, no secret
    return canvas.image if shrink == 1 else canvas.image.resize(size, Image.Resampling.NEAREST)


def _camera(scene: Scene, shot: Shot, phase: Phase, seed: int) -> Camera:
    """Hold the phone where an inspector would; a little different each time, as hands are.

    Whoever comes after the disposal stands a step away from where the reporter stood: else both would be one picture.
    """
    hand = Random(f"{seed} {shot} hand")  # noqa: S311  # drawing, no secret
    sway = hand.uniform(-0.15, 0.15)
    aside, back, tilt = 0.0, 0.0, sway / 8
    if phase is Phase.AFTER:
        aside, back = hand.choice((-1, 1)) * hand.uniform(0.3, 0.5), hand.uniform(0.2, 0.6)
        tilt += hand.choice((-1, 1)) * hand.uniform(0.03, 0.05)
    x, z = _FOCUS.get(scene, _PAVEMENT_FOCUS)
    if shot is Shot.NEAR:
        return Camera(x=x + 0.35 + sway + aside / 2, z=z - 3.6 - back, focal=0.72, horizon=0.2 + tilt)
    if shot is Shot.REFERENCE:
        return Camera(x=0.6 + sway + aside, z=-5.0 - back, focal=0.72, horizon=0.44 + tilt)
    return Camera(x=(x - 0.3) / 2 + sway + aside, z=0.0 - back, focal=0.74, horizon=0.4 + tilt)
