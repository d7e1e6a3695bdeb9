"""Hours of work as people write them: ``08:00-12:00 14:00-18:00``. Pure."""

import re
from datetime import time

from server.standards.timing.calendar import WorkPeriod, demand_periods

MOST_PERIODS = 6
_PERIOD = re.compile(r"(\d{1,2}):(\d{2})[-–—~至](\d{1,2}):(\d{2})")
_SEPARATOR = re.compile(r"[\s,;，；、]+")
_FULL_WIDTH = str.maketrans("０１２３４５６７８９：－～", "0123456789:-~")


def parse_periods(text: str) -> tuple[WorkPeriod, ...]:
    """Return the periods of a working day; ``24:00`` ends one at midnight. Raises ValueError, which says what is wrong.

    Between two periods stand blanks, commas or 、; full-width characters do not matter.
    """
    parts = [part for part in _SEPARATOR.split(text.translate(_FULL_WIDTH)) if part]
    if len(parts) > MOST_PERIODS:
        raise ValueError(f"a working day has at most {MOST_PERIODS} work periods")
    periods = tuple(_period(part) for part in parts)
    demand_periods(periods)
    return periods


def write_periods(periods: tuple[WorkPeriod, ...]) -> str:
    """Return periods as `parse_periods` reads them back."""
    return " ".join(str(period) for period in periods)


def _period(text: str) -> WorkPeriod:
    found = _PERIOD.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} are no hours: write them like 08:00-12:00 14:00-18:00")
    begin, end = f"{found[1]:0>2}:{found[2]}", f"{found[3]:0>2}:{found[4]}"
    try:
        return WorkPeriod(time.fromisoformat(begin), time.min if end == "24:00" else _before_midnight(end))
    except ValueError as error:
        raise ValueError(f"{text!r} are no hours: {error}") from error


def _before_midnight(text: str) -> time:
    end = time.fromisoformat(text)
    if end == time.min:
        raise ValueError("midnight that ends a day is written 24:00")
    return end
