"""What happens in a month in Chengpu, minute by minute, by a seed. Knows neither the product nor the twin.

A script says what people try; whether it may be done, the product and the twin say, each by itself.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from support.month.days import A_DAY, DAYS, END

COLLECTORS = {"c001": "street", "c002": "street", "c101": "town"}
SQUADS = {"e001": "street", "e002": "street", "e031": "town"}
HANDSETS = (*COLLECTORS, *SQUADS)
# Limits of disposal by class and condition: those in force at first, and those from the 8th of October on.
NEW_LIMITS_ON = 20 * A_DAY
LIMITS = {
    "0101": (("work_hour", 4), ("emergency_hour", 2)),
    "0102": (("work_day", 1), ("work_day", 3)),
    "0103": (("natural_day", 3),),
    "0104": (("emergency_hour", 2), ("work_day", 2)),
    "0105": (("work_hour", 0.5), ("natural_day", 1)),
}
NEW_LIMITS = {**LIMITS, "0101": (("work_hour", 2), ("emergency_hour", 1)), "0102": (("work_day", 2), ("work_day", 3))}
# Duplicates of this class are attached by the city's policy, those of the others only proposed.
ATTACHED = "0105"
_OFFLINE_A_DAY = 0.4


@dataclass(frozen=True)
class Act:
    """Somebody tries something. ``captured``: when a handset recorded what arrives at ``at``."""

    at: int
    who: str
    do: str
    case: int
    said: Mapping[str, Any]
    captured: int

    @property
    def order(self) -> tuple[int, bool, str, int]:
        """Desks come first within a minute; what one handset sends at once stands together."""
        by_handset = self.who in HANDSETS
        return self.at, by_handset, self.who if by_handset else "", self.captured


@dataclass
class Offline:
    """When handsets are out of reach: spans of minutes, apart from each other."""

    spans: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def online(self, who: str, minute: int) -> bool:
        """Tell whether a handset is in reach."""
        return self.reach(who, minute) == minute

    def reach(self, who: str, minute: int) -> int:
        """Return the first minute from then on at which a handset is in reach."""
        return next((end for begin, end in self.spans[who] if begin <= minute < end), minute)

    def next_span(self, who: str, minute: int) -> tuple[int, int] | None:
        """Return the next time out of reach that begins after a minute."""
        return next((span for span in self.spans[who] if span[0] > minute), None)


@dataclass(frozen=True)
class Script:
    """A month: acts in their order, and who was out of reach when."""

    acts: tuple[Act, ...]
    offline: Offline
    cases: int


def offline_times(chance: random.Random) -> Offline:
    """Return times out of reach: hours on many days, and one stay of three days in the hills each."""
    told = Offline()
    for who in HANDSETS:
        away = chance.randrange(3, DAYS - 4)
        spans = [(away * A_DAY + 360, (away + 3) * A_DAY + 360)]
        for day in range(DAYS):
            if chance.random() < _OFFLINE_A_DAY and not away <= day <= away + 3:
                begin = day * A_DAY + chance.randrange(420, 1080)
                spans.append((begin, begin + chance.randrange(30, 360)))
        told.spans[who] = sorted(spans)
    return told


def housekeeping(offline: Offline) -> Iterator[Act]:
    """Yield what happens by itself: the worker's jobs, and handsets that come into reach again."""
    for minute in range(0, END, 240):
        yield Act(minute, "worker", "settle", -1, {}, minute)
    for minute in (*range(7, END, 360), END):
        yield Act(minute, "worker", "sweep", -1, {}, minute)
    for who, spans in offline.spans.items():
        for _begin, end in spans:
            if end < END:
                # As if recorded before all else: it is pulled, then what waited is sent.
                yield Act(end, who, "pull", -1, {}, -1)
