"""Stops an interpretation that never ends, so that one bad item cannot hold a request and its locks for ever.

What is measured is the processor time of the thread: waiting for a database under load is no fault of an item, and a
sound item needs a few milliseconds. The exception is raised inside the thread between two of its own steps, so the
transaction around it is rolled back as with any other.
"""

import ctypes
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

MOST_SECONDS = 2.0
_LOOK_EVERY = 0.2


class NeverEnding(Exception):
    """The interpretation of one item used its whole share of processor time."""


@dataclass
class _Watched:
    thread: int
    clock: int
    until: float


class _Watch:
    """One thread that looks at all interpretations under way; it sleeps while there are none."""

    def __init__(self) -> None:
        self._by_thread: dict[int, _Watched] = {}
        self._lock = threading.Lock()
        self._something = threading.Event()
        self._watcher: threading.Thread | None = None

    def begin(self) -> _Watched:
        """Watch the thread that asks."""
        thread = threading.get_ident()
        clock = time.pthread_getcpuclockid(thread)
        watched = _Watched(thread, clock, time.clock_gettime(clock) + MOST_SECONDS)
        with self._lock:
            self._by_thread[thread] = watched
            # A forked process has the object and not the thread.
            if self._watcher is None or not self._watcher.is_alive():
                self._watcher = threading.Thread(target=self._look, name="deadline", daemon=True)
                self._watcher.start()
        self._something.set()
        return watched

    def end(self, watched: _Watched) -> None:
        """Stop watching; after this nothing is raised any more."""
        with self._lock:
            self._by_thread.pop(watched.thread, None)

    def _look(self) -> None:
        while True:
            self._something.wait()
            time.sleep(_LOOK_EVERY)
            with self._lock:
                for watched in list(self._by_thread.values()):
                    if time.clock_gettime(watched.clock) > watched.until:
                        del self._by_thread[watched.thread]
                        _raise_in(watched.thread)
                if not self._by_thread:
                    self._something.clear()


def _raise_in(thread: int) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(NeverEnding))


_WATCH = _Watch()


@contextmanager
def deadline() -> Iterator[None]:
    """Raise NeverEnding in this thread when the block uses more than MOST_SECONDS of its processor time."""
    watched = _WATCH.begin()
    try:
        yield
    finally:
        _WATCH.end(watched)
