"""Binds photo_store's uploads to this server: the ledger to the database, the engine to the settings.

Each call of the ledger is one committed transaction.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from photo_store.inspect_image import ImageFacts, ImageLimits
from photo_store.ledger import Segment, UploadState
from photo_store.uploads import SpoolUnavailable, UploadEngine
from server.casework.operations import photos_arrived
from server.current import blobs, settings, spooled_on
from server.db import glance, read, transact
from server.evidence import uploads
from server.evidence.jobs import derive_photo
from server.evidence.pool import demand_kept
from server.jobs import enqueue


class DatabaseUploadLedger:
    """photo_store.ledger.UploadLedger on server.db."""

    def state(self, upload_id: str) -> UploadState:
        """Return the upload as last committed."""
        return glance(uploads.state, upload_id)

    def raise_fence(self, upload_id: str, *, at_offset: int | None) -> UploadState:
        """Stop earlier writers."""
        return transact(uploads.raise_fence, upload_id, at_offset=at_offset)

    def add_segment(self, upload_id: str, *, segment: str, start: int, length: int, fence: int) -> bool:
        """Append a durable segment, unless another writer took over."""
        return transact(uploads.add_segment, upload_id, segment=segment, start=start, length=length, fence=fence)

    def segments(self, upload_id: str) -> Sequence[Segment]:
        """Return the segments in order."""
        return read(uploads.segments, upload_id)

    def refused_before(self, upload_id: str, sha256: str) -> bool:
        """Tell whether the install sent these bytes for the same declared hash before."""
        return read(uploads.refused_before, upload_id, sha256)

    def claim(self, upload_id: str, *, sha256: str, fence: int) -> bool:
        """Give the upload its true hash; nearly always it was declared, and nothing is written."""
        now_known = glance(uploads.state, upload_id)
        if (now_known.status, now_known.fence) != ("open", fence):
            return False
        if now_known.sha256 != sha256 and not transact(uploads.claim, upload_id, sha256=sha256, fence=fence):
            return False
        # In a transaction after the one that named it: so the collector sees the name, or we see its mark.
        glance(demand_kept, sha256, lock=False)
        return True

    def complete(self, upload_id: str, *, sha256: str, image: ImageFacts, fence: int) -> bool:
        """Finish the upload, record the photo, and tell the cases that waited for it, in one transaction."""
        facts = {"node": spooled_on(sha256), "kept": timedelta(days=settings().upload_days)}
        if not transact(_complete, upload_id, sha256=sha256, image=image, fence=fence, **facts):
            return False
        enqueue(derive_photo, sha256)
        return True

    def fail(self, upload_id: str, *, reason: str, found: str | None = None) -> None:
        """Close the upload for ever."""
        transact(uploads.fail, upload_id, reason=reason, found=found)


def _complete(session: Session, /, upload_id: str, **facts: Any) -> bool:  # noqa: ANN401 (those of uploads.complete)
    owners = uploads.complete(session, upload_id, **facts)
    if owners is None:
        return False
    waiting: list[UUID] = sorted(owner.id for owner in owners if owner.kind == "case")
    photos_arrived(session, waiting)
    return True


def upload_engine() -> UploadEngine:
    """Return the engine on the running application's store and spool; raises SpoolUnavailable."""
    chosen = settings()
    limits = ImageLimits(max_bytes=chosen.max_photo_bytes)
    try:
        return UploadEngine(DatabaseUploadLedger(), blobs(), chosen.spool_dir.absolute(), limits=limits)
    except OSError as error:
        raise SpoolUnavailable(str(error)) from error
