"""The worker's part of retention: in January all that is due is proposed, every hour what was approved is executed."""

from zoneinfo import ZoneInfo

from server.casework.operations.retiring import MOST_AT_ONCE, propose_due
from server.clock import now
from server.current import settings
from server.db import transact
from server.evidence.erasing import erase_ended, execute_due
from server.jobs import periodic
from server.logs import log

# The whole month, so that a worker that stood still for a week misses no year; what is proposed is not due again.
MONTH = 1


@periodic(minutes=60)
def propose_yearly() -> None:
    """Propose everything that is past retention, in chunks of one transaction each."""
    if now().astimezone(ZoneInfo(settings().timezone)).month != MONTH:
        return
    total = 0
    while proposed := transact(propose_due, settings().retention_years):
        total += proposed
        if proposed < MOST_AT_ONCE:
            break
    if total:
        log.info("disposals-proposed", cases=total)


@periodic(minutes=60)
def execute_disposals() -> None:
    """Execute approved disposals whose delay is over, then erase the bytes."""
    execute_due()
    erase_ended()


@periodic(minutes=10)
def erase_disposed() -> None:
    """Erase what an earlier run left behind: a store that was down, a worker that died."""
    erase_ended()
