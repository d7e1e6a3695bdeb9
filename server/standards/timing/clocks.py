"""The four clocks of time limits, and the wordings in which cities write limits. Pure.

Domain.md section 2.7. A city once had "emergency" in the text and plain work hours in the stored type: so the clock is
read from the text once, at import, and shown beside it ever after.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Self

# As the column that keeps limits: NUMERIC(8, 3). Thousandths also make every limit end on a whole microsecond.
MOST_AMOUNT = Decimal(3650)
_FINEST = -3


class Clock(StrEnum):
    """What a limit counts."""

    EMERGENCY_HOUR = "emergency_hour"
    WORK_HOUR = "work_hour"
    WORK_DAY = "work_day"
    NATURAL_DAY = "natural_day"


# 紧急工作日 counts every calendar day: it names the urgency, not the calendar.
_WORDS = {
    "紧急工作时": Clock.EMERGENCY_HOUR,
    "紧急工作小时": Clock.EMERGENCY_HOUR,
    "紧急小时": Clock.EMERGENCY_HOUR,
    "emergencyhour": Clock.EMERGENCY_HOUR,
    "工作时": Clock.WORK_HOUR,
    "工作小时": Clock.WORK_HOUR,
    "小时": Clock.WORK_HOUR,
    "workhour": Clock.WORK_HOUR,
    "工作日": Clock.WORK_DAY,
    "天": Clock.WORK_DAY,
    "workday": Clock.WORK_DAY,
    "自然日": Clock.NATURAL_DAY,
    "紧急工作日": Clock.NATURAL_DAY,
    "紧急日": Clock.NATURAL_DAY,
    "naturalday": Clock.NATURAL_DAY,
}
_UNDERSTOOD = (
    "紧急工作时 (emergency_hour), 工作时 or 小时 (work_hour), 工作日 or 天 (work_day), "
    "自然日 or 紧急工作日 (natural_day)"
)
_WORDING = re.compile(r"([0-9]+(?:\.[0-9]+)?)(.*)")
_FILLING = re.compile(r"[\s_个]")


@dataclass(frozen=True)
class Limit:
    """``amount`` units of a clock: over 0, at most 3 decimals."""

    clock: Clock
    amount: Decimal

    def __post_init__(self) -> None:
        if not self.amount.is_finite() or self.amount <= 0:
            raise ValueError(f"a limit must be more than nothing, not {self.amount} {self.clock}")

    def times(self, count: int) -> Self:
        """Return the limit ``count`` times as long: an extension grants the original limit once more."""
        return type(self)(self.clock, self.amount * count)

    def __str__(self) -> str:
        """Return the canonical wording, ``4 work_hour``, which `parse_limit` reads back."""
        return f"{_plain(self.amount)} {self.clock}"


def parse_limit(text: str) -> Limit:
    """Return the limit that a city's wording means: ``2紧急工作时``, ``4小时``, ``1 个工作日``, ``4 work_hour``.

    Full-width digits, spaces and 个 do not matter. Raises ValueError, which says what is understood.
    """
    bare = _FILLING.sub("", unicodedata.normalize("NFKC", text)).lower()
    found = _WORDING.fullmatch(bare)
    clock = None if found is None else _WORDS.get(found[2].removesuffix("s"))
    if found is None or clock is None:
        raise ValueError(f"{text!r} is no time limit: write a number and one of {_UNDERSTOOD}")
    amount = Decimal(found[1]).normalize()
    exponent = amount.as_tuple().exponent
    if not 0 < amount <= MOST_AMOUNT or not isinstance(exponent, int) or exponent < _FINEST:
        raise ValueError(f"{text!r} is no time limit: the number must be over 0, at most {MOST_AMOUNT}, 3 decimals")
    return Limit(clock, Decimal(_plain(amount)))


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
