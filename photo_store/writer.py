"""One request's bytes of an upload, turned into durable segments.

A writer lives as long as one PATCH and believes its offset only as far as the ledger's compare-and-set agrees.
Knows nothing of finishing a photo.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from io import BytesIO

from photo_store.ledger import UploadLedger, UploadState
from photo_store.spool import Spool
from photo_store.upload_errors import TooMuchData, UploadFenced

__all__ = ["SegmentWriter"]

# Each flush costs two fsyncs and a commit (docs/adr/0003). On a slow line it comes after a second, then after twice as
# long each time; on a fast one when so many bytes have come: they are sent again in no more than that second.
FIRST_FLUSH_S, LAST_FLUSH_S = 1.0, 5.0
FLUSH_BYTES = 4 * 1024 * 1024


class SegmentWriter:
    """Writes segments of the upload described by ``state``, which follows what is durable and recorded.

    ``is_full`` turns true when a segment that reaches the upload's end is durable. Its row stops one byte short
    (see :mod:`photo_store.uploads`); if that leaves nothing there is no row, and ``unrecorded`` is its name.
    """

    def __init__(
        self, ledger: UploadLedger, spool: Spool, state: UploadState, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.state = state
        self.is_full = False
        self.unrecorded: str | None = None
        self._ledger = ledger
        self._spool = spool
        self._clock = clock
        # Written to and read as a whole only, so its position is its length.
        self._pending = BytesIO()
        self._flush_seconds = FIRST_FLUSH_S
        self._flushed_at = clock()

    def take(self, body: Iterable[bytes]) -> Exception | None:
        """Read ``body`` to its end, flushing on the way; return the error that cut it off, if one did.

        Bytes that complete the upload are kept pending until the body has ended: only then is it known that no
        more follow. Raises TooMuchData, UploadFenced, SpoolUnavailable.
        """
        arriving = iter(body)
        while True:
            try:
                chunk = next(arriving, None)
            except Exception as error:  # noqa: BLE001  # each server has its own errors for a handset that is gone
                return error
            if chunk is None:
                return None
            self._add(chunk)

    def whole(self) -> bytes | None:
        """Return the whole upload if this body alone has brought it and nothing of it was flushed yet."""
        return self._pending.getvalue() if self.state.offset == 0 and self._has_all() else None

    def flush(self) -> None:
        """Make the pending bytes durable and record them. Raises UploadFenced, SpoolUnavailable."""
        if not self._pending.tell():
            return
        last = self._has_all()
        recorded = self._pending.tell() - last
        name = self._spool.write(self._pending.getvalue())
        if recorded and not self._record(name, recorded):
            self._spool.remove([name])
            message = f"upload {self.state.upload_id} was taken over by another request"
            raise UploadFenced(message)
        self._pending = BytesIO()
        self.state = replace(self.state, offset=self.state.offset + recorded)
        self.is_full = last
        self.unrecorded = None if recorded else name
        self._flush_seconds = min(2 * self._flush_seconds, LAST_FLUSH_S)
        self._flushed_at = self._clock()

    def _add(self, chunk: bytes) -> None:
        if self.state.offset + self._pending.tell() + len(chunk) > self.state.length:
            raise TooMuchData(self.state)
        self._pending.write(chunk)
        due = self._pending.tell() >= FLUSH_BYTES or self._clock() - self._flushed_at >= self._flush_seconds
        if due and not self._has_all():
            self.flush()

    def _has_all(self) -> bool:
        return self.state.offset + self._pending.tell() == self.state.length

    def _record(self, name: str, length: int) -> bool:
        return self._ledger.add_segment(
            self.state.upload_id, segment=name, start=self.state.offset, length=length, fence=self.state.fence
        )
