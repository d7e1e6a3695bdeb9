"""The month's calendar and clocks, worked out by hand and by counting minutes. Shares no code with the product.

Time is a whole number of minutes since Friday, 18 September 2026, 00:00 in Beijing. Source of the days: the State
Council's notice on the holidays of 2026; of the clocks: domain.md section 2.7 and docs/deadlines.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

FIRST_DAY = date(2026, 9, 18)
DAYS = 31
A_DAY = 24 * 60
END = DAYS * A_DAY
MIDNIGHT = datetime(2026, 9, 17, 16, tzinfo=UTC)
# Mid-Autumn on a Friday; National Day from Thursday to Wednesday, for which a Sunday and a Saturday are worked.
OFF = frozenset(["09-25", "10-01", "10-02", "10-05", "10-06", "10-07"])
MAKE_UP = frozenset(["09-20", "10-10"])
# The town holds its fair on a Sunday: its own row in the calendar.
FAIR = "10-11"
# Limits that begin in the month end well before this day.
_HORIZON = 120

Span = tuple[int, int | None]


def minute_of(moment: datetime) -> int:
    """Return the minute of an instant; it must be a whole one."""
    minute, rest = divmod(moment - MIDNIGHT, timedelta(minutes=1))
    assert not rest, f"{moment} is no whole minute"
    return minute


def instant(minute: int) -> datetime:
    """Return the instant of a minute."""
    return MIDNIGHT + timedelta(minutes=minute)


def is_worked(day: date) -> bool:
    """Tell whether the whole country works on a day of this month, or of the ordinary weeks after it."""
    name = f"{day:%m-%d}"
    return name in MAKE_UP or (day.weekday() < 5 and name not in OFF)


@dataclass(frozen=True)
class Town:
    """An agency's hours, as minutes of the day; ``whole_days``: a work day ends with the end of work."""

    hours: tuple[tuple[int, int], ...]
    own: frozenset[str] = frozenset()
    whole_days: bool = False

    def worked(self, day: int) -> list[tuple[int, int]]:
        """Return the spans of a day that are worked."""
        on = FIRST_DAY + timedelta(days=day)
        if not (is_worked(on) or f"{on:%m-%d}" in self.own):
            return []
        return [(day * A_DAY + begin, day * A_DAY + end) for begin, end in self.hours]

    @property
    def minutes_a_day(self) -> int:
        """Return how long a day's work is."""
        return sum(end - begin for begin, end in self.hours)


STREET = Town(((8 * 60, 12 * 60), (14 * 60, 18 * 60)))
VILLAGE = Town(((8 * 60 + 30, 12 * 60), (13 * 60 + 30, 17 * 60 + 30)), frozenset([FAIR]), whole_days=True)
TOWNS = {"street": STREET, "town": VILLAGE}


@dataclass(frozen=True)
class Allowed:
    """A time limit: so many units of a clock."""

    clock: str
    units: float

    def times(self, number: int) -> "Allowed":
        """Return the limit given so many times."""
        return Allowed(self.clock, self.units * number)


def due(allowed: Allowed, town: Town, start: int, held: Sequence[Span]) -> int | None:
    """Return the minute at which a limit is used up, None while it is held for good."""
    if allowed.clock == "work_day" and town.whole_days:
        return _end_of_day(allowed, town, start, held)
    minutes = {"emergency_hour": 60, "work_hour": 60, "work_day": town.minutes_a_day, "natural_day": A_DAY}
    left = round(allowed.units * minutes[allowed.clock])
    for span in _open_spans(allowed, town, start):
        for begin, end in _free(span, start, held):
            if left <= end - begin:
                return begin + left
            left -= end - begin
    return None


def _free(span: tuple[int, int], start: int, held: Sequence[Span]) -> list[tuple[int, int]]:
    """Return the pieces of a span after the start that nothing holds."""
    pieces = [(max(span[0], start), span[1])]
    for begun, ended in held:
        cut = span[1] if ended is None else ended
        pieces = [part for one, end in pieces for part in ((one, min(end, begun)), (max(one, cut), end))]
    return sorted((one, end) for one, end in pieces if one < end)


def _open_spans(allowed: Allowed, town: Town, start: int) -> Iterator[tuple[int, int]]:
    first = start // A_DAY
    for day in range(first, first + _HORIZON):
        if allowed.clock in {"emergency_hour", "natural_day"}:
            yield day * A_DAY, (day + 1) * A_DAY
        else:
            yield from (span for span in town.worked(day) if span[1] > start)


def _end_of_day(allowed: Allowed, town: Town, start: int, held: Sequence[Span]) -> int | None:
    """Count whole days after the first; one of which a pause takes any work does not count."""
    left, first = -(-allowed.units // 1), start // A_DAY
    for day in range(first + 1, first + _HORIZON):
        spans = town.worked(day)
        if spans and not any(_meet(span, pause) for span in spans for pause in held):
            left -= 1
            if left <= 0:
                return spans[-1][1]
    return None


def _meet(span: tuple[int, int], pause: Span) -> bool:
    begin, end = pause
    return max(span[0], begin) < min(span[1], span[1] if end is None else end)
