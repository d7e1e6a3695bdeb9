"""SHA-256 of streams: what identifies a photo everywhere.

Knows only bytes. One pass over a stream serves hashing and copying at once, because reading a photo twice
costs more than hashing it.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

__all__ = ["Digest", "digest", "is_sha256"]

BLOCK = 256 * 1024
_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Digest:
    """What a stream was: its SHA-256 in lower-case hex and its length in bytes."""

    sha256: str
    size: int


def digest(source: BinaryIO, sink: Callable[[bytes], object] | None = None) -> Digest:
    """Read ``source`` to its end, passing every block to ``sink`` when there is one."""
    running = hashlib.sha256()
    size = 0
    while block := source.read(BLOCK):
        running.update(block)
        size += len(block)
        if sink is not None:
            sink(block)
    return Digest(running.hexdigest(), size)


def is_sha256(text: str) -> bool:
    """Tell whether ``text`` is a SHA-256 as we write it: 64 lower-case hex digits."""
    return _HEX.fullmatch(text) is not None
