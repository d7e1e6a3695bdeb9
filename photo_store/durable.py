"""Files that survive power loss (fsync of the file and of the folder that names it), and the removal of strays.

Knows only paths and bytes.
"""

import os
import time
import uuid
from contextlib import suppress
from pathlib import Path

__all__ = ["fsync_folder", "make_once", "remove_older", "write_durably"]


def fsync_folder(folder: Path) -> None:
    """Make the names inside ``folder`` durable; without it a synced file can be nameless after a crash."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_durably(path: Path, content: bytes | bytearray) -> None:
    """Write a new file and sync it and its folder. On any error nothing is left under ``path``."""
    try:
        with path.open("xb", buffering=0) as file:
            rest = memoryview(content)
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        fsync_folder(path.parent)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def make_once(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Make a file durably unless it is there: of several makers one wins, nobody sees a part. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # A rename would replace what another process made in this moment.
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    fsync_folder(path.parent)


def remove_older(folder: Path, age_s: float) -> int:
    """Remove the files of ``folder`` last written more than ``age_s`` seconds ago; return how many."""
    before = time.time() - age_s
    removed = 0
    for entry in list(os.scandir(folder)):
        try:
            if entry.is_file() and entry.stat().st_mtime < before:
                Path(entry.path).unlink()
                removed += 1
        except FileNotFoundError:
            continue  # its writer finished meanwhile
    return removed
