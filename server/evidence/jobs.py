"""Jobs of evidence: renditions are derived by the worker; the queue is a hint, the sweep is the guarantee.

The attempt is committed before anything is decoded, so that a picture that kills its worker stops after two.
"""

from photo_store.blobs import BlobUnavailable
from photo_store.derive import RECIPE, NotDerivable, derive
from server.current import blobs
from server.db import read, transact
from server.evidence.photos import begin_derive, give_attempt_back, note_derive_failed, note_derived
from server.evidence.queries import underived
from server.jobs import enqueue, job, periodic
from server.logs import log

MOST_AT_ONCE = 200


@job
def derive_photo(sha256: str) -> None:
    """Make the thumbnail and the preview of one original, unless they exist or it was given up."""
    if not transact(begin_derive, sha256, RECIPE):
        return
    try:
        made = derive(blobs(), sha256)
    except BlobUnavailable as error:
        transact(give_attempt_back, sha256)
        log.warning("derive-postponed", sha256=sha256, error=str(error))
    except NotDerivable as error:
        transact(note_derive_failed, sha256, str(error))
        log.warning("derive-failed", sha256=sha256, error=str(error))
    else:
        transact(note_derived, sha256, RECIPE, made.sizes)


@periodic(minutes=1)
def sweep_underived() -> None:
    """Ask again for every original that still lacks its renditions, after a lost queue or a killed worker."""
    for sha256 in read(underived, RECIPE, MOST_AT_ONCE):
        enqueue(derive_photo, sha256)
