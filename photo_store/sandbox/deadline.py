"""A process is killed when its task takes too long: so many seconds, of computing where the machine is busy.

On a busy machine a sound task gets less than its share of the processors. Who has computed all the time that it got
may go on until it has computed for the whole deadline; who waits, or whose computing cannot be seen, has no more than
the deadline. Knows no task.
"""

import os
import subprocess
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["PATIENCE", "Deadline"]

PATIENCE = 6
"""No task has more seconds than this many deadlines, however busy the machine is."""
_IDLE_SHARE = 0.05  # of the seconds that went by: a process that computed less than this waits for something
_TICKS = os.sysconf("SC_CLK_TCK")


class Deadline:
    """Kills ``process`` if the block takes too long; ``passed`` tells afterwards whether that happened."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self._process = process
        self._seconds = seconds
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._wait, daemon=True)
        self.passed = False

    def __enter__(self) -> Self:
        self._begun, self._computed = time.monotonic(), _computed(self._process.pid)
        self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        # Otherwise it could kill in the middle of the next task.
        self._watch.join()

    def _wait(self) -> None:
        left = self._seconds
        while not self._over.wait(left):
            left = self._left()
            if left <= 0:
                self.passed = True
                self._process.kill()
                return

    def _left(self) -> float:
        gone = time.monotonic() - self._begun
        computed = _computed(self._process.pid)
        if self._computed is None or computed is None or gone >= self._seconds * PATIENCE:
            return 0
        used = computed - self._computed
        # The kernel counts in ticks: less than one is nothing left.
        return 0 if used < gone * _IDLE_SHARE else max(0.0, self._seconds - used - 1 / _TICKS)


def _computed(pid: int) -> float | None:
    """Return the CPU seconds of a process so far; None where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / _TICKS
