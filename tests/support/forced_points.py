"""Forced interleavings: one thread is held at a statement or before its COMMIT while another one runs.

The points hang on SQLAlchemy's events, so the product knows nothing of them. What waits for a lock that the held
thread has is waited for a moment only, then the held one goes on: the end must be right whoever was first.
"""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from sqlalchemy import Connection, Engine, event
from support.lock_waits import ran_as_far_as_it_gets

from server.db import db

COMMIT = "COMMIT"
_MOST_SECONDS = 20.0


class NeverReached(Exception):
    """The held thread ended without coming to its point: the scenario does not try what it says."""


@dataclass(frozen=True)
class Point:
    """Before the first statement that matches ``before`` (or COMMIT), after one that matched ``after`` was sent."""

    before: str
    after: str = ""


@dataclass
class Hold:
    """One thread's point: `reached` when it stands there, `go` lets it pass."""

    point: Point
    thread: threading.Thread | None = None
    is_armed: bool = False
    reached: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)

    def meet(self, statement: str) -> None:
        """Stop here if this thread is the held one and this is its point."""
        if threading.current_thread() is not self.thread or self.reached.is_set():
            return
        if (self.is_armed or not self.point.after) and re.search(self.point.before, statement):
            self.reached.set()
            self.go.wait(_MOST_SECONDS)
        elif self.point.after and re.search(self.point.after, statement):
            self.is_armed = True


@dataclass(frozen=True)
class Outcome:
    """What both threads returned; ``waited`` tells that the second had to wait for the first."""

    first: Any
    second: Any
    waited: bool


@contextmanager
def _listening(engine: Engine, hold: Hold) -> Iterator[None]:
    def before_statement(_connection: Connection, _cursor: object, statement: str, *_others: object) -> None:
        hold.meet(statement)

    def before_commit(_connection: Connection) -> None:
        hold.meet(COMMIT)

    event.listen(engine, "before_cursor_execute", before_statement)
    event.listen(engine, "commit", before_commit)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", before_statement)
        event.remove(engine, "commit", before_commit)


def interleave(
    app: Flask, first: Callable[[], Any], point: Point, second: Callable[[], Any], *, seconds: float = 0.08
) -> Outcome:
    """Hold ``first`` at its point, run ``second`` meanwhile (as far as it gets), let ``first`` go, wait for both."""
    with app.app_context():
        engine = db.engine
    hold = Hold(point)
    results: dict[str, Any] = {}
    threads = {
        name: threading.Thread(target=_keep, args=(results, name, work))
        for name, work in (("first", first), ("second", second))
    }
    hold.thread = threads["first"]
    with _listening(engine, hold):
        threads["first"].start()
        while not hold.reached.wait(0.01) and threads["first"].is_alive():
            pass
        threads["second"].start()
        waited = not ran_as_far_as_it_gets(engine, threads["second"], seconds)
        hold.go.set()
        for thread in threads.values():
            thread.join(_MOST_SECONDS)
    for name in threads:
        if isinstance(results.get(name), BaseException):
            raise results[name]
    if not hold.reached.is_set():
        raise NeverReached(str(point))
    return Outcome(results["first"], results["second"], waited)


def at_once(work: Callable[[int], Any], count: int) -> list[Any]:
    """Run ``work(number)`` in threads that begin together; return the results in order of number."""
    barrier, results = threading.Barrier(count), dict[str, Any]()

    def begin(number: int) -> Any:  # noqa: ANN401 (whatever the work returns)
        barrier.wait(_MOST_SECONDS)
        return work(number)

    threads = [
        threading.Thread(target=_keep, args=(results, str(number), lambda number=number: begin(number)))
        for number in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [results[str(number)] for number in range(count)]
    for result in found:
        if isinstance(result, BaseException):
            raise result
    return found


def _keep(results: dict[str, Any], name: str, work: Callable[[], Any]) -> None:
    try:
        results[name] = work()
    except BaseException as error:  # noqa: BLE001 (raised again in the thread that waits)
        results[name] = error
