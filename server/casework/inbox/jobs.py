"""The worker's part of the inbox: notices are removed after 90 days."""

from server.casework.inbox.operations import MOST_AT_ONCE, forget
from server.casework.inbox.rules import KEPT_FOR
from server.clock import now
from server.db import transact
from server.jobs import periodic
from server.logs import log


@periodic(minutes=60)
def forget_old() -> None:
    """Remove old notices, in chunks of one transaction each."""
    total = 0
    while gone := transact(forget, now() - KEPT_FOR):
        total += gone
        if gone < MOST_AT_ONCE:
            break
    if total:
        log.info("notices-removed", notices=total)
