"""The spool: immutable segment files of uploads under way, in one flat folder.

Knows only file names. A segment is written once, synced with its folder, read at finalise and removed after it.
"""

import io
import uuid
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from photo_store.durable import remove_older, write_durably
from photo_store.upload_errors import SpoolUnavailable

__all__ = ["Spool"]


class Spool:
    """Segment files below ``folder``, which is made if missing. Several processes may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._folder.mkdir(parents=True, exist_ok=True)

    def write(self, content: bytes | bytearray) -> str:
        """Store ``content`` durably under a new name and return the name. Raises SpoolUnavailable."""
        name = uuid.uuid4().hex
        try:
            write_durably(self._folder / name, content)
        except OSError as error:
            message = f"the upload spool cannot be written: {error.strerror}"
            raise SpoolUnavailable(message) from error
        return name

    def size(self, name: str) -> int:
        """Length of a segment file in bytes. Raises SpoolUnavailable."""
        try:
            return (self._folder / name).stat().st_size
        except OSError as error:
            raise _unreadable(name, error) from error

    def open(self, names: Sequence[str]) -> BinaryIO:
        """Open several segments as one seekable stream. Raises SpoolUnavailable if one is not here.

        All files are opened at once, so that their removal by a competing finalise cannot cut the stream short.
        """
        with ExitStack() as opened:
            files: list[BinaryIO] = []
            for name in names:
                try:
                    files.append(opened.enter_context((self._folder / name).open("rb")))
                except OSError as error:
                    raise _unreadable(name, error) from error
            opened.pop_all()
        return io.BufferedReader(_Chain(files), 256 * 1024)

    def remove(self, names: Iterable[str]) -> None:
        """Remove segments; those that are gone already are no error."""
        for name in names:
            (self._folder / name).unlink(missing_ok=True)

    def sweep(self, older_than_s: float) -> int:
        """Remove segments of killed writers; ``older_than_s`` must exceed the longest life of an upload."""
        return remove_older(self._folder, older_than_s)


def _unreadable(name: str, error: OSError) -> SpoolUnavailable:
    return SpoolUnavailable(f"segment {name} cannot be read on this machine: {error.strerror}")


class _Chain(io.RawIOBase):
    """Several files read as one."""

    def __init__(self, files: Sequence[BinaryIO]) -> None:
        super().__init__()
        self._files = files
        self._starts = [0]
        for file in files:
            self._starts.append(self._starts[-1] + file.seek(0, io.SEEK_END))
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._starts[-1]}[whence]
        self._at = max(0, origin + offset)
        return self._at

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # typeshed's Buffer has no length
        for index, file in enumerate(self._files):
            if self._at < self._starts[index + 1]:
                file.seek(self._at - self._starts[index])
                block = file.read(min(len(buffer), self._starts[index + 1] - self._at))
                buffer[: len(block)] = block
                self._at += len(block)
                return len(block)
        return 0

    def close(self) -> None:
        for file in self._files:
            file.close()
        super().close()
