"""When an agency works: working days and the hours worked on them, as facts that the caller brings. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

# hours: a work day is one day's work time from the start on (Friday 17:00 -> Monday 17:00);
# end_of_day: it ends when the next working day's work ends. Cities do either (domain.md section 2.7).
WorkDayPolicy = Literal["hours", "end_of_day"]
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, order=True)
class WorkPeriod:
    """Local hours of work from ``begin`` to before ``end``; an ``end`` of 00:00 is the midnight that ends the day."""

    begin: time
    end: time

    def __post_init__(self) -> None:
        if self.end != time.min and self.end <= self.begin:
            raise ValueError(f"a work period must begin before it ends, not {self}")

    @property
    def ends_at_midnight(self) -> bool:
        """Tell whether the period lasts until the day ends."""
        return self.end == time.min

    def __str__(self) -> str:
        """Return ``08:00-12:00``."""
        return f"{self.begin:%H:%M}-{'24:00' if self.ends_at_midnight else format(self.end, '%H:%M')}"


@dataclass(frozen=True)
class Schedule:
    """Hours of work and policy from a day on, such as summer hours."""

    valid_from: date
    periods: tuple[WorkPeriod, ...]
    work_day_policy: WorkDayPolicy = "hours"

    def __post_init__(self) -> None:
        demand_periods(self.periods)


@dataclass(frozen=True)
class Slot:
    """One stretch of work time: aware UTC, ``begin`` < ``end``."""

    begin: datetime
    end: datetime


@dataclass(frozen=True)
class Calendar:
    """Working days and hours of an agency.

    ``periods`` and ``work_day_policy`` hold until the first of ``later``, which takes their place from its day on.
    """

    zone: ZoneInfo
    periods: tuple[WorkPeriod, ...]
    is_workday: Callable[[date], bool] = field(compare=False)
    work_day_policy: WorkDayPolicy = "hours"
    later: tuple[Schedule, ...] = ()
    # Many cases of one agency ask for the same few weeks.
    _known: dict[date, tuple[Slot, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        demand_periods(self.periods)
        days = [schedule.valid_from for schedule in self.later]
        if sorted(set(days)) != days:
            raise ValueError("later schedules must be in the order of their days, one per day")

    def schedule_on(self, day: date) -> Schedule:
        """Return hours and policy in force on a day."""
        begun = [schedule for schedule in self.later if schedule.valid_from <= day]
        return begun[-1] if begun else self._first

    @cached_property
    def _first(self) -> Schedule:
        return Schedule(date.min, self.periods, self.work_day_policy)

    def day_of(self, moment: datetime) -> date:
        """Return the local day of an instant."""
        return moment.astimezone(self.zone).date()

    def slots_on(self, day: date) -> tuple[Slot, ...]:
        """Return the work time of a day in order, none if it is no working day."""
        if day not in self._known:
            self._known[day] = self._slots(day) if self.is_workday(day) else ()
        return self._known[day]

    def _slots(self, day: date) -> tuple[Slot, ...]:
        slots = (self._slot(day, period) for period in self.schedule_on(day).periods)
        # Where clocks are put forward, a period can fall into the hour that does not exist.
        return tuple(Slot(begin, end) for begin, end in slots if begin < end)

    def midnight(self, day: date) -> datetime:
        """Return the instant at which a local day begins."""
        return self._instant(day, time.min)

    def _slot(self, day: date, period: WorkPeriod) -> tuple[datetime, datetime]:
        end = self.midnight(day + _A_DAY) if period.ends_at_midnight else self._instant(day, period.end)
        return self._instant(day, period.begin), end

    def _instant(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.zone).astimezone(UTC)


def days_from(day: date) -> Iterator[date]:
    """Return a day and all that follow it."""
    while True:
        yield day
        day += _A_DAY


def demand_periods(periods: tuple[WorkPeriod, ...]) -> None:
    """Raise ValueError unless there are periods, in order and apart: overlapping hours would count twice."""
    if not periods:
        raise ValueError("a working day needs at least one work period")
    for before, after in pairwise(periods):
        if before.ends_at_midnight or after.begin < before.end:
            raise ValueError(f"work periods must follow one another, not {before} and {after}")
