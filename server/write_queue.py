"""Writers of one SQLite file take turns, in this process and between processes.

SQLite has one writer at a time, and its own waiting is a lottery: who finds the lock taken sleeps and asks again, so
that under a rush one request in a hundred waits for most of a second while newer ones pass. Waiting at a lock wakes
the next writer at once.
"""

import fcntl
import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SUFFIX = ".queue"


class WriteQueue:
    """The queue of one database file; a process that dies leaves it."""

    def __init__(self, database: Path) -> None:
        # Threads first: of one process only one stands in the queue of processes.
        self._threads = threading.Lock()
        self._processes = os.open(database.with_name(database.name + SUFFIX), os.O_RDWR | os.O_CREAT, 0o644)
        weakref.finalize(self, os.close, self._processes)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the turn, and keep it until the block is left."""
        with self._threads:
            fcntl.flock(self._processes, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._processes, fcntl.LOCK_UN)
