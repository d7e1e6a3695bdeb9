"""When a limit ends, and how much of it is left: two pure functions, each the inverse of the other.

Rules and vectors: domain.md section 2.7; docs/deadlines.md explains them with examples.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from math import ceil

from server.standards.timing.calendar import Calendar
from server.standards.timing.clocks import Clock, Limit
from server.standards.timing.pauses import Pause, in_utc, joined
from server.standards.timing.stretches import MICROSECOND, in_whole_days, stretches

# A microsecond is 1e-11 of a day: finer than that nothing differs.
_FINEST = 12


def due_at(start: datetime, limit: Limit, calendar: Calendar, pauses: Iterable[Pause] = ()) -> datetime | None:
    """Return the instant (aware UTC) at which ``limit`` has run from ``start`` on; None while an open pause holds it.

    Pauses may overlap, be unordered and lie outside; what lies after the end changes nothing. Raises ValueError for a
    time without zone, or if the calendar has too few working days in a hundred years.
    """
    start = in_utc(start)
    left, known = _amount(start, limit, calendar), joined(pauses)
    for stretch in stretches(limit.clock, start, calendar, known):
        needed = ceil(left * stretch.unit) * MICROSECOND
        if stretch.end is None or needed <= stretch.end - stretch.begin:
            return stretch.begin + needed
        left -= Fraction((stretch.end - stretch.begin) // MICROSECOND, stretch.unit)
    if known and known[-1].ended is None:
        return None
    raise ValueError(f"the calendar has not enough working days for {limit} within a hundred years of {start}")


def time_left(at: datetime, start: datetime, limit: Limit, calendar: Calendar, pauses: Iterable[Pause] = ()) -> Decimal:
    """Return how much of ``limit`` is left at an instant, in units of its clock; negative: overdue by that much.

    Nothing counts before ``start``. Raises ValueError for a time without zone.
    """
    at, start = in_utc(at), in_utc(start)
    left = _amount(start, limit, calendar)
    for stretch in stretches(limit.clock, start, calendar, joined(pauses)):
        if stretch.begin >= at:
            break
        end = at if stretch.end is None else min(at, stretch.end)
        left -= Fraction((end - stretch.begin) // MICROSECOND, stretch.unit)
    scaled = round(left * 10**_FINEST)
    return Decimal(scaled).scaleb(-_FINEST)


def _amount(start: datetime, limit: Limit, calendar: Calendar) -> Fraction:
    """Return the units to count; who counts whole days counts a part of one as one."""
    if limit.clock is Clock.WORK_DAY and in_whole_days(start, calendar):
        return Fraction(ceil(limit.amount))
    return Fraction(limit.amount)
