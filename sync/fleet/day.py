"""A simulated working day, compressed into real seconds, and each handset's own wrong view of it."""

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from sync.handset import Reading

_CHINA = timezone(timedelta(hours=8))
_EARLIEST = datetime(1971, 1, 1, tzinfo=UTC)


class Day:
    """Counts simulated seconds since the start of the day; the day ends at the real present.

    So what a handset says about capture times lies in the hours before the run's end, as on a real day.
    """

    def __init__(self, hours: float, real_seconds: float) -> None:
        self.length = hours * 3600
        self._factor = self.length / real_seconds
        self._origin = time.monotonic()
        self._start = datetime.now(UTC) + timedelta(seconds=real_seconds) - timedelta(seconds=self.length)
        self._stopped = threading.Event()

    def elapsed(self) -> float:
        """Return the simulated seconds since the start; goes on past the day's length at real speed."""
        real = time.monotonic() - self._origin
        real_length = self.length / self._factor
        return real * self._factor if real < real_length else self.length + (real - real_length)

    def now(self) -> datetime:
        """Return the simulated instant, aware UTC."""
        return self._start + timedelta(seconds=self.elapsed())

    def wait_until(self, at: float) -> bool:
        """Sleep until a simulated second; returns False when the run was stopped meanwhile."""
        return not self._stopped.wait(max(0.0, (at - self.elapsed()) / self._factor))

    def stop(self) -> None:
        """Wake everybody who waits: the run is over."""
        self._stopped.set()


@dataclass(frozen=True)
class SkewedClock:
    """A handset's clocks: the day's time plus a constant error; the counter starts again at its reboot."""

    day: Day
    name: str
    skew: float
    reboot_at: float

    def read(self) -> Reading:
        """Return what this handset shows at the present simulated instant."""
        elapsed = self.day.elapsed()
        booted = elapsed >= self.reboot_at
        since_boot = elapsed - self.reboot_at if booted else elapsed + 7200
        wall = max(_EARLIEST, self.day.now() + timedelta(seconds=self.skew)).astimezone(_CHINA)
        return Reading(wall, f"{self.name}-{'b2' if booted else 'b1'}", int(since_boot * 1000))
