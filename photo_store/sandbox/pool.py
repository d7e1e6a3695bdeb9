"""The parent's side: idle children, one task at a time each, a deadline, and a new child for a lost one."""

import contextlib
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from photo_store.sandbox.deadline import PATIENCE, Deadline
from photo_store.sandbox.parcels import DONE, READY, REFUSED, BadParcel, Parcel, read_parcel, write_parcel

__all__ = ["ChildLost", "Sandbox", "SandboxError", "SandboxUnavailable", "TaskRefused"]

DEADLINE_S = 10.0
START_S = 60.0
_BACKSTOP_S = 5
_ROOT = Path(__file__).parents[2]
# One thread where the numerical library would start several before the filter is set, and few arenas: each costs
# address space, which is what the memory limit counts. What a picture took stays for the next one: given back, the
# kernel clears the same megabytes each time, which is a quarter of the work on a small picture.
_ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": str(32 * 1024**2),
    "MALLOC_TRIM_THRESHOLD_": str(64 * 1024**2),
    "PYTHONDONTWRITEBYTECODE": "1",
}
_log = logging.getLogger(__name__)


class SandboxError(Exception):
    """A task did not give what it was asked for; the text says why."""


class TaskRefused(SandboxError):
    """The task ran to its end and says that these bytes will never do."""


class ChildLost(SandboxError):
    """The child crashed, hung or answered nonsense on this task; the next task gets a new child."""


class SandboxUnavailable(SandboxError):
    """No child can be started now: the machine's fault, not that of the bytes."""


class Sandbox:
    """Runs the tasks of a module (its ``TASKS``) in children. Threads may share one; each task has a child alone.

    ``deadline``: seconds per task, of computing where the machine is busy. ``path``: folders to import the module from,
    besides our own.
    """

    def __init__(self, module: str, *, deadline: float = DEADLINE_S, path: Sequence[Path] = ()) -> None:
        self._module = module
        self._deadline = deadline
        self._path = (_ROOT, *path)
        self._idle: list[_Child] = []
        self._lock = threading.Lock()
        self._owner = os.getpid()

    def run(self, task: str, parcel: Parcel) -> Parcel:
        """Run one task on the facts and files of ``parcel`` and return its answer.

        Raises TaskRefused, ChildLost, SandboxUnavailable.
        """
        child = self._take()
        kept = False
        try:
            answer = child.ask(Parcel(task, parcel.facts, parcel.files), self._deadline)
            kept = True
        finally:
            if kept:
                self._give_back(child)
            else:
                child.end()
        if answer.name != DONE:
            raise TaskRefused(str(answer.facts.get("reason", "no reason given")))
        return answer

    def close(self) -> None:
        """End all idle children; the sandbox may be used again."""
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.end()

    def _take(self) -> "_Child":
        with self._lock:
            if self._owner != os.getpid():
                # After a fork the children belong to the process that started them.
                self._owner, self._idle = os.getpid(), []
            while self._idle:
                child = self._idle.pop()
                if child.alive():
                    return child
                child.end()
        return _Child(self._module, self._path, self._deadline)

    def _give_back(self, child: "_Child") -> None:
        with self._lock:
            self._idle.append(child)


class _Child:
    def __init__(self, module: str, path: Sequence[Path], deadline: float) -> None:
        backstop = str(int(deadline * PATIENCE) + _BACKSTOP_S)
        command = [sys.executable, "-s", "-m", "photo_store.sandbox.child", module, backstop]
        try:
            self._process = subprocess.Popen(  # noqa: S603 (our own program)
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=_ROOT,
                env={**_ENVIRONMENT, "PYTHONPATH": os.pathsep.join(str(folder) for folder in path)},
            )
        except OSError as error:
            message = f"no child can be started: {error}"
            raise SandboxUnavailable(message) from error
        if self._process.stdin is None or self._process.stdout is None:
            message = "the child has no pipes"
            raise SandboxUnavailable(message)
        self._in, self._out = self._process.stdin, self._process.stdout
        self._await_ready()

    def ask(self, request: Parcel, deadline: float) -> Parcel:
        """Hand over a parcel and wait for the answer; a child that raises here must be ended. Raises ChildLost."""
        with Deadline(self._process, deadline) as limit:
            try:
                write_parcel(self._in, request)
                answer = read_parcel(self._out)
            except (OSError, BadParcel):
                answer = None
        if limit.passed:
            message = f"it took longer than {deadline:g} seconds"
            raise ChildLost(message)
        if answer is None or answer.name not in {DONE, REFUSED}:
            message = "the process that worked on it died"
            raise ChildLost(message)
        return answer

    def alive(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        """Kill the child and wait for its end."""
        self._process.kill()
        for pipe in (self._in, self._out):
            # What was not written yet is of no use any more.
            with contextlib.suppress(OSError):
                pipe.close()
        self._process.wait()

    def _await_ready(self) -> None:
        with Deadline(self._process, START_S):
            try:
                hello = read_parcel(self._out)
            except BadParcel:
                hello = None
        if hello is None or hello.name != READY:
            self.end()
            message = "the child that should do the work does not start"
            raise SandboxUnavailable(message)
        confined = hello.facts.get("confined", [])
        level = logging.DEBUG if "system calls" in confined else logging.WARNING
        _log.log(level, "Pictures are decoded in process %d, confined in: %s", self._process.pid, ", ".join(confined))
