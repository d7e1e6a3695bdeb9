"""The naive oracle of the deadline engine: it walks the clock on minute by minute and asks of each whether it counts.

Written from domain.md section 2.7 alone; shares no code with the product. Everything must lie on whole minutes, and
China has had no daylight saving since 1991, so a local minute is a number.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cached_property
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")
A_DAY = 24 * 60
EPOCH = datetime(2026, 1, 1, tzinfo=CHINA)
# How far the oracle looks: later than that nothing is compared.
HORIZON = 24 * A_DAY
Span = tuple[datetime, datetime | None]


@dataclass(frozen=True)
class Town:
    """``hours``: minutes of the day that are worked, as (first, after the last); ``works`` tells a day's nature."""

    hours: Sequence[tuple[int, int]]
    works: Callable[[date], bool]
    whole_days: bool = False


def minute_of(moment: datetime) -> int:
    return round((moment - EPOCH).total_seconds() / 60)


@dataclass(frozen=True)
class Walk:
    """``amount`` units of ``clock`` from ``start`` on, in ``town``, without ``pauses``."""

    clock: str
    amount: Fraction
    start: datetime
    town: Town
    pauses: Sequence[Span]

    def due(self) -> datetime | None:
        """Return when the amount is used up, None if that is not before the horizon."""
        left = self.needed
        for minute in range(minute_of(self.start), minute_of(self.start) + HORIZON):
            worth = self.worth(minute)
            if worth and left <= worth:
                return EPOCH + timedelta(minutes=minute + float(left / worth))
            left -= worth
        return None

    def left(self, at: datetime) -> Fraction:
        """Return what is left at a whole minute, negative when overdue."""
        return self.needed - sum(map(self.worth, range(minute_of(self.start), minute_of(at))), Fraction(0))

    def worth(self, minute: int) -> Fraction | int:
        """Return how much of a unit a minute uses up."""
        if self.paused(minute):
            return 0
        if self.clock in {"emergency_hour", "natural_day"}:
            return Fraction(1, 60 if self.clock == "emergency_hour" else A_DAY)
        if not self.worked(minute):
            return 0
        if self.by_days and minute // A_DAY in self.uncounted:
            return 0
        return self.worth_of_work

    @cached_property
    def worth_of_work(self) -> Fraction:
        return Fraction(1, 60 if self.clock == "work_hour" else sum(after - first for first, after in self.town.hours))

    def worked(self, minute: int) -> bool:
        day, of_day = divmod(minute, A_DAY)
        return any(first <= of_day < after for first, after in self.town.hours) and self.is_workday(day)

    def is_workday(self, day: int) -> bool:
        return self.town.works(EPOCH.date() + timedelta(days=day))

    def paused(self, minute: int) -> bool:
        return any(begun <= minute < ended for begun, ended in self.paused_minutes)

    @cached_property
    def paused_minutes(self) -> list[tuple[int, float]]:
        return [(minute_of(begun), minute_of(ended) if ended else float("inf")) for begun, ended in self.pauses]

    @property
    def by_days(self) -> bool:
        return self.clock == "work_day" and self.town.whole_days

    @property
    def needed(self) -> Fraction:
        """Whole-day towns count a begun day as one."""
        return Fraction(-(-self.amount // 1)) if self.by_days else self.amount

    @cached_property
    def uncounted(self) -> set[int]:
        """Whole-day towns count neither the first day nor one of which a pause takes any worked minute."""
        first = minute_of(self.start)
        seen = range(first, first + HORIZON)
        return {first // A_DAY} | {one // A_DAY for one in seen if self.paused(one) and self.worked(one)}
