"""What a version of a category scheme says: its classes, conditions, limits and required photographs. Pure records.

One shape for the three places it comes from and goes to: a file of the product, a city's workbook, the tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from server.standards.rules import ALL_CONDITIONS, LimitStage, Shot
from server.standards.seasons import Season
from server.standards.timing import Limit

# Where the source counts components and events apart, the same digits mean two things.
COMPONENT, EVENT = "component", "event"
_PREFIX = {COMPONENT: "b", EVENT: ""}


@dataclass(frozen=True)
class MinorClass:
    """A minor class (小类) with its major class; codes are the two parts as the scheme writes them."""

    issue_kind: str
    major_code: str
    minor_code: str
    major: str
    name: str
    major_en: str
    name_en: str

    @property
    def code(self) -> str:
        """Return the code that is unique within the scheme's version."""
        return f"{_PREFIX[self.issue_kind]}{self.major_code}{self.minor_code}"


@dataclass(frozen=True)
class Condition:
    """One row of a city's table of case standards; ``no`` counts from 1 within the class, texts may be empty.

    Number 0 is the class itself, where the table gives it units but no condition.
    """

    no: int
    filing_condition: str
    closing_condition: str
    disposing_unit: str = ""
    supervising_unit: str = ""
    legal_basis: str = ""
    clause: str = ""
    note: str = ""
    season: Season | None = None

    def holds(self, on: date) -> bool:
        """Tell whether the condition applies on a day; one without a season always does."""
        return self.season is None or self.season.holds(on)


@dataclass(frozen=True)
class WrittenLimit:
    """A limit and the wording it was read from: both are shown, because a wording once meant another clock."""

    limit: Limit
    wording: str


Limits = Mapping[LimitStage, WrittenLimit]


@dataclass(frozen=True)
class SchemeContent:
    """All that a version says. Conditions by code; limits by (code, condition number); photographs by code.

    Code '' means all classes, number 0 all conditions of the class.
    """

    classes: Mapping[str, MinorClass]
    conditions: Mapping[str, tuple[Condition, ...]] = field(default_factory=dict)
    limits: Mapping[tuple[str, int], Limits] = field(default_factory=dict)
    shots: Mapping[str, tuple[Shot, ...]] = field(default_factory=dict)

    def limit_of(self, code: str, no: int, stage: LimitStage) -> WrittenLimit | None:
        """Return what is said about a stage of a condition, else of its class, else None."""
        for key in ((code, no), (code, ALL_CONDITIONS)):
            if stage in self.limits.get(key, {}):
                return self.limits[key][stage]
        return None
