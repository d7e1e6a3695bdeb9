"""Tasks for a sandbox's child that do what a picture that took it over would do. Run only inside the sandbox."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from photo_store.sandbox import Parcel
from photo_store.sandbox.parcels import DONE

_NOWHERE = "127.0.0.1"


def _echo(request: Parcel) -> Parcel:
    return Parcel(DONE, request.facts, request.files)


def _tell_own_id(_request: Parcel) -> Parcel:
    return Parcel(DONE, {"pid": os.getpid(), "environment": sorted(os.environ)})


def _hang(_request: Parcel) -> Parcel:
    time.sleep(600)
    return Parcel(DONE)


def _compute_for_ever(_request: Parcel) -> Parcel:
    while True:
        hash(b"")


def _crash(_request: Parcel) -> Parcel:
    ctypes.string_at(0)
    return Parcel(DONE)


def _leave(_request: Parcel) -> Parcel:
    os._exit(0)


def _answer_nonsense(_request: Parcel) -> Parcel:
    # The pipe to the parent is the copy that the child's program made of its standard output.
    for descriptor in range(3, 10):
        try:
            os.write(descriptor, b"\xff" * 64)
        except OSError:
            continue
    return Parcel(DONE)


def _print(_request: Parcel) -> Parcel:
    print("a library prints", flush=True)  # noqa: T201  (that is the misbehaviour)
    return Parcel(DONE, {"said": True})


def _use_memory(_request: Parcel) -> Parcel:
    return Parcel(DONE, {"length": len(bytearray(2 * 1024**3))})


def _use_threads(_request: Parcel) -> Parcel:
    seen: list[int] = []
    threads = [threading.Thread(target=seen.append, args=(nth,)) for nth in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Parcel(DONE, {"seen": len(seen)})


def _forbidden(act: Callable[[str], object]) -> Callable[[Parcel], Parcel]:
    def attempt(request: Parcel) -> Parcel:
        try:
            act(str(request.facts.get("target", "")))
        except OSError as error:
            return Parcel(DONE, {"errno": error.errno})
        return Parcel(DONE, {"errno": 0})

    return attempt


def _signal_parent(_target: str) -> None:
    os.kill(os.getppid(), signal.SIGUSR1)


def _trace_parent(_target: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(16, os.getppid(), 0, 0) != 0:  # PTRACE_ATTACH
        raise OSError(ctypes.get_errno(), "ptrace")


FORBIDDEN: Mapping[str, Callable[[str], object]] = {
    "open a socket": lambda _: socket.socket(),
    "connect": lambda _: socket.create_connection((_NOWHERE, 9)),
    "run a program": lambda _: os.execv(sys.executable, [sys.executable, "-c", ""]),  # noqa: S606  (to be refused)
    "start a process": lambda _: subprocess.run([sys.executable, "-c", ""], check=True),
    "fork": lambda _: os.fork(),
    "read a file": lambda target: Path(target).read_bytes(),
    "write a file": lambda target: Path(target).write_bytes(b"x"),
    "remove a file": lambda target: Path(target).unlink(),
    "rename a file": lambda target: Path(target).rename(target + ".gone"),
    "signal its parent": _signal_parent,
    "trace its parent": _trace_parent,
}

TASKS: Mapping[str, Callable[[Parcel], Parcel]] = {
    "echo": _echo,
    "own id": _tell_own_id,
    "hang": _hang,
    "compute for ever": _compute_for_ever,
    "crash": _crash,
    "leave": _leave,
    "answer nonsense": _answer_nonsense,
    "print": _print,
    "use memory": _use_memory,
    "use threads": _use_threads,
    **{name: _forbidden(act) for name, act in FORBIDDEN.items()},
}
