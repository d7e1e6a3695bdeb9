"""What the worker does for casework: shelve cases that ended 30 days ago, work out the flags of their photographs.

Flags are kept by evidence; but where a case is, only casework knows.
"""

from datetime import timedelta

from server.casework.operations.shelving import MOST_AT_ONCE, shelve_cases
from server.casework.places import place_of
from server.clock import now
from server.db import read, transact
from server.evidence import flags
from server.jobs import periodic
from server.logs import log

MOST_FLAGGED_AT_ONCE = 500
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


@periodic(minutes=1)
def sweep_flags() -> None:
    """Work out the flags of photographs that came, were derived, or whose surroundings have changed."""
    for evidence_id in read(flags.due, MOST_FLAGGED_AT_ONCE):
        # The search runs outside the transaction: writers must not wait for it.
        found = read(flags.work_out, evidence_id, place_of)
        if found is not None:
            transact(flags.keep, found)
