"""Time-ordered identifiers (UUID version 7, RFC 9562 section 5.7).

Knows nothing but the clock and a source of randomness. Time order keeps neighbouring inserts on
neighbouring index pages, which is the largest single lever on the speed of a push; nothing else may be
read from the time inside an id, because a handset's clock can be wrong by years.
"""

import hashlib
import threading
import time
from random import Random, SystemRandom
from uuid import UUID

__all__ = ["derived", "uuid7"]

_SYSTEM = SystemRandom()
_COUNTED = 0xFFF  # the 12 bits after the time, counted within a millisecond (RFC 9562 section 6.2, method 1)
_turn = threading.Lock()
_latest = [0, 0]  # milliseconds and count of the id last made by this process


def uuid7(unix_ms: int | None = None, random: Random | None = None) -> UUID:
    """Return a new id whose first 48 bits are ``unix_ms`` (milliseconds since 1970; now when omitted).

    Ids made without ``unix_ms`` ascend within a process for as long as its clock does: what one transaction notes
    stays in its order. Only a simulation brings a ``random`` source that is not the system's.
    """
    source = random or _SYSTEM
    milliseconds, count = _counted() if unix_ms is None else (unix_ms, source.getrandbits(12))
    value = (milliseconds & (2**48 - 1)) << 80 | 0x7 << 76 | count << 64 | 0b10 << 62 | source.getrandbits(62)
    return UUID(int=value)


def _counted() -> tuple[int, int]:
    """Return the millisecond and a count in it that this process has not given yet."""
    with _turn:
        milliseconds = time.time_ns() // 1_000_000
        if milliseconds != _latest[0]:
            # Half of the room stays free, so that hardly any millisecond runs out of it.
            _latest[:] = milliseconds, _SYSTEM.getrandbits(11)
        elif _latest[1] < _COUNTED:
            _latest[1] += 1
        return _latest[0], _latest[1]


def derived(install_id: UUID, item_id: UUID) -> UUID:
    """Return the id of what an item of an install brings forth: always the same one, and near it in time order.

    Whoever interprets the item again, after a crash or on a restored server, brings forth the same thing, so that
    whatever names it stays true. The first 48 bits are the item's own; the rest is a hash of both ids.
    """
    hashed = int.from_bytes(hashlib.sha256(b"derived\0" + install_id.bytes + item_id.bytes).digest()[:10])
    value = (item_id.int >> 80) << 80 | hashed
    version_and_variant = 0x7 << 76 | 0b10 << 62
    return UUID(int=value & ~(0xF << 76) & ~(0b11 << 62) | version_and_variant)
