"""The time that a clock counts, as stretches with a worth; everything outside of them counts nothing. Pure.

Both directions of the engine walk the same stretches, so they cannot disagree about a lunch break.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from server.standards.timing.calendar import Calendar, Slot, days_from
from server.standards.timing.clocks import Clock
from server.standards.timing.pauses import Pause

MICROSECOND = timedelta(microseconds=1)
_HOUR = timedelta(hours=1) // MICROSECOND
_CONTINUOUS = {Clock.EMERGENCY_HOUR: _HOUR, Clock.NATURAL_DAY: 24 * _HOUR}
# A calendar that says no to every day would be searched for ever.
_MOST_DAYS = 36525


@dataclass(frozen=True)
class Stretch:
    """Time that counts from ``begin`` to before ``end`` (None: for ever), ``unit`` microseconds making one unit."""

    begin: datetime
    end: datetime | None
    unit: int


def stretches(clock: Clock, start: datetime, calendar: Calendar, pauses: Sequence[Pause]) -> Iterator[Stretch]:
    """Return what a clock counts from ``start`` (in UTC) on, in order, without the ``pauses`` (in order and apart)."""
    halted = pauses[-1].begun if pauses and pauses[-1].ended is None else None
    for stretch in _uncut(clock, start, calendar, pauses):
        if halted is not None and stretch.begin >= halted:
            return
        if stretch.end is None or stretch.end > start:
            yield from _without(replace(stretch, begin=max(stretch.begin, start)), pauses)


def in_whole_days(start: datetime, calendar: Calendar) -> bool:
    """Tell whether a work day that begins at ``start`` ends with a day's work: the policy of that day decides."""
    return calendar.schedule_on(calendar.day_of(start)).work_day_policy == "end_of_day"


def _uncut(clock: Clock, start: datetime, calendar: Calendar, pauses: Sequence[Pause]) -> Iterator[Stretch]:
    if clock in _CONTINUOUS:
        yield Stretch(start, None, _CONTINUOUS[clock])
        return
    whole_days = clock is Clock.WORK_DAY and in_whole_days(start, calendar)
    days = islice(days_from(calendar.day_of(start)), 1 if whole_days else 0, _MOST_DAYS)
    for slots in map(calendar.slots_on, days):
        if slots and not (whole_days and any(_touches(pause, slot) for pause in pauses for slot in slots)):
            unit = _HOUR if clock is Clock.WORK_HOUR else _length(slots)
            yield from (Stretch(slot.begin, slot.end, unit) for slot in slots)


def _length(slots: Sequence[Slot]) -> int:
    """Return the work time of a day in microseconds: however long it is, it is worth one work day."""
    return sum((slot.end - slot.begin for slot in slots), timedelta()) // MICROSECOND


def _touches(pause: Pause, slot: Slot) -> bool:
    """Tell whether a pause takes some of the work time: who counts whole days then does not count that day at all."""
    return max(pause.begun, slot.begin) < (slot.end if pause.ended is None else min(pause.ended, slot.end))


def _without(stretch: Stretch, pauses: Sequence[Pause]) -> Iterator[Stretch]:
    begin = stretch.begin
    for pause in pauses:
        if pause.ended is not None and pause.ended <= begin:
            continue
        if stretch.end is not None and pause.begun >= stretch.end:
            break
        if pause.begun > begin:
            yield Stretch(begin, pause.begun, stretch.unit)
        if pause.ended is None:
            return
        begin = pause.ended
    if stretch.end is None or begin < stretch.end:
        yield Stretch(begin, stretch.end, stretch.unit)
