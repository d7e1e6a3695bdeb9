"""Collects photographs that nobody ever declared: condemned after weeks in the pool, deleted a day after that.

Safe to kill and to run twice at once: what a dead collector left half-deleted the next one ends. The rules and the
locks are in server/evidence/pool.py; here bytes are deleted, outside of any transaction.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from photo_store.blobs import original_key, rendition_key
from photo_store.derive import RECIPE
from server.clock import now
from server.current import blobs, settings
from server.db import read, transact
from server.evidence import pool
from server.evidence.pool import GRACE, LEASE, Marked
from server.evidence.serving import MEDIA_TYPES
from server.jobs import periodic
from server.logs import log
from server.progress import Told, silent

_AT_ONCE = 200
_CONDEMNING, _DELETING = "condemn", "delete"


@dataclass(frozen=True)
class Collected:
    """How many photographs were condemned, and how many deleted for good."""

    condemned: int
    deleted: int


def collect(told: Told = silent) -> Collected:
    """Condemn what is forgotten, delete what was condemned a day ago. Raises BlobUnavailable; then run it again."""
    found = Collected(_condemn_forgotten(told), _delete_condemned(told))
    if found.condemned or found.deleted:
        log.info("photos-collected", condemned=found.condemned, deleted=found.deleted)
    return found


@periodic(minutes=60)
def collect_photos() -> None:
    """Collect what nobody declared."""
    collect()


def _condemn_forgotten(told: Told) -> int:
    since = now() - timedelta(days=settings().unattached_days)
    condemned = looked = 0
    for hashes in _pages(lambda after: read(pool.condemnable, since, after, _AT_ONCE)):
        condemned += transact(pool.condemn, hashes, since)
        looked += len(hashes)
        told(_CONDEMNING, looked, looked)
    return condemned


def _delete_condemned(told: Told) -> int:
    before = now() - GRACE
    deleted = looked = listed = 0
    for hashes in _pages(lambda after: read(pool.deletable, before, after, _AT_ONCE)):
        listed += len(hashes)
        for sha256 in hashes:
            marked = transact(pool.mark_deleting, sha256, before)
            deleted += marked is not None and _delete(marked)
            looked += 1
            told(_DELETING, looked, listed)
    return deleted


def _delete(marked: Marked) -> bool:
    """Delete the bytes, then the row: as long as it stands, whoever brings the bytes waits."""
    if now() - marked.deleting_at > LEASE / 2:
        # This process slept; another may have taken over, and the bytes may be somebody's new photograph by now.
        return False
    store = blobs()
    for recipe in {RECIPE, marked.derived_recipe or RECIPE}:
        for rendition in MEDIA_TYPES:
            store.delete(rendition_key(marked.sha256, rendition, recipe))
    store.delete(original_key(marked.sha256))
    return transact(pool.forget_deleted, marked)


def _pages(page: Callable[[str], list[str]]) -> Iterator[list[str]]:
    """Yield pages of hashes in their order, each asked for behind the last one."""
    after = ""
    while hashes := page(after):
        yield hashes
        after = hashes[-1]
