"""Background jobs on huey. The queue is a hint: every job's work is also found by a sweep.

The queue has a file of its own, without fsync: losing it costs a minute, never a photograph. A job runs inside
an application context; an error of the queue itself is logged and never reaches a caller.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask, current_app
from huey import SqliteHuey, crontab

from server.config import Settings
from server.logs import log


@dataclass(frozen=True)
class Job:
    """A named function with JSON-like arguments that may run twice without harm."""

    name: str
    run: Callable[..., None]
    every_minutes: int | None = None


_HOUR = 60
_JOBS: dict[str, Job] = {}


def job(run: Callable[..., None]) -> Job:
    """Register a function as a job."""
    return _register(run, None)


def periodic(minutes: int) -> Callable[[Callable[[], None]], Job]:
    """Register a function as a job that the worker runs every so many minutes: a divisor of 60, or 60 itself."""
    if not 1 <= minutes <= _HOUR or _HOUR % minutes:
        # crontab(minute="*/45") would run at :00 and :45, that is every 45 and every 15 minutes.
        msg = f"Every {minutes} minutes fits no hour: choose a divisor of {_HOUR}."
        raise ValueError(msg)
    return lambda run: _register(run, minutes)


def schedule(minutes: int) -> Callable[[datetime], bool]:
    """Return huey's test whether a periodic job is due in the minute of an instant; 60 means at every full hour."""
    due: Callable[[datetime], bool] = crontab(minute="0" if minutes == _HOUR else f"*/{minutes}")
    return due


def known_jobs() -> Mapping[str, Job]:
    """Return every registered job by its name."""
    return _JOBS


def _register(run: Callable[..., None], minutes: int | None) -> Job:
    made = Job(f"{run.__module__}.{run.__name__}", run, minutes)
    _JOBS[made.name] = made
    return made


def init_jobs(app: Flask, chosen: Settings) -> None:
    """Open the queue and bind all registered jobs to it."""
    chosen.queue_file.parent.mkdir(parents=True, exist_ok=True)
    queue = SqliteHuey("xuncha", filename=str(chosen.queue_file), fsync=False, results=False)

    def run(name: str, arguments: list[Any]) -> None:
        with app.app_context():
            _JOBS[name].run(*arguments)

    app.extensions["xuncha_queue"] = queue
    app.extensions["xuncha_run_job"] = queue.task(name="run")(run)
    for known in _JOBS.values():
        if known.every_minutes is not None:
            queue.periodic_task(schedule(known.every_minutes), name=known.name)(_bound(app, known))


def _bound(app: Flask, known: Job) -> Callable[[], None]:
    def tick() -> None:
        with app.app_context():
            known.run()

    return tick


def enqueue(wanted: Job, *arguments: Any) -> None:  # noqa: ANN401 (JSON values)
    """Ask the worker to run a job soon. Call after commit only."""
    try:
        current_app.extensions["xuncha_run_job"](wanted.name, list(arguments))
    except Exception as error:  # noqa: BLE001 (the sweep is the guarantee: a full queue disk must not fail an upload)
        log.warning("queue-unavailable", job=wanted.name, error=str(error))
