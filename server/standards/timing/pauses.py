"""Time that does not count: while a case is suspended, returned, or waits for somebody else. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Pause:
    """From ``begun`` to before ``ended``, both aware; None: it lasts still."""

    begun: datetime
    ended: datetime | None

    def __post_init__(self) -> None:
        begun = in_utc(self.begun)
        if self.ended is not None and in_utc(self.ended) < begun:
            raise ValueError(f"a pause cannot end ({self.ended}) before it begins ({self.begun})")


def in_utc(moment: datetime) -> datetime:
    """Return an instant in UTC, where hours between two times are hours that passed.

    Raises ValueError for a time without its zone: nobody can say which instant it is.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return moment.astimezone(UTC)


def joined(pauses: Iterable[Pause]) -> list[Pause]:
    """Return the same pauses in order and apart, in UTC: two that overlap or touch become one."""
    known: list[Pause] = []
    for pause in sorted(pauses, key=lambda one: one.begun):
        last = known[-1] if known else None
        if last is not None and (last.ended is None or pause.begun <= last.ended):
            known[-1] = Pause(last.begun, _later(last.ended, pause.ended))
        else:
            known.append(Pause(in_utc(pause.begun), _later(pause.begun, pause.ended)))
    return known


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    """Return the later of two ends; None is never."""
    return None if one is None or other is None else in_utc(max(one, other))
