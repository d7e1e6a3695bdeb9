"""Blobs and an upload ledger in memory: true implementations for tests, and nothing else.

Configuration: none. Implementation: dictionaries under a lock. Considerations: everything is gone with the
process. Both pass the contract suites of :mod:`photo_store.contract`, so a test that uses them proves something.
"""

import io
import threading
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import BinaryIO

from photo_store.blobs import BlobMismatch, BlobMissing, BlobUnavailable, check_key
from photo_store.fingerprint import digest
from photo_store.inspect_image import ImageFacts
from photo_store.ledger import Segment, UploadState
from photo_store.upload_errors import OffsetMismatch, UploadUnknown

__all__ = ["MemoryBlobs", "MemoryLedger"]


class MemoryBlobs:
    """A :class:`photo_store.blobs.BlobStore`; set ``available`` to False and it behaves like a store that is down."""

    def __init__(self) -> None:
        self.available = True
        self._blobs: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def put(self, key: str, source: BinaryIO, *, sha256: str | None = None, size: int | None = None) -> bool:
        """See :meth:`photo_store.blobs.BlobStore.put`."""
        check_key(key)
        self._check_available()
        content = bytearray()
        written = digest(source, content.extend)
        if sha256 not in (None, written.sha256) or size not in (None, written.size):
            message = f"{key}: declared {sha256}, {size} bytes; got {written.sha256}, {written.size} bytes"
            raise BlobMismatch(message)
        with self._lock:
            mine = key not in self._blobs
            present = self._blobs.setdefault(key, bytes(content))
        if len(present) != written.size:
            message = f"{key} is there already with {len(present)} bytes, not {written.size}"
            raise BlobMismatch(message)
        return mine

    def open(self, key: str) -> BinaryIO:
        """See :meth:`photo_store.blobs.BlobStore.open`."""
        return io.BytesIO(self._content(key))

    def exists(self, key: str) -> bool:
        """See :meth:`photo_store.blobs.BlobStore.exists`."""
        self._check_available()
        return check_key(key) in self._blobs

    def size(self, key: str) -> int:
        """See :meth:`photo_store.blobs.BlobStore.size`."""
        return len(self._content(key))

    def delete(self, key: str) -> None:
        """See :meth:`photo_store.blobs.BlobStore.delete`."""
        self._check_available()
        with self._lock:
            self._blobs.pop(check_key(key), None)

    def keys(self, prefix: str = "") -> Iterator[str]:
        """See :meth:`photo_store.blobs.BlobStore.keys`."""
        self._check_available()
        return iter([key for key in list(self._blobs) if key.startswith(prefix)])

    def _content(self, key: str) -> bytes:
        self._check_available()
        try:
            return self._blobs[check_key(key)]
        except KeyError:
            raise BlobMissing(key) from None

    def _check_available(self) -> None:
        if not self.available:
            message = "the memory store is switched off"
            raise BlobUnavailable(message)


class MemoryLedger:
    """A :class:`photo_store.ledger.UploadLedger` of one sender.

    ``images`` holds what was completed, ``reasons`` what failed; ``deleting`` is to be filled with hashes whose photos
    are just being deleted.
    """

    def __init__(self) -> None:
        self.images: dict[str, ImageFacts] = {}
        self.reasons: dict[str, str] = {}
        self.deleting: set[str] = set()
        self._states: dict[str, UploadState] = {}
        self._segments: dict[str, list[Segment]] = {}
        self._refused: set[tuple[str | None, str]] = set()
        self._lock = threading.Lock()

    def create(self, *, length: int, sha256: str | None = None) -> str:
        """Make an upload of ``length`` bytes and return its id."""
        upload_id = str(uuid.uuid4())
        with self._lock:
            self._states[upload_id] = UploadState(upload_id, length, 0, 0, sha256, "open")
            self._segments[upload_id] = []
        return upload_id

    def state(self, upload_id: str) -> UploadState:
        """See :meth:`photo_store.ledger.UploadLedger.state`."""
        try:
            return self._states[upload_id]
        except KeyError:
            raise UploadUnknown(upload_id) from None

    def raise_fence(self, upload_id: str, *, at_offset: int | None) -> UploadState:
        """See :meth:`photo_store.ledger.UploadLedger.raise_fence`."""
        with self._lock:
            state = self.state(upload_id)
            if at_offset not in (None, state.offset):
                raise OffsetMismatch(state)
            if state.status == "open":
                state = self._states[upload_id] = replace(state, fence=state.fence + 1)
            return state

    def add_segment(self, upload_id: str, *, segment: str, start: int, length: int, fence: int) -> bool:
        """See :meth:`photo_store.ledger.UploadLedger.add_segment`."""
        with self._lock:
            state = self.state(upload_id)
            if (state.status, state.offset, state.fence) != ("open", start, fence):
                return False
            self._segments[upload_id].append(Segment(segment, start, length))
            self._states[upload_id] = replace(state, offset=start + length)
            return True

    def segments(self, upload_id: str) -> Sequence[Segment]:
        """See :meth:`photo_store.ledger.UploadLedger.segments`."""
        with self._lock:
            self.state(upload_id)
            return tuple(self._segments[upload_id])

    def refused_before(self, upload_id: str, sha256: str) -> bool:
        """See :meth:`photo_store.ledger.UploadLedger.refused_before`."""
        return (self.state(upload_id).sha256, sha256) in self._refused

    def claim(self, upload_id: str, *, sha256: str, fence: int) -> bool:
        """See :meth:`photo_store.ledger.UploadLedger.claim`."""
        with self._lock:
            state = self.state(upload_id)
            if (state.status, state.fence) != ("open", fence):
                return False
            if sha256 in self.deleting:
                message = f"{sha256} is being deleted"
                raise BlobUnavailable(message)
            self._states[upload_id] = replace(state, sha256=sha256)
            return True

    def complete(self, upload_id: str, *, sha256: str, image: ImageFacts, fence: int) -> bool:
        """See :meth:`photo_store.ledger.UploadLedger.complete`."""
        with self._lock:
            state = self.state(upload_id)
            if (state.status, state.fence) != ("open", fence):
                return False
            self._states[upload_id] = replace(state, offset=state.length, sha256=sha256, status="complete")
            self.images[upload_id] = image
            return True

    def fail(self, upload_id: str, *, reason: str, found: str | None = None) -> None:
        """See :meth:`photo_store.ledger.UploadLedger.fail`."""
        with self._lock:
            state = self.state(upload_id)
            if state.status == "open":
                self._states[upload_id] = replace(state, status="failed")
                self.reasons[upload_id] = reason
                if found is not None:
                    self._refused.add((state.sha256, found))
