"""Blobs in a folder of a local disk.

Configuration: the root folder; it is made if missing. One file system, because link(2) cannot cross two.

Implementation: bytes stream into ``.tmp/<uuid>`` while they are hashed; fsync; mode 0440; link(2) to the final
name, which is atomic and fails if the name is taken (rename(2) would silently replace a blob that others
already rely on); fsync of the folder and of every folder above it that this process has not yet seen durable.
The temporary file goes in any case; what a killed process leaves there is removed by :meth:`DiskBlobs.sweep`.

Considerations: several processes may share the root. Bytes are durable when ``put`` returns, as far as the disk
honours fsync. A root that lost its ``.tmp`` folder counts as *unavailable*, not as empty: an unmounted volume
shows an empty folder, and answering "missing" there would make handsets resend everything.
"""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from photo_store.blobs import BlobMismatch, BlobMissing, BlobUnavailable, check_key
from photo_store.durable import fsync_folder, remove_older
from photo_store.fingerprint import Digest, digest

__all__ = ["DiskBlobs"]

STRAY_AGE_S = 24 * 3600.0


class DiskBlobs:
    """A :class:`photo_store.blobs.BlobStore` below ``root``."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self._tmp = self._root / ".tmp"
        self._tmp.mkdir(parents=True, exist_ok=True)
        self._durable_folders: set[Path] = set()
        self._waits = True

    @contextmanager
    def hurried(self) -> Iterator[None]:
        """Do not wait for the disk inside the block; at its end everything goes there at once.

        For who begins anew after a power cut, and has acknowledged nothing to anybody.
        """
        self._waits = False
        try:
            yield
        finally:
            self._waits = True
            os.sync()

    def put(self, key: str, source: BinaryIO, *, sha256: str | None = None, size: int | None = None) -> bool:
        """See :meth:`photo_store.blobs.BlobStore.put`."""
        final = self._path(key)
        tmp = self._tmp / uuid.uuid4().hex
        try:
            written = self._write(tmp, source)
            if sha256 not in (None, written.sha256) or size not in (None, written.size):
                message = f"{key}: declared {sha256}, {size} bytes; got {written.sha256}, {written.size} bytes"
                raise BlobMismatch(message)
            with self._disk_errors(key):
                return self._link(tmp, final, written.size)
        finally:
            tmp.unlink(missing_ok=True)

    def open(self, key: str) -> BinaryIO:
        """See :meth:`photo_store.blobs.BlobStore.open`."""
        with self._disk_errors(key):
            return self._path(key).open("rb")

    def exists(self, key: str) -> bool:
        """See :meth:`photo_store.blobs.BlobStore.exists`."""
        try:
            self.size(key)
        except BlobMissing:
            return False
        return True

    def size(self, key: str) -> int:
        """See :meth:`photo_store.blobs.BlobStore.size`."""
        with self._disk_errors(key):
            return self._path(key).stat().st_size

    def delete(self, key: str) -> None:
        """See :meth:`photo_store.blobs.BlobStore.delete`."""
        try:
            with self._disk_errors(key):
                self._path(key).unlink()
        except BlobMissing:
            pass

    def keys(self, prefix: str = "") -> Iterator[str]:
        """See :meth:`photo_store.blobs.BlobStore.keys`."""
        with self._disk_errors(prefix):
            self._tmp.stat()
        yield from self._walk(self._root, prefix)

    def sweep(self, older_than_s: float = STRAY_AGE_S) -> int:
        """Remove temporary files that killed processes left; return how many. A day is longer than any put."""
        return remove_older(self._tmp, older_than_s)

    def _path(self, key: str) -> Path:
        return self._root / check_key(key)

    def _write(self, tmp: Path, source: BinaryIO) -> Digest:
        with self._disk_errors("a temporary file", missing=BlobUnavailable):
            sink = tmp.open("xb", buffering=0)
        with sink:

            def store(block: bytes) -> None:
                with self._disk_errors("a temporary file", missing=BlobUnavailable):
                    rest = memoryview(block)
                    while rest:
                        rest = rest[sink.write(rest) :]

            written = digest(source, store)
            with self._disk_errors("a temporary file", missing=BlobUnavailable):
                os.fchmod(sink.fileno(), 0o440)
                if self._waits:
                    os.fsync(sink.fileno())
        return written

    def _link(self, tmp: Path, final: Path, size: int) -> bool:
        final.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(tmp, final)
            mine = True
        except FileExistsError:
            if final.stat().st_size != size:
                message = f"{final.name} is there already with another size than {size} bytes"
                raise BlobMismatch(message) from None
            mine = False
        # The loser of a race syncs too: its caller will acknowledge, maybe before the winner has synced.
        if self._waits:
            fsync_folder(final.parent)
            self._sync_above(final.parent)
        return mine

    def _sync_above(self, folder: Path) -> None:
        """Make the names of the folders durable once per process: the maker of one may have died before its fsync."""
        synced = []
        while folder != self._root and folder not in self._durable_folders:
            fsync_folder(folder.parent)
            synced.append(folder)
            folder = folder.parent
        # Not one by one: another thread that finds a folder here asks for none above it.
        self._durable_folders.update(synced)

    def _walk(self, folder: Path, prefix: str) -> Iterator[str]:
        with self._disk_errors(str(folder)):
            entries = list(os.scandir(folder))
        for entry in entries:
            key = Path(entry.path).relative_to(self._root).as_posix()
            if entry.is_dir():
                inside = f"{key}/"
                if entry.name != self._tmp.name and (inside.startswith(prefix) or prefix.startswith(inside)):
                    yield from self._walk(Path(entry.path), prefix)
            elif key.startswith(prefix):
                yield key

    @contextmanager
    def _disk_errors(self, what: str, missing: type[Exception] = BlobMissing) -> Iterator[None]:
        """Say an OSError in the words of the port; "no such file" is only believed while the root is there."""
        try:
            yield
        except (FileNotFoundError, NotADirectoryError) as error:
            kind = missing if self._tmp.is_dir() else BlobUnavailable
            message = f"{what}: {error.strerror}"
            raise kind(message) from error
        except OSError as error:
            message = f"{what}: {error.strerror}"
            raise BlobUnavailable(message) from error
