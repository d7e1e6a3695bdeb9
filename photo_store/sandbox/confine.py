"""A process gives up what computing does not need; nothing of it can be taken back.

Limits bound memory, files and core dumps; where the kernel has filters (:mod:`.seccomp`), the network, other programs
and files go too. Time is the parent's to bound: a CPU limit counts over a whole life, not over one task.
"""

import os
import resource
from pathlib import Path

from photo_store.sandbox.seccomp import deny

__all__ = ["confine"]

MEMORY = 1024**3
MOST_OPEN_FILES = 16
_LIMITS = (
    ("memory", resource.RLIMIT_AS, MEMORY),
    ("core", resource.RLIMIT_CORE, 0),
    ("open files", resource.RLIMIT_NOFILE, MOST_OPEN_FILES),
    ("written files", resource.RLIMIT_FSIZE, 0),
)


def confine() -> list[str]:
    """Confine this process and return the names of what is in force, for the parent's log."""
    os.chdir("/")
    done = [name for name, limit, most in _LIMITS if _limited(limit, most)]
    if _single_threaded() and deny():
        done.append("system calls")
    return done


def _limited(limit: int, most: int) -> bool:
    try:
        resource.setrlimit(limit, (most, most))
    except (ValueError, OSError):  # macOS refuses some
        return False
    return True


def _single_threaded() -> bool:
    """Tell whether a filter set now reaches the whole process; a thread that runs already would keep its freedom."""
    tasks = Path("/proc/self/task")
    return tasks.is_dir() and len(list(tasks.iterdir())) == 1
