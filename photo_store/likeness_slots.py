"""Where likenesses are filed so that all within SAME of a picture are found by looking into few places.

The 256 bits are cut into 16 chunks of 16; each likeness is filed under each of its chunks. Two likenesses that differ
in at most 31 bits differ in at most one bit of some chunk, for 16 chunks with two or more bits each would make 32.
So it is enough to look, for every chunk, under its own value and its 16 neighbours: 272 places, and nothing is missed.
Knows no table.
"""

import struct

__all__ = ["CHUNKS", "probes", "slots"]

CHUNKS = 16
_CHUNK_BITS = 16
_FLIPS = (0, *(1 << bit for bit in range(_CHUNK_BITS)))


def slots(bits: bytes) -> list[int]:
    """Return the 16 places under which a likeness is filed: chunk number * 65536 + the chunk's value."""
    return [number << _CHUNK_BITS | chunk for number, chunk in enumerate(struct.unpack(f">{CHUNKS}H", bits))]


def probes(bits: bytes) -> list[int]:
    """Return the 272 places that together hold every likeness within SAME of this one."""
    return [slot ^ flip for slot in slots(bits) for flip in _FLIPS]
