"""When to come back: the server's wish, its Retry-After, or longer and longer pauses while the line is broken.

Every pause has a random part, so that a thousand handsets that lost the same server do not return in one second.
Knows no network and does not sleep; a driver asks `next_sync_at`.
"""

from datetime import datetime, timedelta
from random import Random

_FIRST_SECONDS = 5.0
_LONGEST_SECONDS = 15 * 60.0
_USUAL_SECONDS = 15 * 60.0
_SPREAD = 0.2
_LONGEST_WISH_SECONDS = 24 * 3600.0


class Pace:
    """The pauses of one handset; in memory only, because after a start of the app one try at once is right."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._failures = 0
        self._next: datetime | None = None

    def succeeded(self, now: datetime, sync_after_s: float | None) -> None:
        """Note a whole synchronisation; the server's wish counts from now, a fifth more or less."""
        self._failures = 0
        wish = min(sync_after_s or _USUAL_SECONDS, _LONGEST_WISH_SECONDS)
        self._next = now + timedelta(seconds=wish * self._random.uniform(1 - _SPREAD, 1 + _SPREAD))

    def failed(self, now: datetime, retry_after: float | None) -> None:
        """Note a broken line. A Retry-After is kept to, plus up to a half; otherwise pauses double up to 15 minutes."""
        self._failures += 1
        if retry_after is not None:
            pause = retry_after + self._random.uniform(0, max(1.0, retry_after / 2))
        else:
            longest = min(_LONGEST_SECONDS, _FIRST_SECONDS * 2.0 ** min(self._failures - 1, 16))
            pause = self._random.uniform(longest / 2, longest)
        self._next = now + timedelta(seconds=pause)

    def next_sync_at(self, now: datetime) -> datetime:
        """Return when to synchronise next if nothing happens; ``now`` when there was no synchronisation yet."""
        return self._next or now
