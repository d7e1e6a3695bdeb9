"""What the worker does for standards: keep the reference documents true to the tables they are made from."""

from server.db import transact
from server.jobs import periodic
from server.standards.published import publish_all


@periodic(minutes=5)
def publish_reference() -> None:
    """Publish what changed, such as a new squad: the roster is set up in many places and none must remember this."""
    transact(publish_all)
