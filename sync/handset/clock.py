"""What a handset's clocks say: wall time, which boot, milliseconds since that boot.

The server orders nothing by these; they are evidence. So the handset reports them raw, wrong or not.
"""

import json
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self
from uuid import uuid4


@dataclass(frozen=True)
class Reading:
    """One look at the clocks. ``mono_ms`` counts sleep and starts again at every boot."""

    wall: datetime
    boot_id: str
    mono_ms: int

    def as_json(self) -> dict[str, object]:
        """Return the wire's ``{wall, boot_id, mono_ms}``; the wall time keeps the handset's own offset."""
        return {"wall": self.wall.isoformat(timespec="milliseconds"), "boot_id": self.boot_id, "mono_ms": self.mono_ms}

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what was kept of `as_json`."""
        kept = json.loads(text)
        return cls(datetime.fromisoformat(kept["wall"]), kept["boot_id"], kept["mono_ms"])


class HandsetClock(Protocol):
    """Anything that can be read like a handset's clocks: the real ones, or a simulated day."""

    def read(self) -> Reading:
        """Return what the clocks show now."""
        ...


class SystemClock:
    """The clocks of the machine this process runs on; the boot lasts as long as the process."""

    def __init__(self) -> None:
        self._boot_id = uuid4().hex[:12]

    def read(self) -> Reading:
        """Return the machine's local time and its monotonic counter."""
        return Reading(datetime.now().astimezone(), self._boot_id, time.monotonic_ns() // 1_000_000)
