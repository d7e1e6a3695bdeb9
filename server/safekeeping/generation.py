"""The neighbour of a SQLite database: a small file that knows how far the database's history had come.

A database file that somebody copied back lacks the last part of that history; its neighbour stayed and tells. Knows
only the file: one line, ``<generation> <epoch>``, rewritten in place under a lock and synced.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from photo_store.durable import fsync_folder

_MOST_BYTES = 128


@dataclass(frozen=True)
class Mark:
    """How far a history had come: the generation is raised at every start and every minute of work."""

    generation: int
    epoch: str


def neighbour_of(engine: Engine) -> Path | None:
    """Return the neighbour's path; None where there is no file to copy back: PostgreSQL, or in memory."""
    place = engine.url.database
    if engine.dialect.name != "sqlite" or not place or place == ":memory:":
        return None
    return Path(f"{place}.generation")


def read_mark(path: Path) -> Mark | None:
    """Return what the neighbour says; None if it is missing or unreadable."""
    try:
        return _parsed(path.read_bytes()[:_MOST_BYTES])
    except FileNotFoundError:
        return None


class HeldNeighbour:
    """The neighbour, locked: whoever compares and raises takes turns with the other processes."""

    def __init__(self, handle: int, path: Path) -> None:
        self._handle = handle
        self._path = path
        self.known = _parsed(os.pread(handle, _MOST_BYTES, 0))

    def write(self, mark: Mark) -> None:
        """Replace the line durably. Torn by a power cut it is unreadable, which costs one new epoch."""
        line = f"{mark.generation} {mark.epoch}\n".encode("ascii")
        os.pwrite(self._handle, line, 0)
        os.ftruncate(self._handle, len(line))
        os.fsync(self._handle)
        if self.known is None:
            fsync_folder(self._path.parent)


@contextmanager
def locked(path: Path) -> Iterator[HeldNeighbour]:
    """Open (or make) and lock the neighbour for as long as the caller compares and writes."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield HeldNeighbour(handle, path)
    finally:
        os.close(handle)


def _parsed(line: bytes) -> Mark | None:
    words = line.decode("ascii", "replace").split()
    if len(words) != 2 or not words[0].isdecimal() or not line.endswith(b"\n"):  # noqa: PLR2004 (generation and epoch)
        return None
    return Mark(int(words[0]), words[1])
