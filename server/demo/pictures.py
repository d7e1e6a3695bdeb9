"""Draws the demo's photographs in processes of their own, ahead of the steps that need them.

Nothing of the server is loaded in a drawing process: it starts fast and holds no connection.
"""

import multiprocessing
from collections.abc import Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from types import TracebackType
from typing import Self

from photo_store.drawn import draw
from server.demo.plan import Picture

_PROCESSES = 2


class Studio:
    """All pictures of a plan, drawn in its order; use it in a with statement, which ends its processes."""

    def __init__(self, pictures: Iterable[Picture]) -> None:
        # Spawned, not forked: the parent has threads and database connections.
        self._pool = ProcessPoolExecutor(_PROCESSES, mp_context=multiprocessing.get_context("spawn"))
        self._drawn: dict[Picture, Future[bytes]] = {
            picture: self._pool.submit(draw_picture, picture) for picture in pictures
        }

    def __enter__(self) -> Self:
        """Return the studio."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the drawing processes without waiting for what nobody needs any more."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def take(self, picture: Picture) -> bytes:
        """Return one picture as JPEG bytes, each once; waits until it is drawn."""
        return self._drawn.pop(picture).result()


def draw_picture(picture: Picture) -> bytes:
    """Draw one picture (runs in a drawing process)."""
    return draw(
        picture.scene,
        picture.seed,
        size=picture.size,
        taken_at=picture.taken_at,
        lon=picture.lon,
        lat=picture.lat,
        phase=picture.phase,
        shot=picture.shot,
        orientation=picture.orientation,
    )
