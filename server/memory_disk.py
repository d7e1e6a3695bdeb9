"""The machine's memory disk, for folders that are gone soon and whose every write is synced."""

import os
import shutil
from pathlib import Path

_PLACE = Path("/dev/shm")  # noqa: S108 (who uses it makes a folder of random name in it)


def memory_disk(room: int = 0) -> Path | None:
    """Return the memory disk if this machine has one with more than ``room`` bytes free; None otherwise."""
    usable = _PLACE.is_dir() and os.access(_PLACE, os.W_OK) and shutil.disk_usage(_PLACE).free > room
    return _PLACE if usable else None
