"""A handset's clock that a test sets: it stands still until it is moved."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sync.handset import Reading


@dataclass
class StreetClock:
    """Wall time and counter move together; a reboot starts the counter anew, a setting moves the wall alone."""

    wall: datetime = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
    boot: int = 1
    mono_ms: int = 1000

    def read(self) -> Reading:
        return Reading(self.wall, f"b{self.boot}", self.mono_ms)

    def pass_(self, **duration: float) -> None:
        length = timedelta(**duration)
        self.wall += length
        self.mono_ms += length // timedelta(milliseconds=1)
