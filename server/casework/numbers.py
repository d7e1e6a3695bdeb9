"""Case numbers: a pattern with placeholders, filled when a case is filed. Pure."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

AREA_DIGITS = 6


@dataclass(frozen=True)
class Numbering:
    """``pattern`` knows ``{area6}`` (GB/T 2260 code), ``{yyyymmdd}`` in the time zone, ``{seq5}`` within both."""

    pattern: str = "{area6}{yyyymmdd}{seq5}"
    timezone: str = "Asia/Shanghai"

    def day(self, moment: datetime) -> str:
        """Return the local day of ``moment`` as yyyymmdd."""
        return moment.astimezone(ZoneInfo(self.timezone)).strftime("%Y%m%d")

    def series(self, agency_path: str, moment: datetime) -> str:
        """Return the name of the series from which the next number is taken."""
        return f"case:{area_of(agency_path)}:{self.day(moment)}"

    def write(self, agency_path: str, moment: datetime, sequence: int) -> str:
        """Return the case number; after 99,999 cases on one day it grows by a digit."""
        return self.pattern.format(area6=area_of(agency_path), yyyymmdd=self.day(moment), seq5=f"{sequence:05d}")


def area_of(agency_path: str) -> str:
    """Return the six-digit area of the nearest node that has one (towns and communities only extend it)."""
    nodes = agency_path.strip("/").split("/")
    area = next((node for node in reversed(nodes) if len(node) == AREA_DIGITS and node.isdecimal()), nodes[0])
    return area[:AREA_DIGITS].rjust(AREA_DIGITS, "0")
