"""Tells the custody record every hour who looked at which photographs."""

from server.db import transact
from server.evidence.views import MOST_AT_ONCE, flush_views
from server.jobs import periodic


@periodic(minutes=60)
def tell_views() -> None:
    """Move all counts into the custody record, a batch in each transaction."""
    while transact(flush_views) == MOST_AT_ONCE:
        pass
