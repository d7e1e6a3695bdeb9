"""Row `month`: a scripted month of 2,000 cases ends as a naive twin says that it must (tests/support/month/).

A trial is a case. Cases of one run share desks, handsets and a calendar; the seed is the number of the first one.
"""

import time

from support.month.compare import differences
from verification.place import application, database_of, opened
from verification.rows.result import Result

from server.config import Settings

ROW = "month"


def run(count: int, start: int = 0, database: str = "sqlite") -> Result:
    """Live through a month of ``count`` cases, told by the seed ``start``."""
    with opened(database) as settings:
        return run_in(settings, count, start)


def run_in(settings: Settings, count: int, start: int = 0) -> Result:
    """Do the same in a place that is there."""
    began = time.monotonic()
    with application(settings) as app:
        failures = tuple(differences(app, count, start))
    return Result(ROW, database_of(settings), start, count, failures, time.monotonic() - began)
