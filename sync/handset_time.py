"""From a handset's clocks to a corrected time with its certainty. Handset clocks order nothing.

Each request gives (wall, boot_id, mono_ms) and the server stamps its arrival: that pair is an anchor. Within the
same boot the monotonic difference is trusted; across a reboot only the wall clock's offset can be used.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sync.item import Captured

EXACT, ESTIMATED, CONTRADICTED, UNKNOWN = "exact", "estimated", "contradicted", "unknown"
# A capture that seems to lie this far after its receipt contradicts the clocks it was corrected with.
_TOLERANCE = timedelta(seconds=5)
# A request's clocks are read before it travels; a quartz drifts; a wall clock may have been set since.
_TRAVEL_MS, _DRIFT_PER_MS, _WALL_MS = 1_000, 100e-6, 60_000
# From this offset on the officer is told that the handset's clock is wrong.
_WORTH_TELLING_MS = 120_000
# The calendar's ends are no times: a database that shows them in its own zone falls off the edge when it is read.
_FIRST_YEAR, _LAST_YEAR = 2, 9998


@dataclass(frozen=True)
class Anchor:
    """The handset's clocks as one request stated them, and the server's time of its arrival."""

    arrived_at: datetime
    wall: datetime | None
    boot_id: str | None
    mono_ms: int | None

    @classmethod
    def of_request(cls, clock: Mapping[str, Any], arrived_at: datetime) -> "Anchor":
        """Read the advisory ``clock`` member; wrong values count as absent."""
        wall, boot_id, mono_ms = clock.get("wall"), clock.get("boot_id"), clock.get("mono_ms")
        return cls(
            arrived_at=arrived_at,
            wall=instant(wall),
            boot_id=boot_id if isinstance(boot_id, str) else None,
            mono_ms=counter(mono_ms),
        )

    @classmethod
    def from_text(cls, text: str) -> "Anchor":
        """Read what `text` wrote."""
        kept = json.loads(text)
        return cls.of_request(kept, datetime.fromisoformat(kept["arrived_at"]))

    def text(self) -> str:
        """Write the anchor as JSON, to be kept with the items that it came with."""
        wall = None if self.wall is None else self.wall.isoformat()
        boot_id = None if self.boot_id is None else self.boot_id[:64]
        kept = {"arrived_at": self.arrived_at.isoformat(), "wall": wall, "boot_id": boot_id, "mono_ms": self.mono_ms}
        return json.dumps(kept)

    def advice(self) -> dict[str, Any]:
        """Return the wire's ``clock``: server time minus the handset's, in milliseconds, and what to tell of it."""
        offset = self.offset_ms
        told = None
        if offset is not None and abs(offset) > _WORTH_TELLING_MS:
            told = "clock_slow" if offset > 0 else "clock_fast"
        return {"offset_ms": offset, "uncertainty_ms": None if offset is None else _TRAVEL_MS, "advice": told}

    @property
    def offset_ms(self) -> int | None:
        """Return server time minus the handset's wall clock in milliseconds, or None."""
        return None if self.wall is None else round((self.arrived_at - self.wall) / timedelta(milliseconds=1))


@dataclass(frozen=True)
class Corrected:
    """When something was captured by the server's clock, as far as can be told: ``at`` ± ``uncertainty_ms``."""

    at: datetime | None
    claimed: datetime | None
    certainty: str
    uncertainty_ms: int | None = None

    def contradicted(self) -> "Corrected":
        """Return the same time, which something else that is known speaks against."""
        return replace(self, certainty=CONTRADICTED)


def correct(captured: Captured, anchor: Anchor) -> Corrected:
    """Correct a capture time by the anchor of the request that brought it."""
    claimed = instant(captured.wall)
    at, certainty, uncertainty_ms = _estimate(captured, claimed, anchor)
    if at is not None and not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        at, certainty, uncertainty_ms = None, UNKNOWN, None
    if at is not None and at > anchor.arrived_at + _TOLERANCE:
        certainty = CONTRADICTED
    return Corrected(at, claimed, certainty, uncertainty_ms)


def in_order(corrected: Sequence[Corrected]) -> list[Corrected]:
    """Return the capture times of one install's items, given in the order of their dseq, with contradictions marked.

    An item made after another cannot have been captured before it. Which of the two clocks went wrong nobody knows,
    so the later item is marked; what nothing is known of says nothing.
    """
    judged: list[Corrected] = []
    latest: datetime | None = None
    for one in corrected:
        tells = one.at is not None and one.certainty in {EXACT, ESTIMATED}
        if tells and one.at is not None:
            slack = _TOLERANCE + timedelta(milliseconds=one.uncertainty_ms or 0)
            if latest is not None and one.at + slack < latest:
                judged.append(one.contradicted())
                continue
            latest = one.at if latest is None else max(latest, one.at)
        judged.append(one)
    return judged


def _estimate(captured: Captured, claimed: datetime | None, anchor: Anchor) -> tuple[datetime | None, str, int | None]:
    same_boot = captured.boot_id is not None and captured.boot_id == anchor.boot_id
    try:
        if same_boot and captured.mono_ms is not None and anchor.mono_ms is not None:
            age_ms = anchor.mono_ms - captured.mono_ms
            drift_ms = round(abs(age_ms) * _DRIFT_PER_MS)
            return anchor.arrived_at - timedelta(milliseconds=age_ms), EXACT, _TRAVEL_MS + drift_ms
        if claimed is not None and anchor.wall is not None:
            return claimed + (anchor.arrived_at - anchor.wall), ESTIMATED, _TRAVEL_MS + _WALL_MS
    except OverflowError:
        return None, UNKNOWN, None
    return None, UNKNOWN, None


def counter(value: object) -> int | None:
    """Return a number that a clock or counter can show (below 2^53, exact in every client's numbers), or None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None


def instant(text: object) -> datetime | None:
    """Read an ISO 8601 time with a zone, or return None: a time without zone or in year 1 or 9999 means nothing."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return None
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if _FIRST_YEAR <= moment.year <= _LAST_YEAR else None
