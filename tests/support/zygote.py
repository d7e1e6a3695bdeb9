"""Starts programs of ours by forking a process that has imported them already: imports are three seconds of a start.

One such process for each test process, started when it is first asked for, ended with it. Its program is
zygote_process.py.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("zygote_process.py")


class Zygote:
    """The process that is forked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, str(PROGRAM)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, order: Mapping[str, Any]) -> Any:  # noqa: ANN401 (JSON)
        """Give an order and return its answer."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        with self._lock:
            process.stdin.write(json.dumps(order) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())


@dataclass(frozen=True)
class Forked:
    """A started program; to be waited for like a `subprocess.Popen`."""

    pid: int
    _zygote: Zygote = field(repr=False)

    def poll(self) -> int | None:
        """Return its exit status, None while it runs."""
        status: int | None = self._zygote.ask({"pid": self.pid, "wait": False})
        return status

    def wait(self) -> int:
        """Wait for its end and return its exit status; until then its id is nobody else's."""
        status: int = self._zygote.ask({"pid": self.pid, "wait": True})
        return status


def forked(command: Sequence[str], environment: Mapping[str, str], log: Path, group: int) -> Forked:
    """Start ``python -m module …`` of the root in a process group (0: one of its own), its output in ``log``."""
    python, dash_m, module, *arguments = command
    assert (python, dash_m) == (sys.executable, "-m")
    order = {"module": module, "arguments": arguments, "log": str(log), "group": group}
    zygote = _zygote()
    return Forked(zygote.ask({**order, "environment": dict(environment)}), zygote)


@cache
def _zygote() -> Zygote:
    return Zygote()
