"""How busy this process is with pushes, and what it therefore asks of handsets: later, and not all at once.

After an outage every handset of a city pushes in the same minute. Each process counts the pushes that it serves at
this moment; a handset that has nothing urgent is sent away for longer the more there are, and each at a time of its
own.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

# With nothing to wait for, a handset comes back after a quarter of an hour; with photographs owed, soon.
CALM_SECONDS, OWING_SECONDS = 900, 120
# From so many pushes at once on, the others are told to wait longer.
_MANY = 6
_lock = threading.Lock()
_serving = 0


@dataclass(frozen=True)
class Pressure:
    """How many pushes this process served when this one came in."""

    serving: int

    def sync_after(self, install_id: UUID, *, busy: bool) -> int:
        """Return in how many seconds the handset should come back; spread by a tenth, always alike for one install."""
        base = OWING_SECONDS if busy else CALM_SECONDS
        crowd = max(1, self.serving // _MANY)
        return base * crowd + install_id.int % (base // 10)

    def retry_after(self) -> int:
        """Return in how many seconds a handset should try again that could not be served."""
        return 2 + 2 * (self.serving // _MANY)


@contextmanager
def pressed() -> Iterator[Pressure]:
    """Count a push while it is served."""
    global _serving  # noqa: PLW0603 (one number for the whole process is the point)
    with _lock:
        _serving += 1
        now_serving = _serving
    try:
        yield Pressure(now_serving)
    finally:
        with _lock:
            _serving -= 1
