"""The program of `support.zygote`: imports our modules once, then forks into whatever program it is told to start.

Orders are lines of JSON on stdin, answers lines of JSON on stdout; it ends with its stdin. No application is built
here and no thread of ours runs, so a fork is what `python -m` would be after its imports.

{"module", "arguments", "environment", "log", "group"} → the new process's id: `python -m module arguments` with this
environment, its output appended to the file ``log``, in the process group ``group`` (0: one of its own).
{"pid", "wait"} → the exit status as subprocess gives it, null while it runs; ``wait``: not before it ended.
"""

import gc
import json
import os
import runpy
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
# All that a web process and a worker import until they answer.
IMPORTED = ("granian.cli", "granian.server", "flask.cli", "server.assembly")


def main() -> None:
    """Answer orders; in a fork, become the program that was ordered."""
    # As for `python -m` in the root: what a program of ours can import is not what a test can.
    sys.path[0] = str(ROOT)
    for name in IMPORTED:
        import_module(name)
    gc.freeze()
    statuses: dict[int, int] = {}
    for line in sys.stdin:
        order = json.loads(line)
        if "pid" in order:
            answer = _status(statuses, order["pid"], wait=order["wait"])
        else:
            answer = os.fork()
            if answer == 0:
                _become(order)
                return
            _join(answer, order["group"])
        print(json.dumps(answer), flush=True)  # noqa: T201 (its answers)


def _status(statuses: dict[int, int], pid: int, *, wait: bool) -> int | None:
    if pid not in statuses:
        ended, status = os.waitpid(pid, 0 if wait else os.WNOHANG)
        if ended:
            statuses[pid] = os.waitstatus_to_exitcode(status)
    return statuses.get(pid)


def _join(pid: int, group: int) -> None:
    """Put a process into its group; both sides do, so that neither goes on before it is done."""
    with suppress(ProcessLookupError):  # it has ended already
        os.setpgid(pid, group)


def _become(order: dict[str, Any]) -> None:
    _join(0, order["group"])
    with Path(os.devnull).open("rb") as nothing, Path(order["log"]).open("ab") as log:
        for stream, place in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(stream.fileno(), place)
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = [order["module"], *order["arguments"]]
    runpy.run_module(order["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
