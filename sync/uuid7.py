"""Time-ordered identifiers (UUID version 7, RFC 9562 section 5.7).

Knows nothing but the clock and a source of randomness. Time order keeps neighbouring inserts on
neighbouring index pages, which is the largest single lever on the speed of a push; nothing else may be
read from the time inside an id, because a handset's clock can be wrong by years.
"""

import hashlib
import time
from random import Random, SystemRandom
from uuid import UUID

__all__ = ["derived", "uuid7"]


_SYSTEM = SystemRandom()


def uuid7(unix_ms: int | None = None, random: Random | None = None) -> UUID:
    """Return a new id whose first 48 bits are ``unix_ms`` (milliseconds since 1970; now when omitted).

    Only a simulation brings a ``random`` source that is not the system's.
    """
    milliseconds = time.time_ns() // 1_000_000 if unix_ms is None else unix_ms
    value = (milliseconds & (2**48 - 1)) << 80 | (random or _SYSTEM).getrandbits(80)
    version_and_variant = 0x7 << 76 | 0b10 << 62
    return UUID(int=value & ~(0xF << 76) & ~(0b11 << 62) | version_and_variant)


def derived(install_id: UUID, item_id: UUID) -> UUID:
    """Return the id of what an item of an install brings forth: always the same one, and near it in time order.

    Whoever interprets the item again, after a crash or on a restored server, brings forth the same thing, so that
    whatever names it stays true. The first 48 bits are the item's own; the rest is a hash of both ids.
    """
    hashed = int.from_bytes(hashlib.sha256(b"derived\0" + install_id.bytes + item_id.bytes).digest()[:10])
    value = (item_id.int >> 80) << 80 | hashed
    version_and_variant = 0x7 << 76 | 0b10 << 62
    return UUID(int=value & ~(0xF << 76) & ~(0b11 << 62) | version_and_variant)
