"""Reading everything at once, for API and page alike. Commits chunk by chunk."""

from uuid import UUID

from server.casework.inbox import operations
from server.db import transact
from server.identity.rules import Actor


def read_all(me: Actor, through: UUID | None) -> int:
    """Mark everything up to ``through`` (None: all) as read, in chunks of one transaction each; return how many."""
    total = 0
    while marked := transact(operations.mark_all_read, me, through):
        total += marked
    return total
