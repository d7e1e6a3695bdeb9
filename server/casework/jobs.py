"""What the worker does for casework: shelve cases that ended 30 days ago."""

from datetime import timedelta

from server.casework.operations.shelving import MOST_AT_ONCE, shelve_cases
from server.clock import now
from server.db import transact
from server.jobs import periodic
from server.logs import log

# As long a reporter can still look up on the handset what became of a report.
SHOWN_FOR = timedelta(days=30)


@periodic(minutes=60)
def shelve() -> None:
    """Shelve all cases that are due, in chunks of one transaction each."""
    total = 0
    while shelved := transact(shelve_cases, now() - SHOWN_FOR):
        total += shelved
        if shelved < MOST_AT_ONCE:
            break
    if total:
        log.info("cases-shelved", cases=total)
