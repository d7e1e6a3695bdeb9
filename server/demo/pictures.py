"""Draws the demo's photographs in processes of their own, ahead of the steps that need them, with their renditions.

Nothing of the server is loaded in a drawing process: it starts fast and holds no connection.
"""

import hashlib
import multiprocessing
import os
from collections.abc import Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from photo_store.decoder import decode
from photo_store.drawn import draw
from photo_store.inspect_image import JPEG
from photo_store.sandbox import Parcel
from server.demo.plan import Picture

_PROCESSES, _GIVING_WAY = 2, 19


@dataclass(frozen=True)
class Drawn:
    """A picture as JPEG bytes, and what the decoder makes of it."""

    original: bytes
    renditions: Parcel


class Studio:
    """All pictures of a plan, drawn in its order; use it in a with statement, which ends its processes."""

    def __init__(self, pictures: Iterable[Picture]) -> None:
        # Spawned, not forked: the parent has threads and database connections. They give way to it: on two cores the
        # city would else wait for pictures that it needs much later.
        self._pool = ProcessPoolExecutor(
            _PROCESSES, mp_context=multiprocessing.get_context("spawn"), initializer=os.nice, initargs=(_GIVING_WAY,)
        )
        self._drawn: dict[Picture, Future[Drawn]] = {
            picture: self._pool.submit(draw_picture, picture) for picture in pictures
        }
        self._renditions: dict[str, Parcel] = {}

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
        drawn = self._drawn.pop(picture).result()
        self._renditions[hashlib.sha256(drawn.original).hexdigest()] = drawn.renditions
        return drawn.original

    def decode(self, task: str, parcel: Parcel) -> Parcel:
        """Do as `photo_store.decoder.decode`, at once for a picture that was taken here."""
        ready = self._renditions.get(hashlib.sha256(parcel.files["original"]).hexdigest())
        return decode(task, parcel) if ready is None else ready


def draw_picture(picture: Picture) -> Drawn:
    """Draw one picture and make its renditions (runs in a drawing process)."""
    # Only here: what decodes brings its libraries with it.
    from photo_store.renditions import renditions  # noqa: PLC0415

    original = draw(
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
    facts = {"media_type": JPEG, "orientation": picture.orientation}
    return Drawn(original, renditions(Parcel("", facts, {"original": original})))
