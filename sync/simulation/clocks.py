"""A handset's clocks as they are in the field: set wrong, jumping, restarting at every boot."""

from datetime import timedelta, timezone

from sync.handset import Reading
from sync.simulation.machine import VirtualTime

_CHINA = timezone(timedelta(hours=8))
_SLEEP_MS = 7_000


class WrongClock:
    """The clocks of one handset (a sync.handset.HandsetClock): true time plus an error in seconds."""

    def __init__(self, true: VirtualTime, name: str, error: float) -> None:
        self._true = true
        self._name = name
        self._error = error
        self._boots = 1
        self._booted_at = true.at

    def read(self) -> Reading:
        """Return what this handset shows now; wall time is wrong by its error, the counter since boot is right."""
        at = self._true.now()
        mono = int((at - self._booted_at).total_seconds() * 1000) + _SLEEP_MS
        wall = (at + timedelta(seconds=self._error)).astimezone(_CHINA)
        return Reading(wall, f"{self._name}-{self._boots}", mono)

    def set_wrong(self, error: float) -> None:
        """Set the wall clock to be wrong by this many seconds from now on."""
        self._error = error

    def reboot(self) -> None:
        """Start the counter again under a new boot id."""
        self._boots += 1
        self._booted_at = self._true.at
