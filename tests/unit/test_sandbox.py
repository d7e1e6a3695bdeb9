"""The sandbox: a child may compute and nothing else, and what happens to it happens to its task alone."""

import errno
import os
import platform
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.misbehaving import FORBIDDEN

from photo_store.sandbox import ChildLost, Parcel, Sandbox, SandboxUnavailable, TaskRefused
from photo_store.sandbox.deadline import Deadline

TESTS = Path(__file__).parents[1]
FILTERED = sys.platform.startswith("linux") and platform.machine() in {"x86_64", "aarch64"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    made = Sandbox("support.misbehaving", deadline=20, path=[TESTS])
    yield made
    made.close()


def child_of(sandbox: Sandbox) -> int:
    return int(sandbox.run("own id", Parcel("")).facts["pid"])


def test_a_task_gets_and_gives_facts_and_files(sandbox: Sandbox) -> None:
    files = {"a": b"\0" * 3_000_000, "b": b""}
    answer = sandbox.run("echo", Parcel("", {"x": [1, "二"]}, files))
    assert (answer.facts, answer.files) == ({"x": [1, "二"]}, files)


def test_one_child_serves_one_task_after_the_other(sandbox: Sandbox) -> None:
    assert child_of(sandbox) == child_of(sandbox)


def test_a_child_knows_nothing_of_its_parents_environment(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XUNCHA_SECRET_KEY", "a secret")
    sandbox.close()
    known = sandbox.run("own id", Parcel("")).facts["environment"]
    assert "XUNCHA_SECRET_KEY" not in known
    assert "HOME" not in known


@pytest.mark.parametrize("deed", FORBIDDEN)
def test_a_child_is_refused_whatever_is_not_computing(sandbox: Sandbox, deed: str, tmp_path: Path) -> None:
    assert FILTERED, "this machine has no filter of system calls: run the tests on Linux, x86-64 or aarch64"
    target = tmp_path / "file"
    target.write_bytes(b"content")
    signalled = threading.Event()
    before = signal.signal(signal.SIGUSR1, lambda *_: signalled.set())
    try:
        answer = sandbox.run(deed, Parcel("", {"target": str(target)}))
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert answer.facts["errno"] == errno.EPERM
    assert target.read_bytes() == b"content"
    assert not signalled.is_set()


def test_a_child_may_use_threads(sandbox: Sandbox) -> None:
    assert sandbox.run("use threads", Parcel("")).facts == {"seen": 4}


def test_more_memory_than_allowed_is_refused_and_the_child_goes_on(sandbox: Sandbox) -> None:
    child = child_of(sandbox)
    with pytest.raises(TaskRefused, match="memory"):
        sandbox.run("use memory", Parcel(""))
    assert child_of(sandbox) == child


def test_an_unknown_task_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(TaskRefused):
        sandbox.run("no such task", Parcel(""))


@pytest.mark.parametrize("deed", ["hang", "compute for ever"])
def test_a_task_that_hangs_is_ended_at_its_deadline(deed: str) -> None:
    sandbox = Sandbox("support.misbehaving", deadline=1, path=[TESTS])
    child = child_of(sandbox)
    with pytest.raises(ChildLost, match="longer than 1 second"):
        sandbox.run(deed, Parcel(""))
    assert not Path(f"/proc/{child}").exists()
    assert child_of(sandbox) != child
    sandbox.close()


@pytest.mark.parametrize("deed", ["crash", "leave", "answer nonsense"])
def test_a_child_that_dies_or_lies_costs_its_task_only(sandbox: Sandbox, deed: str) -> None:
    child = child_of(sandbox)
    with pytest.raises(ChildLost, match="died"):
        sandbox.run(deed, Parcel(""))
    assert child_of(sandbox) != child


def test_what_a_library_prints_does_not_reach_the_answer(sandbox: Sandbox) -> None:
    assert sandbox.run("print", Parcel("")).facts == {"said": True}


def test_threads_work_at_once_each_with_a_child_of_its_own(sandbox: Sandbox) -> None:
    def ask(nth: int) -> object:
        return sandbox.run("echo", Parcel("", {"nth": nth}, {"f": bytes([nth]) * 200_000})).facts["nth"]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(40))) == list(range(40))


def test_a_child_that_died_while_idle_is_replaced(sandbox: Sandbox) -> None:
    child = child_of(sandbox)
    os.kill(child, signal.SIGKILL)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert child_of(sandbox) != child


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_who_stops_the_parent_does_not_stop_its_children(sandbox: Sandbox, stop: signal.Signals) -> None:
    child = child_of(sandbox)
    os.kill(child, stop)
    assert child_of(sandbox) == child


def test_a_module_that_is_not_there_is_the_machines_fault() -> None:
    with pytest.raises(SandboxUnavailable, match="does not start"):
        Sandbox("no.such.module").run("echo", Parcel(""))


def test_a_task_that_had_no_processor_is_not_ended_for_that() -> None:
    """It stops in the middle for longer than its deadline; all in all it computes for less."""
    process = subprocess.Popen([sys.executable, "-c", STOP_HALFWAY], stdout=subprocess.PIPE)
    with process, Deadline(process, 3) as limit:
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        time.sleep(4)
        os.kill(process.pid, signal.SIGCONT)
        answer = process.stdout.read() if process.stdout else b""
    assert (answer, limit.passed) == (b"done", False)


STOP_HALFWAY = """
import os, signal, time
while time.process_time() < 1.2:
    pass
os.kill(os.getpid(), signal.SIGSTOP)
while time.process_time() < 1.6:
    pass
print("done", end="")
"""
