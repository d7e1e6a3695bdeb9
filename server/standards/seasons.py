"""Seasons: the part of every year in which a standard holds, such as the planting season. Pure."""

import re
from dataclasses import dataclass
from datetime import date

_DAY = r"(\d{1,2})\s*[-./月]\s*(\d{1,2})\s*日?"
_SPAN = re.compile(rf"{_DAY}\s*[-~～—–至到]\s*{_DAY}", re.ASCII)
# A leap year, so that 29 February is a day on which a season may begin or end.
_ANY_YEAR = 2024


@dataclass(frozen=True)
class Season:
    """From one day of the year to another, both included and written 'MM-DD'; it may go over the turn of the year."""

    begins: str
    ends: str

    def holds(self, on: date) -> bool:
        """Tell whether ``on`` lies in the season of any year."""
        day = f"{on:%m-%d}"
        if self.begins <= self.ends:
            return self.begins <= day <= self.ends
        return day >= self.begins or day <= self.ends

    def __str__(self) -> str:
        """Return the one spelling that `parse_season` reads back."""
        return f"{self.begins}~{self.ends}"


def parse_season(text: str) -> Season:
    """Read '02-15~04-15', '2月15日至4月15日' and the like; raises ValueError for anything else and for no such day."""
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        msg = f"{text!r} is no season: write it as 02-15~04-15"
        raise ValueError(msg)
    first, last, other_first, other_last = (int(part) for part in found.groups())
    begins, ends = date(_ANY_YEAR, first, last), date(_ANY_YEAR, other_first, other_last)
    return Season(f"{begins:%m-%d}", f"{ends:%m-%d}")
