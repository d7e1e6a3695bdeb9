"""A blob store that takes blobs in while the store behind it is down: they wait on this machine's disk.

Configuration: the primary store, and a folder of this machine as a :class:`photo_store.disk.DiskBlobs`.

Implementation: ``put`` goes to the primary; where that is unavailable, to the local folder, durably. Reads look at
the local folder first, because only what waits lies there. :meth:`SpoolingBlobs.drain` moves what waits: put into
the primary, which reads originals back, and only then removed here; a crash between the two leaves the blob in both.

Considerations: what waits is on one machine only, so whoever acknowledges it must know (:meth:`SpoolingBlobs.waiting`)
and whoever deletes must be able to ask the primary: ``delete`` and ``keys`` are refused while it is down. While it is
down "not here" is never "missing". A key that is taken in the primary by other bytes is only noticed when it drains.
"""

from collections.abc import Callable, Iterator
from typing import BinaryIO, TypeVar

from photo_store.blobs import BlobMismatch, BlobMissing, BlobStore, BlobUnavailable, is_original
from photo_store.breaker import Breaker
from photo_store.disk import DiskBlobs
from photo_store.fingerprint import digest
from photo_store.rewindable import rewindable

__all__ = ["SpoolingBlobs", "Told"]

Told = Callable[[str, int, int], None]
R = TypeVar("R")


class SpoolingBlobs:
    """A :class:`photo_store.blobs.BlobStore` around ``primary``; what cannot go there waits in ``local``."""

    def __init__(self, primary: BlobStore, local: DiskBlobs, breaker: Breaker | None = None) -> None:
        self.primary = primary
        self.local = local
        self.breaker = breaker or Breaker()

    def put(self, key: str, source: BinaryIO, *, sha256: str | None = None, size: int | None = None) -> bool:
        """See :meth:`photo_store.blobs.BlobStore.put`. Durable on return, but perhaps on this machine only."""
        with rewindable(source) as body:
            start = body.tell()
            try:
                with self.breaker.guard():
                    return self.primary.put(key, body, sha256=sha256, size=size)
            except BlobUnavailable:
                body.seek(start)
                return self.local.put(key, body, sha256=sha256, size=size)

    def open(self, key: str) -> BinaryIO:
        """See :meth:`photo_store.blobs.BlobStore.open`."""
        return self._ask(lambda store: store.open(key))

    def exists(self, key: str) -> bool:
        """See :meth:`photo_store.blobs.BlobStore.exists`."""
        try:
            self.size(key)
        except BlobMissing:
            return False
        return True

    def size(self, key: str) -> int:
        """See :meth:`photo_store.blobs.BlobStore.size`."""
        return self._ask(lambda store: store.size(key))

    def delete(self, key: str) -> None:
        """See :meth:`photo_store.blobs.BlobStore.delete`."""
        with self.breaker.guard():
            self.primary.delete(key)
        self.local.delete(key)

    def keys(self, prefix: str = "") -> Iterator[str]:
        """See :meth:`photo_store.blobs.BlobStore.keys`."""
        # First what waits: what is moved meanwhile is then seen in the primary, at worst in both.
        here = set(self.local.keys(prefix))
        yield from here
        with self.breaker.guard():
            yield from (key for key in self.primary.keys(prefix) if key not in here)

    def waiting(self, key: str) -> bool:
        """Tell whether a blob lies on this machine and has not been moved yet. Raises BlobUnavailable."""
        return self.local.exists(key)

    def all_waiting(self, prefix: str = "") -> list[str]:
        """Return the keys of all blobs that wait here, sorted. Raises BlobUnavailable."""
        return sorted(self.local.keys(prefix))

    def drain(self, told: Told) -> int:
        """Move all that waits to the primary and return how many blobs went; safe to interrupt and to repeat.

        A blob that the primary refuses, because other bytes lie there or because it rotted here, stays and does not
        keep the others back. Raises BlobUnavailable when the primary fails, BlobMismatch at the end for what stayed.
        """
        keys, moved, stuck = self.all_waiting(), 0, ""
        for done, key in enumerate(keys):
            told("drain", done, len(keys))
            try:
                moved += self._move(key)
            except BlobMismatch as refusal:
                stuck = str(refusal)
        told("drain", len(keys), len(keys))
        if stuck:
            raise BlobMismatch(stuck)
        return moved

    def _move(self, key: str) -> bool:
        try:
            with self.local.open(key) as source:
                # An original's name is its hash, and with a hash the primary reads back what it took.
                sha256 = key.rpartition("/")[2] if is_original(key) else digest(source).sha256
                source.seek(0)
                with self.breaker.guard():
                    self.primary.put(key, source, sha256=sha256)
        except BlobMissing:
            return False  # somebody else moved it meanwhile
        except BlobMismatch:
            if is_original(key):
                raise
            # A rendition was made again elsewhere meanwhile, in other bytes: one of them is enough.
        self.local.delete(key)
        return True

    def _ask(self, ask: Callable[[BlobStore], R]) -> R:
        """Ask the local folder first, then the primary; missing is only what both could be asked for."""
        lost: BlobUnavailable | None = None
        try:
            return ask(self.local)
        except BlobMissing:
            pass
        except BlobUnavailable as error:
            lost = error
        try:
            with self.breaker.guard():
                return ask(self.primary)
        except BlobMissing:
            if lost is not None:
                raise lost from None
            raise
