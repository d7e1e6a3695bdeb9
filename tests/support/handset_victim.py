"""A program that synchronises a handset again and again, each time killed at its next write: for test_handset_kill.

One process, so that Python starts once; every try is a fork that kills itself with signal 9 right before its n-th
write to the outbox file. Arguments: a folder to copy for every try, and a server's address. Afterwards a
process that nobody kills synchronises the same copy, and one JSON line says what was left and what became of it.
"""

import json
import os
import shutil
import signal
import sys
from pathlib import Path
from random import Random

from sync.handset import Handset, LineBroken
from sync.handset.store import Store

MOST = 300


def main() -> None:
    """Kill at the first write, the second, and so on, until a round gets through."""
    prepared, url = Path(sys.argv[1]), sys.argv[2]
    for nth in range(1, MOST):
        folder = prepared.with_name(f"copy-{nth}")
        shutil.copytree(prepared, folder)
        child = os.fork()
        if child == 0:
            _round(folder, url, nth)
        killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
        with Handset(folder, url) as survivor:
            left = [(item.id, item.fingerprint) for item in survivor.outbox.items() if item.acked]
            survivor.sync()
            survivor.sync()
            line = {
                "killed": killed,
                "acked_at_kill": left,
                "items": [[item.id, item.fingerprint, item.acked] for item in survivor.outbox.items()],
                "acked": survivor.outbox.acked(),
                "tasks": sorted(task["task_id"] + task["seen"] for task in survivor.mirror.entities("task")),
                "digest": survivor.mirror.digest(),
                "pending": len(survivor.album.pending()),
            }
        print(json.dumps(line), flush=True)  # noqa: T201 (its output is its result)
        if not killed:
            return


def _round(folder: Path, url: str, nth: int) -> None:
    """Synchronise, and die before the nth write; a round that gets through ends with exit code 0."""
    execute, writes = Store.execute, 0

    def counting(store: Store, statement: str, *values: object) -> object:
        nonlocal writes
        if not statement.startswith("SELECT"):
            writes += 1
            if writes == nth:
                os.kill(os.getpid(), signal.SIGKILL)
        return execute(store, statement, *values)

    Store.execute = counting  # type: ignore[assignment, method-assign] # the instant of the kill is the point
    with Handset(folder, url, random=Random(nth)) as handset:  # noqa: S311 (repeatable)
        try:
            handset.sync()
        except LineBroken:
            os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main()
