"""Where the tests' own files lie: in memory where the machine has room for it there, else where the system says."""

import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 (every process makes a folder of its own in it)
_ENOUGH_BYTES = 4 * 1024**3


def room_in_memory() -> bool:
    """Tell whether the machine keeps files in memory and has room there for a run of all tests."""
    return MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= _ENOUGH_BYTES


def short_root() -> str:
    """Return the folder for what needs a short path."""
    return str(MEMORY) if room_in_memory() else tempfile.gettempdir()
