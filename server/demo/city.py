"""Builds the demo city: people first, then the month's steps in their order of time, then thumbnails and reviews.

Case times at the desk are those of the seeding: operations stamp the server's clock, and the demo gets no door of
its own around them. What handsets captured lies in the past month.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from flask import Flask

from server.clock import now
from server.db import transact
from server.demo.desk import ACTIONS, DemoDesk
from server.demo.field import Crew
from server.demo.pictures import Studio
from server.demo.plan import SIZES, Size, Step, plan_month
from server.demo.roster import settle
from server.evidence.deriving import derive_all
from server.identity.passwords import DEMO_PASSWORD, hash_password

_SENDER_OF_DAMAGE = "c003"


@dataclass(frozen=True)
class Telling:
    """One word about progress: what is being done, and how much of it, 0 to 1."""

    doing: str
    share: float


def build_city(
    app: Flask, seed: int, tell: Callable[[Telling], None], *, rounds: int, sizes: tuple[Size, Size] = SIZES
) -> None:
    """Fill an empty, migrated database; call inside the application's context. ``rounds``: of Argon2.

    ``sizes``: pixels of a usual photograph and of the large one in twenty.

    Raises SeedError when the application does not play along. An interrupted seeding leaves what it made.
    """
    steps = plan_month(seed, now(), sizes)
    with ExitStack() as stack:
        stack.enter_context(_quiet_log())
        studio = stack.enter_context(Studio(picture for step in steps for picture in step.pictures))
        tell(Telling("people", 0.0))
        desk = DemoDesk(transact(settle, seed, hash_password(DEMO_PASSWORD, rounds)))
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="chengpu-")))
        crew = Crew(app, folder, studio)
        stack.callback(crew.close)
        for login in sorted({login for step in steps for login in (step.case.collector, step.case.enforcer)}):
            crew.enrol(login, desk.enrolment_code(login))
        _live(steps, crew, desk, tell)
        crew.send_damaged(_SENDER_OF_DAMAGE, steps[-1].at)
        crew.come_home()
    _derive_all(app, tell)
    desk.review(crew.cases)


def _live(steps: list[Step], crew: Crew, desk: DemoDesk, tell: Callable[[Telling], None]) -> None:
    for nth, step in enumerate(steps):
        tell(Telling(f"case {step.case.number}: {step.deed}", nth / len(steps)))
        if step.deed in ACTIONS:
            desk.do(step, crew.cases[step.case.number])
        else:
            crew.do(step)


def _derive_all(app: Flask, tell: Callable[[Telling], None]) -> None:
    """Make all thumbnails at once, so that the gallery is full before the worker runs."""
    with app.app_context():
        derive_all(lambda _stage, done, of: tell(Telling("thumbnails", done / max(of, 1))))


@contextmanager
def _quiet_log() -> Iterator[None]:
    """Hold back the access lines of requests that nobody outside made."""
    before = structlog.get_config()
    structlog.configure(**{**before, "wrapper_class": structlog.make_filtering_bound_logger(logging.WARNING)})
    try:
        yield
    finally:
        structlog.configure(**before)
