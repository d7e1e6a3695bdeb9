"""The program of a child: ``python -m photo_store.sandbox.child MODULE SECONDS``.

``MODULE`` has ``TASKS``, functions from parcel to parcel by name. The child imports it, confines itself, says what it
gave up, and answers one parcel after the other until its input ends.
"""

import importlib
import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import IO

from photo_store.sandbox.confine import confine
from photo_store.sandbox.parcels import READY, REFUSED, Parcel, read_parcel, write_parcel

LONGEST_REASON = 300


def main(module: str, seconds: int) -> None:
    """Serve until the input ends. ``seconds``: a backstop per task, in case the parent is gone and cannot end it."""
    # Its end is the parent's to decide, not that of who stops the parent: the end of the input will come.
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.SIG_IGN)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # A library that prints would print into an answer.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    tasks: Mapping[str, Callable[[Parcel], Parcel]] = importlib.import_module(module).TASKS
    write_parcel(answers, Parcel(READY, {"confined": confine()}))
    _serve(tasks, sys.stdin.buffer, answers, seconds)


def _serve(
    tasks: Mapping[str, Callable[[Parcel], Parcel]], requests: IO[bytes], answers: IO[bytes], seconds: int
) -> None:
    while (request := read_parcel(requests)) is not None:
        signal.alarm(seconds)
        try:
            answer = tasks[request.name](request)
        except Exception as error:  # noqa: BLE001 (whatever a stranger's bytes raise is the answer)
            answer = Parcel(REFUSED, {"reason": _reason(error)})
        signal.alarm(0)
        del request
        write_parcel(answers, answer)
        del answer


def _reason(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "it needs more memory than is allowed"
    text = str(error) or type(error).__name__
    return "".join(sign if sign.isprintable() else " " for sign in text)[:LONGEST_REASON]


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
