"""The fleet's camera: draws street scenes in processes of its own, beside the threads of the handsets."""

import multiprocessing
import os
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from types import TracebackType
from typing import Self

from photo_store.drawn import Phase, Scene, draw
from photo_store.drawn import Shot as View
from sync.fleet import Category, Shot

_PROCESSES = 2
_SCHEME = "gbt30428_2_2013"
# Before and after are taken from the same spot, so that they compare side by side.
_VIEWS: Mapping[tuple[str, int], View] = {
    ("near", 0): View.NEAR,
    ("far", 0): View.FAR,
    ("before", 0): View.REFERENCE,
    ("after", 0): View.REFERENCE,
    ("after", 1): View.NEAR,
    ("check", 0): View.FAR,
}
_CLEAN_ROLES = frozenset({"after", "check"})

# The minor classes that can be drawn, by their codes and names in the scheme.
CATEGORIES: tuple[Category, ...] = (
    Category(_SCHEME, "0110", "暴露生活垃圾", Scene.EXPOSED_RUBBISH),
    Category(_SCHEME, "0113", "道路破损", Scene.ROAD_DAMAGE),
    Category(_SCHEME, "0136", "乱堆物堆料", Scene.PILED_GOODS),
    Category(_SCHEME, "0201", "非法小广告", Scene.SMALL_ADS),
    Category(_SCHEME, "0405", "店外经营", Scene.OUT_OF_SHOP_TRADING),
    Category(_SCHEME, "0410", "非机动车乱停放", Scene.BICYCLE_DISORDER),
    Category(_SCHEME, "0506", "道路积水", Scene.WATERLOGGING),
    Category(_SCHEME, "0508", "架空线缆脱落", Scene.HANGING_CABLE),
)


class DrawnCamera:
    """A `sync.fleet.Camera`; use it in a with statement, which ends its processes."""

    def __init__(self) -> None:
        # Spawned, not forked: the fleet's threads hold locks that a forked child would inherit for ever.
        self._pool = ProcessPoolExecutor(
            _PROCESSES, mp_context=multiprocessing.get_context("spawn"), initializer=os.nice, initargs=(10,)
        )

    def __enter__(self) -> Self:
        """Return the camera."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the drawing processes without waiting for what nobody needs any more."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __call__(self, shot: Shot) -> bytes:
        """Return one photograph as JPEG bytes; blocks the calling handset until it is drawn."""
        return self._pool.submit(_draw, shot).result()


def _draw(shot: Shot) -> bytes:
    return draw(
        shot.scene,
        shot.scene_seed,
        size=shot.size,
        taken_at=shot.taken_at,
        lon=shot.lon,
        lat=shot.lat,
        phase=Phase.AFTER if shot.role in _CLEAN_ROLES else Phase.BEFORE,
        shot=_VIEWS.get((shot.role, shot.nth), View.FAR),
    )
