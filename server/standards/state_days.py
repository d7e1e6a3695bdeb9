"""The State Council's working calendar: holidays and the weekends that are worked in exchange (调休). Pure.

The notices come through the package chinesecalendar, a year at a time; where it knows nothing, weekends are free and
all other days are worked. An agency's own rows go before (calendars.py).
"""

from dataclasses import dataclass
from datetime import date

from chinese_calendar.constants import Holiday, holidays, workdays

COVERED_FROM = date(min(holidays).year, 1, 1)
COVERED_UNTIL = date(max(holidays).year, 12, 31)
_NAMES = {holiday.value: holiday.chinese for holiday in Holiday}
_SATURDAY = 5


@dataclass(frozen=True)
class StateDay:
    """A day that a notice names: a holiday, or a weekend day that is worked."""

    workday: bool
    name: str
    name_en: str


def state_day(day: date) -> StateDay | None:
    """Return what a notice says of a day, None if none names it."""
    if day in workdays:
        named = _NAMES[workdays[day]]
        return StateDay(workday=True, name=f"{named}调休上班", name_en=f"{workdays[day]}: make-up day")
    return StateDay(workday=False, name=_NAMES[holidays[day]], name_en=holidays[day]) if day in holidays else None


def is_state_workday(day: date) -> bool:
    """Tell whether a day is worked as far as the State Council has said anything about it."""
    named = state_day(day)
    return day.weekday() < _SATURDAY if named is None else named.workday


def uncovered_from(day: date) -> date | None:
    """Return the first day on or after ``day`` whose year no notice is known for; None before the first known year.

    From there on holidays count as working days: who keeps the calendar must update the product or import them.
    """
    return None if day < COVERED_FROM else max(day, date(COVERED_UNTIL.year + 1, 1, 1))
