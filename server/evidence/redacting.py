"""The worker's part of a redaction: makes its pictures from the original, in the sandbox. Whoever calls runs it anew.

A redaction that waits is found by the sweep; the queue is a hint. Knows no page.
"""

from uuid import UUID

from photo_store.blobs import BlobMissing, BlobUnavailable, rendition_key
from photo_store.decoder import DecoderUnavailable
from photo_store.derive import RECIPE, NotDerivable
from photo_store.redact import full_name, redact
from server.current import blobs
from server.db import transact
from server.evidence import redactions
from server.logs import log


def make_one(redaction_id: UUID) -> None:
    """Make the pictures of one redaction, unless they exist, were given up, or a newer one counts."""
    asked = transact(redactions.begin, redaction_id, RECIPE)
    if asked is None:
        return
    try:
        redact(blobs(), asked.sha256, asked.regions, asked.rendition)
    except (BlobUnavailable, BlobMissing, DecoderUnavailable) as error:
        transact(redactions.give_attempt_back, redaction_id)
        log.warning("redaction-postponed", redaction=str(redaction_id), error=str(error))
    except (NotDerivable, ValueError) as error:
        transact(redactions.note_failed, redaction_id, str(error))
        log.warning("redaction-failed", redaction=str(redaction_id), error=str(error))
    else:
        if not transact(redactions.note_made, redaction_id, RECIPE):
            for name in (asked.rendition, full_name(asked.rendition)):
                blobs().delete(rendition_key(asked.sha256, name, RECIPE))
