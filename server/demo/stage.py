"""The demo's time: what happens in the city happens at its own moment of the past weeks, by the server's own clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from server import clock


class Stage:
    """A clock that only goes forward, from event to event; the handsets read it too."""

    def __init__(self, begun: datetime) -> None:
        self.begun = self._at = begun.astimezone(UTC)

    def now(self) -> datetime:
        """Return the moment that is being played, aware UTC."""
        return self._at

    def go_to(self, moment: datetime) -> None:
        """Go on to a moment; one that is past already changes nothing, because time does not run back."""
        self._at = max(self._at, moment.astimezone(UTC))

    @contextmanager
    def played(self) -> Iterator[None]:
        """Let the whole process live in this time inside the block."""
        with clock.use(self.now):
            yield
