"""The doctor's look at the working calendar: without next year's holidays deadlines would count them as worked."""

from collections.abc import Iterator
from datetime import timedelta

from server.clock import now
from server.db import read
from server.safekeeping.findings import Finding, green, yellow
from server.standards.calendar_queries import unnamed_year
from server.standards.calendars import BEIJING

# The State Council's notice for a year comes in November; limits that begin in December end in it.
_AHEAD = timedelta(days=45)


def holidays() -> Iterator[Finding]:
    """Whether somebody has told the holidays of the weeks to come."""
    unnamed = read(unnamed_year, now().astimezone(BEIJING).date(), _AHEAD)
    if unnamed is None:
        yield green("calendar", "holidays and make-up days of the weeks to come are known")
    else:
        fix = "Import the State Council's notice with `flask calendar import`, or update Xuncha."
        yield yellow("calendar", f"nobody has told the holidays of {unnamed}: only weekends count as free", fix)
