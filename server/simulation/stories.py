"""Runs seeds one after the other on one application; what `flask fleet simulate` and the verification rows call."""

import shutil
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from photo_store.drawn import Scene, draw
from server.clock import use
from server.current import blobs
from server.db import read
from server.memory_disk import memory_disk
from server.simulation.audit import audit
from server.simulation.mirrors import compare_mirrors
from server.simulation.site import ApplicationSite
from sync.simulation import Outcome, Size, Truth, simulate
from sync.simulation.carrier import Carrier
from sync.simulation.machine import START, VirtualTime
from sync.simulation.run import World

_PICTURES = 6
_PICTURE_SIZE = (32, 24)
# What a JPEG comment can hold.
_LONGEST_COMMENT = 65_533


class Stories:
    """One application that lives through any number of seeds."""

    def __init__(self, folder: Path, log_level: str) -> None:
        self._folder = folder
        with use(lambda: START):
            self.site = ApplicationSite(folder / "server", log_level)

    def tell(self, seed: int, *, size: Size | None = None, without: Collection[str] = ()) -> Outcome:
        """Run one seed and return how it went; ``without`` names events that shall not happen."""
        handsets = self._folder / "handsets"
        shutil.rmtree(handsets, ignore_errors=True)

        def make(time: VirtualTime, truth: Truth) -> World:
            self.site.begin(truth)
            clock.append(time)
            return World(self.site, time, self._audit, photograph, handsets)

        clock: list[VirtualTime] = []
        with use(lambda: clock[-1].now() if clock else START):
            return simulate(seed, make, size=size, without=without)

    def _audit(self, truth: Truth, carriers: Sequence[Carrier]) -> None:
        with self.site.app.app_context():
            store = blobs()
            found = read(lambda session: [*audit(session, truth, store), *compare_mirrors(session, carriers)])
        for promise, what in found:
            truth.breach(promise, what)


@contextmanager
def opened_stories(log_level: str = "CRITICAL") -> Iterator[Stories]:
    """Open an application for seeds in a temporary folder, in memory where the machine has such a disk."""
    with tempfile.TemporaryDirectory(prefix="xuncha-simulation-", dir=memory_disk()) as name:
        yield Stories(Path(name), log_level)


def photograph(serial: int) -> bytes:
    """Return a tiny JPEG whose bytes are unlike those of any other serial number: a comment tells them apart.

    Every other one is just too long to go with the creation of its upload.
    """
    comment = f"simulated {serial}".encode().ljust(_LONGEST_COMMENT if serial % 2 else 0)
    return b"\xff\xd8\xff\xfe" + (len(comment) + 2).to_bytes(2) + comment + _picture(serial % _PICTURES)[2:]


@cache
def _picture(seed: int) -> bytes:
    return draw(Scene.EXPOSED_RUBBISH, seed, taken_at=START, lon=123.5, lat=30.5, size=_PICTURE_SIZE)
