"""The upload ledger's port: what must be remembered of an upload besides its bytes.

The gateway implements it on the database, :class:`photo_store.memory.MemoryLedger` in memory; both pass
:class:`photo_store.contract.UploadLedgerContract`. Every call is one committed transaction. Knows no SQL.

The *offset* is what has been promised to the handset. The *fence* is a number that only grows: whoever raised
it last is the only one whose segments still count, so two writers can never interleave.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from photo_store.inspect_image import ImageFacts

__all__ = ["Segment", "UploadLedger", "UploadState"]


@dataclass(frozen=True, slots=True)
class UploadState:
    """One upload as last committed.

    ``length`` is at least 1: whoever makes uploads refuses an empty one, and one longer than the limits allow.
    ``sha256``: the declared hash (None if none was), once claimed or complete the true one; hex, lower case.
    """

    upload_id: str
    length: int
    offset: int
    fence: int
    sha256: str | None
    status: Literal["open", "complete", "failed"]


@dataclass(frozen=True, slots=True)
class Segment:
    """``length`` bytes of an upload from ``start`` on, kept in the spool file ``name``."""

    name: str
    start: int
    length: int


class UploadLedger(Protocol):
    """Memory of uploads. All methods raise ``upload_errors.UploadUnknown`` for an id never made or expired."""

    def state(self, upload_id: str) -> UploadState:
        """Return the upload as last committed, failed ones included."""
        ...

    def raise_fence(self, upload_id: str, *, at_offset: int | None) -> UploadState:
        """Add one to the fence of an open upload and return the new state.

        ``at_offset`` None (HEAD): always. A number (PATCH): only if it equals the offset, so that a stale PATCH
        cannot stop a live one; otherwise raises OffsetMismatch and changes nothing. An upload that is complete
        or failed is returned as it is (OffsetMismatch applies to it too).
        """
        ...

    def add_segment(self, upload_id: str, *, segment: str, start: int, length: int, fence: int) -> bool:
        """Append a segment and move the offset to ``start + length``, in one transaction.

        Only if the upload is open, its offset equals ``start`` and its fence equals ``fence``; otherwise
        changes nothing and returns False. Never called such that the offset would reach the upload's length.
        """
        ...

    def segments(self, upload_id: str) -> Sequence[Segment]:
        """Return the segments in order of ``start``."""
        ...

    def refused_before(self, upload_id: str, sha256: str) -> bool:
        """Tell whether the same sender declared this upload's hash before and sent the bytes ``sha256`` instead.

        Then these are no accident of the line: the sender hashed something else than it sends, and always will.
        """
        ...

    def claim(self, upload_id: str, *, sha256: str, fence: int) -> bool:
        """Give an open upload its true hash, before its bytes go to the blob store: now nobody deletes them there.

        Only if the upload is open and its fence equals ``fence``; otherwise changes nothing and returns False.
        Raises ``blobs.BlobUnavailable`` while a photo of that hash is being deleted: the upload waits for the end.
        """
        ...

    def complete(self, upload_id: str, *, sha256: str, image: ImageFacts, fence: int) -> bool:
        """Set offset = length, the true hash and status ``complete``, and record the photo, in one transaction.

        Only if the upload is open and its fence equals ``fence``; otherwise changes nothing and returns False.
        Called when offset = length - 1 (see :mod:`photo_store.uploads`), the hash is claimed and the blob durable.
        """
        ...

    def fail(self, upload_id: str, *, reason: str, found: str | None = None) -> None:
        """Close an open upload as failed, for ever. Changes nothing if it is complete or failed already.

        ``found``: the true hash of its bytes where that is what was wrong (see :meth:`refused_before`).
        """
        ...
