"""How a picture looks, in 256 bits: two files that show the same picture differ in few of them.

The bits are those of ``imagehash.phash(hash_size=16)`` (a cosine transform of the picture at 64 x 64 grey levels, each
of its 256 lowest frequencies compared with their median), written with numpy alone. 64 bits would not do: they call
a third and more of *different* shots from one standpoint the same, which is exactly our before and after
(design/evidence.md §4). Not found are crops over 2 %, rotations over 1° and mirror images. Knows no file, no photograph
and no search.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = ["BITS", "PERHAPS_SAME_PLACE", "SAME", "Likeness", "distance", "distances", "likeness_of", "same_among"]

SAME = 31
"""Up to this distance: the same picture, encoded again, made smaller or stamped."""
PERHAPS_SAME_PLACE = 50
"""Up to this distance, and over SAME: perhaps the same place. A hint, no more."""

_SIDE, _LOW = 64, 16
BITS = _LOW * _LOW
_BYTES = BITS // 8
# A frequency says something when it stands out by more than what encoding a picture again adds to it: about one grey
# level (of the orthonormal transform). Where most of the 256 do not, chance decides the bits: a wall, the sky, fog.
_LOUD = 2.0
_LEAST_LOUD = BITS // 2


@dataclass(frozen=True, slots=True)
class Likeness:
    """``bits``: 32 bytes, the frequencies row by row. ``flat``: too little in the picture to call anything alike."""

    bits: bytes
    flat: bool


def likeness_of(picture: Image.Image) -> Likeness:
    """Return the likeness of an upright picture of any size and mode; a thumbnail of 320 px is enough."""
    grey = picture.convert("L").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    levels = np.asarray(grey, dtype=np.float64)
    strengths = _COSINES @ levels @ _COSINES.T
    median = np.median(strengths)
    loud = np.abs(strengths - median) > _LOUD * _UNIT
    return Likeness(np.packbits(strengths > median).tobytes(), flat=int(loud.sum()) < _LEAST_LOUD)


def distance(first: bytes, second: bytes) -> int:
    """Return in how many of their 256 bits two likenesses differ."""
    return (int.from_bytes(first) ^ int.from_bytes(second)).bit_count()


def distances(one: bytes, others: Sequence[bytes]) -> list[int]:
    """Return the distance of ``one`` to each of ``others``: thousands of them in the time that ten take singly."""
    return [int(bits) for bits in _apart(one, b"".join(others))] if others else []


def same_among(one: bytes, others: bytes) -> dict[bytes, int]:
    """Return which of ``others``, 32 bytes each and one after the other, are within SAME of ``one``, and how far."""
    apart = _apart(one, others)
    places = np.flatnonzero(apart <= SAME).tolist()
    return {others[place * _BYTES : (place + 1) * _BYTES]: int(apart[place]) for place in places}


def _apart(one: bytes, others: bytes) -> npt.NDArray[np.uint64]:
    many = np.frombuffer(others, dtype=np.uint64).reshape(-1, _BYTES // 8)
    apart: npt.NDArray[np.uint64] = np.bitwise_count(many ^ np.frombuffer(one, dtype=np.uint64)).sum(axis=1)
    return apart


def _cosines() -> npt.NDArray[np.float64]:
    """Rows: the 16 lowest frequencies of an unscaled DCT-II over 64 values (the scale decides who is the median)."""
    places = np.arange(_SIDE) * 2 + 1
    return 2 * np.cos(np.pi * np.outer(np.arange(_LOW), places) / (2 * _SIDE))


_COSINES = _cosines()
_UNIT = 2.0 * _SIDE  # what the unscaled transform makes of 1 in the orthonormal one
