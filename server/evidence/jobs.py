"""Jobs of evidence: renditions are derived by the worker; the queue is a hint, the sweep is the guarantee."""

from photo_store.derive import RECIPE
from server.current import node_name
from server.db import read
from server.evidence.deriving import derive_one
from server.evidence.queries import underived
from server.jobs import enqueue, job, periodic

MOST_AT_ONCE = 200


@job
def derive_photo(sha256: str) -> None:
    """Make the thumbnail and the preview of one original, unless they exist or it was given up."""
    derive_one(sha256)


@periodic(minutes=1)
def sweep_underived() -> None:
    """Ask again for every original that still lacks its renditions, after a lost queue or a killed worker."""
    for sha256 in read(underived, RECIPE, MOST_AT_ONCE, node_name()):
        enqueue(derive_photo, sha256)
