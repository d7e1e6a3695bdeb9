"""Jobs of redactions: asked for when one is drawn, swept for every minute."""

from uuid import UUID

from photo_store.derive import RECIPE
from server.db import read
from server.evidence.redacting import make_one
from server.evidence.redactions import unmade
from server.jobs import enqueue, job, periodic

MOST_AT_ONCE = 200


@job
def make_redaction(redaction_id: str) -> None:
    """Make the pictures of one redaction."""
    make_one(UUID(redaction_id))


@periodic(minutes=1)
def sweep_unmade() -> None:
    """Ask again for every redaction that still waits, after a lost queue or a killed worker."""
    for redaction_id in read(unmade, RECIPE, MOST_AT_ONCE):
        enqueue(make_redaction, str(redaction_id))
