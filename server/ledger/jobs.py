"""What the worker does for the ledger: purge feed marks that nobody needs."""

from server.db import read, transact
from server.jobs import periodic
from server.ledger.purge import crowded_scopes, purge_marks
from server.logs import log


@periodic(minutes=60)
def purge() -> None:
    """Purge each scope that holds too many marks, in a transaction of its own."""
    for scope in read(crowded_scopes):
        if gone := transact(purge_marks, scope):
            log.info("marks-purged", scope=scope, marks=gone)
