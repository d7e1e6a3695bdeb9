"""Resumable uploads: bytes arrive in pieces over a bad network and become one checked photo, exactly once.

Mechanism (docs/ARCHITECTURE.md, flow 2): a writer collects bytes and flushes them as new immutable segment
files; after the fsync the ledger moves the offset by compare-and-set on offset and fence. HEAD raises the fence
and so stops every writer before it, which makes the offset it hands out final.

**The ledger never reaches the length before finalise.** The last segment's *file* holds the bytes up to the end,
its ledger *row* stops one byte short: offset = length - 1. So a full upload is recognised after a crash (the last
file is one byte longer than its row) and finalised by the next HEAD or PATCH, and no answer ever claims a whole
photo that has not been hashed, looked at, linked into the blob store and recorded.

A photo that one body brings whole before a flush is due goes to the store straight from memory, without a segment.

Knows no HTTP, no database, no user, no case.
"""

import io
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from photo_store.blobs import BlobMismatch, BlobStore, BlobUnavailable, original_key
from photo_store.fingerprint import digest
from photo_store.inspect_image import ImageFacts, ImageLimits, NotAnImage, PhotoTooLarge, inspect
from photo_store.ledger import Segment, UploadLedger, UploadState
from photo_store.spool import Spool
from photo_store.upload_errors import (
    BodyInterrupted,
    HashMismatch,
    OffsetMismatch,
    SpoolUnavailable,
    TooMuchData,
    UploadComplete,
    UploadError,
    UploadFenced,
    UploadUnknown,
)
from photo_store.writer import SegmentWriter

__all__ = [
    "BodyInterrupted",
    "HashMismatch",
    "NotAnImage",
    "OffsetMismatch",
    "PhotoTooLarge",
    "Segment",
    "SpoolUnavailable",
    "TooMuchData",
    "UploadComplete",
    "UploadEngine",
    "UploadError",
    "UploadFenced",
    "UploadLedger",
    "UploadState",
    "UploadUnknown",
]


class UploadEngine:
    """Appends to uploads and finishes them. One instance serves all threads."""

    def __init__(
        self,
        ledger: UploadLedger,
        blobs: BlobStore,
        spool: Path,
        *,
        limits: ImageLimits,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._blobs = blobs
        self._spool = Spool(spool)
        self._limits = limits
        self._clock = clock

    def head(self, upload_id: str) -> UploadState:
        """Stop all writers and return an offset that stays valid until another append; finish a full upload.

        Raises UploadUnknown (also for a failed upload), and whatever finishing raises (see :meth:`append`).
        """
        return self._settled(self._ledger.raise_fence(upload_id, at_offset=None))

    def append(self, upload_id: str, offset: int, body: Iterable[bytes]) -> UploadState:
        """Store ``body`` from ``offset`` on and return the state that is now durable.

        A body that ends early keeps what arrived: compare ``state.offset`` with what the request promised.

        Raises UploadUnknown, OffsetMismatch, UploadFenced, TooMuchData, BodyInterrupted; when the last byte
        arrives also HashMismatch, NotAnImage, PhotoTooLarge (the upload has failed); BlobUnavailable or
        SpoolUnavailable (try again later; what was durable stays).
        """
        try:
            state = self._settled(self._ledger.raise_fence(upload_id, at_offset=offset))
        except OffsetMismatch as mismatch:
            # No fence was raised, nor is one needed: recorded segments are the same for whoever finishes them.
            state = self._settled(mismatch.state)
        if state.offset != offset:
            raise OffsetMismatch(state)
        return self.take(state, body)

    def take(self, state: UploadState, body: Iterable[bytes]) -> UploadState:
        """Do as :meth:`append` from ``state`` on, for who holds its fence because nobody else knows of it: its maker.

        Raises what :meth:`append` raises but OffsetMismatch.
        """
        writer = SegmentWriter(self._ledger, self._spool, state, self._clock)
        cut_off = writer.take(body)
        state = self._flushed(writer) if state.status == "open" else state
        if cut_off is not None and state.status != "complete":
            raise BodyInterrupted(state) from cut_off
        return state

    def terminate(self, upload_id: str, *, reason: str) -> None:
        """Give an upload up, whoever is writing to it: fail it and remove its segments.

        Raises UploadUnknown; UploadComplete for a photo that is stored, also if it was finished just meanwhile.
        """
        if self._ledger.state(upload_id).status == "failed":
            raise UploadUnknown(upload_id)
        self._ledger.fail(upload_id, reason=reason)
        if self._ledger.state(upload_id).status == "complete":
            raise UploadComplete(upload_id)
        # Only now: what a writer recorded before it was stopped is among them.
        self._spool.remove(segment.name for segment in self._ledger.segments(upload_id))

    def sweep(self, older_than_s: float) -> int:
        """Remove what killed writers left in the spool; ``older_than_s`` must exceed an upload's longest life."""
        return self._spool.sweep(older_than_s)

    def _flushed(self, writer: SegmentWriter) -> UploadState:
        whole = writer.whole()
        if whole is not None:
            return self._finish_whole(writer, io.BytesIO(whole))
        writer.flush()
        if not writer.is_full:
            return writer.state
        try:
            return self._finish(writer.state, writer.unrecorded)
        finally:
            # It has no row: after a failure nobody could find it, and the handset sends its one byte again.
            self._spool.remove([writer.unrecorded] if writer.unrecorded else [])

    def _finish_whole(self, writer: SegmentWriter, photo: BinaryIO) -> UploadState:
        try:
            return self._finished(writer.state, photo, (), is_unrecorded=True)
        except (UploadError, NotAnImage, PhotoTooLarge):
            raise
        except Exception:
            # The store or the ledger cannot take it now: it stays here like any other, so that nobody sends it twice.
            writer.flush()
            raise

    def _settled(self, state: UploadState) -> UploadState:
        """Refuse a failed upload, finish a full one, return any other as it is."""
        if state.status == "failed":
            message = f"upload {state.upload_id} has failed"
            raise UploadUnknown(message)
        try:
            full = state.status == "open" and self._is_full(state)
        except SpoolUnavailable as gone:
            return self._finished_by_another(state, gone)
        return self._finish(state, None) if full else state

    def _is_full(self, state: UploadState) -> bool:
        if state.offset < state.length - 1:
            return False
        segments = self._ledger.segments(state.upload_id)
        return bool(segments) and self._spool.size(segments[-1].name) > segments[-1].length

    def _finish(self, state: UploadState, unrecorded: str | None) -> UploadState:
        """Finish from the segments; ``unrecorded`` is a last one of one byte, which has no ledger row."""
        names = [segment.name for segment in self._ledger.segments(state.upload_id)]
        try:
            photo = self._spool.open([*names, unrecorded] if unrecorded else names)
        except SpoolUnavailable as gone:
            return self._finished_by_another(state, gone, is_unrecorded=bool(unrecorded))
        with closing(photo):
            return self._finished(state, photo, names, is_unrecorded=bool(unrecorded))

    def _finished(
        self, state: UploadState, photo: BinaryIO, names: Sequence[str], *, is_unrecorded: bool
    ) -> UploadState:
        """Hash, look, link, record; ``is_unrecorded``: the ledger has no row for some of these bytes."""
        try:
            sha256, image = self._keep(state, photo)
        except (HashMismatch, NotAnImage, PhotoTooLarge) as refusal:
            self._refuse(state, refusal, names)
            raise
        except BlobMismatch as mismatch:
            message = (
                f"the photo of upload {state.upload_id} lies damaged in the blob store: the operator must repair it"
            )
            raise BlobUnavailable(message) from mismatch
        except UploadFenced as gone:
            return self._finished_by_another(state, gone, is_unrecorded=is_unrecorded)
        if not self._ledger.complete(state.upload_id, sha256=sha256, image=image, fence=state.fence):
            return self._finished_by_another(state, _taken_over(state), is_unrecorded=is_unrecorded)
        self._spool.remove(names)
        return replace(state, offset=state.length, sha256=sha256, status="complete")

    def _finished_by_another(
        self, state: UploadState, fault: UploadError, *, is_unrecorded: bool = False
    ) -> UploadState:
        """Return what another request made of the upload meanwhile, or raise ``fault`` if it is still open.

        A competing finish removes the segments after it has recorded the photo; unrecorded bytes may not be those that
        won.
        """
        now = self._ledger.state(state.upload_id)
        if now.status == "open":
            raise fault
        if is_unrecorded:
            raise _taken_over(state)
        return self._settled(now)

    def _keep(self, state: UploadState, photo: BinaryIO) -> tuple[str, ImageFacts]:
        """Check the whole photo and make its bytes durable in the blob store, under their true hash.

        Damaged on the way is the truest refusal, whatever else is wrong: the handset sends the same file again. The
        same other bytes once more were sent on purpose: they are kept for a person, or it would never end.
        """
        sha256 = state.sha256 or _sha256_of(photo)
        try:
            return sha256, self._stored(state, photo, sha256)
        except (BlobMismatch, NotAnImage, PhotoTooLarge):
            found = _sha256_of(photo)
            if found == sha256:
                raise
            if not self._ledger.refused_before(state.upload_id, found):
                raise HashMismatch(state, found) from None
        return found, self._stored(state, photo, found)

    def _stored(self, state: UploadState, photo: BinaryIO, sha256: str) -> ImageFacts:
        image = inspect(photo, self._limits)
        if not self._ledger.claim(state.upload_id, sha256=sha256, fence=state.fence):
            raise _taken_over(state)
        photo.seek(0)
        self._blobs.put(original_key(sha256), photo, sha256=sha256)
        return image

    def _refuse(self, state: UploadState, refusal: Exception, names: Sequence[str]) -> None:
        # Only the holder of the fence may fail an upload: the last byte of another may be a different one.
        if self._ledger.state(state.upload_id).fence != state.fence:
            raise _taken_over(state) from refusal
        found = refusal.found if isinstance(refusal, HashMismatch) else None
        self._ledger.fail(state.upload_id, reason=str(refusal), found=found)
        self._spool.remove(names)


def _sha256_of(photo: BinaryIO) -> str:
    photo.seek(0)
    return digest(photo).sha256


def _taken_over(state: UploadState) -> UploadFenced:
    return UploadFenced(f"upload {state.upload_id} was taken over while it was being finished")
