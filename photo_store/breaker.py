"""A short memory of failure: who has just found the store dead keeps the others from waiting for it too.

Knows no store: it guards any call that raises BlobUnavailable.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from photo_store.blobs import BlobMissing, BlobUnavailable

__all__ = ["Breaker"]

# One request in this many seconds waits for a dead store; it is also how late we notice that it lives again.
REST_S = 5.0


class Breaker:
    """Open for ``rest_s`` seconds after a failure; then one caller tries, the others go on failing at once.

    ``recovered`` is called after the first success that follows failures, by the caller who had it.
    """

    def __init__(
        self,
        recovered: Callable[[], object] = lambda: None,
        rest_s: float = REST_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._recovered = recovered
        self.rest_s = rest_s
        self._clock = clock
        self._lock = threading.Lock()
        self._retry_at: float | None = None
        self._fault = ""

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Let a call through, or raise BlobUnavailable at once."""
        self._admit()
        try:
            yield
        except BlobUnavailable as error:
            with self._lock:
                self._retry_at = self._clock() + self.rest_s
                self._fault = str(error)
            raise
        except BlobMissing:
            self._close()
            raise
        except BaseException:
            # Perhaps raised before the store was asked: nothing is known of it, and the next one may try.
            self._leave_to_others()
            raise
        self._close()

    def _admit(self) -> None:
        with self._lock:
            if self._retry_at is None:
                return
            if self._clock() < self._retry_at:
                raise BlobUnavailable(self._fault)
            self._retry_at = self._clock() + self.rest_s

    def _leave_to_others(self) -> None:
        with self._lock:
            if self._retry_at is not None:
                self._retry_at = self._clock()

    def _close(self) -> None:
        with self._lock:
            was_open, self._retry_at = self._retry_at is not None, None
        if was_open:
            self._recovered()
