"""Renditions kept a second time on this machine's disk, so that galleries show pictures while the store is down.

Configuration: the store, a folder of this machine, and how many bytes it may take. Processes may share the folder.

Implementation: one file per rendition, beginning with the SHA-256 of the rest; written beside and renamed, not
synced: a file that a power cut spoiled does not match its hash, is dropped and fetched again. Originals are never
kept. What is oldest goes first, and everything goes after a week: what was disposed of elsewhere must not outlive it
here for long.
"""

import hashlib
import io
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from photo_store.blobs import BlobStore, check_key, is_rendition
from photo_store.durable import remove_older

__all__ = ["RenditionCache"]

LONGEST_S = 7 * 24 * 3600.0
STRAY_AGE_S = 3600.0
# A longer blob is passed on without a copy: no rendition is, and it would have to fit into memory.
MOST_BYTES_OF_ONE = 4 * 1024 * 1024
_HASH = hashlib.sha256().digest_size


class RenditionCache:
    """A :class:`photo_store.blobs.BlobStore` around ``store`` with a copy of its renditions below ``root``."""

    def __init__(self, store: BlobStore, root: Path, most_bytes: int) -> None:
        self._store = store
        self._root = root.absolute()
        self._tmp = self._root / ".tmp"
        self._tmp.mkdir(parents=True, exist_ok=True)
        self._most_bytes = most_bytes

    def put(self, key: str, source: BinaryIO, *, sha256: str | None = None, size: int | None = None) -> bool:
        """See :meth:`photo_store.blobs.BlobStore.put`."""
        start = source.tell() if is_rendition(key) and source.seekable() else None
        mine = self._store.put(key, source, sha256=sha256, size=size)
        if mine and start is not None:
            source.seek(start)
            self._keep(key, source.read())
        return mine

    def open(self, key: str) -> BinaryIO:
        """See :meth:`photo_store.blobs.BlobStore.open`."""
        if not is_rendition(key):
            return self._store.open(key)
        kept = self._kept(key)
        return io.BytesIO(kept) if kept is not None else self._fetched(key)

    def exists(self, key: str) -> bool:
        """See :meth:`photo_store.blobs.BlobStore.exists`: of the store, because a copy here proves nothing."""
        return self._store.exists(key)

    def size(self, key: str) -> int:
        """See :meth:`photo_store.blobs.BlobStore.size`."""
        if is_rendition(key):
            kept = self._kept(key)
            if kept is not None:
                return len(kept)
            # Whoever asks this opens it next: fetched once, it serves both.
            with self._fetched(key) as stream:
                return stream.seek(0, io.SEEK_END)
        return self._store.size(key)

    def delete(self, key: str) -> None:
        """See :meth:`photo_store.blobs.BlobStore.delete`."""
        self._store.delete(key)
        self._path(key).unlink(missing_ok=True)

    def keys(self, prefix: str = "") -> Iterator[str]:
        """See :meth:`photo_store.blobs.BlobStore.keys`."""
        return self._store.keys(prefix)

    def sweep(self) -> int:
        """Remove what is older than a week, then the oldest until the rest fits; return how many files went."""
        removed = remove_older(self._tmp, STRAY_AGE_S)
        files = sorted(self._files())
        room = self._most_bytes - sum(size for _, size, _ in files)
        expired = time.time() - LONGEST_S
        for written, size, path in files:
            if room >= 0 and written >= expired:
                break
            path.unlink(missing_ok=True)
            room += size
            removed += 1
        return removed

    def _fetched(self, key: str) -> BinaryIO:
        stream = self._store.open(key)
        content = stream.read(MOST_BYTES_OF_ONE + 1)
        if len(content) > MOST_BYTES_OF_ONE:
            stream.seek(0)
            return stream
        stream.close()
        self._keep(key, content)
        return io.BytesIO(content)

    def _kept(self, key: str) -> bytes | None:
        """Return the copy if there is a sound one."""
        try:
            found = self._path(key).read_bytes()
        except OSError:
            return None
        content = found[_HASH:]
        return content if found[:_HASH] == hashlib.sha256(content).digest() else None

    def _keep(self, key: str, content: bytes) -> None:
        """Write a copy; a disk that cannot take it costs a copy, never a picture."""
        if len(content) > MOST_BYTES_OF_ONE:
            return
        draft, final = self._tmp / uuid.uuid4().hex, self._path(key)
        with suppress(OSError):
            draft.write_bytes(hashlib.sha256(content).digest() + content)
            final.parent.mkdir(parents=True, exist_ok=True)
            draft.replace(final)

    def _path(self, key: str) -> Path:
        return self._root / check_key(key)

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        for folder, folders, names in os.walk(self._root):
            if self._tmp.name in folders:
                folders.remove(self._tmp.name)
            for name in names:
                path = Path(folder) / name
                with suppress(FileNotFoundError):
                    found = path.stat()
                    yield found.st_mtime, found.st_size, path
