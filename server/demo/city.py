"""Builds the demo city: people and ground first, then sixty days of cases in their order of time, each at its moment.

The server's clock shows the moment that is played, so deadlines, timelines and notices lie where they would lie if the
city had been at work. What a worker does by the minute is done once a day.
"""

import gc
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from flask import Flask
from sqlalchemy import event

from photo_store.disk import DiskBlobs
from server.casework.duplicates.jobs import settle_cases
from server.casework.sweep_jobs import resume_suspended, sweep_due_soon, sweep_overdue
from server.clock import now
from server.current import blobs
from server.db import db, transact
from server.demo.desk import ACTIONS, DemoDesk
from server.demo.episodes import Episodes
from server.demo.field import Crew
from server.demo.pictures import Studio
from server.demo.plan import SIZES, ZONE, Picture, Size, Step, plan_month
from server.demo.roster import settle
from server.demo.round_desk import RoundDesk
from server.demo.round_field import RoundField
from server.demo.rounds import DAYS, Event, pictures_of, plan_rounds
from server.demo.stage import Stage
from server.demo.town import furnish
from server.evidence.deriving import derive_all
from server.identity.passwords import DEMO_PASSWORD, hash_password
from server.ledger.custody.jobs import MOST_IN_A_RUN
from server.ledger.custody.sequencer import sequence
from server.memory_disk import memory_disk

# Of the rounds' photographs: small enough to be sent with the creation of their upload.
_SMALL: Size = (540, 405)
# Ten times what the photographs of all cards weigh; a handset syncs whatever it writes on its own.
_ROOM_FOR_CARDS = 512 * 1024 * 1024
_MORNING, _SWEPT_AT = time(7), time(17, 50)


@dataclass(frozen=True)
class Telling:
    """One word about progress: what is being done, and how much of it, 0 to 1."""

    doing: str
    share: float


@dataclass(frozen=True)
class Plan:
    """Everything that will happen: the month's steps, the rounds' events; ``size``: pixels of the rounds' pictures."""

    steps: list[Step]
    events: list[Event]
    size: Size

    def pictures(self) -> Iterator[Picture]:
        """Yield the photographs in the order in which they are taken."""
        for deed in self.deeds():
            if isinstance(deed, Step):
                yield from deed.pictures
            else:
                for word, one in deed.deeds:
                    yield from pictures_of(word, one, deed.at, self.size)

    def deeds(self) -> list[Step | Event]:
        """Return steps and events in one order of time."""
        return sorted([*self.events, *self.steps], key=lambda deed: deed.at)


def plan_city(seed: int, today: datetime, sizes: tuple[Size, Size] = SIZES) -> Plan:
    """Return the plan of the sixty days before ``today``; pure."""
    return Plan(plan_month(seed, today, sizes), plan_rounds(seed, today), min(sizes[0], _SMALL))


def build_city(
    app: Flask, seed: int, tell: Callable[[Telling], None], *, rounds: int, sizes: tuple[Size, Size] = SIZES
) -> None:
    """Fill an empty, migrated database; call inside the application's context. ``rounds``: of Argon2.

    ``sizes``: pixels of a usual photograph of the month and of the large one in twenty; the rounds' are small.

    Raises SeedError when the application does not play along. An interrupted seeding leaves what it made.
    """
    plan = plan_city(seed, now(), sizes)
    first_day = now().astimezone(ZONE).date() - timedelta(days=DAYS)
    stage = Stage(datetime.combine(first_day, _MORNING, ZONE))
    with ExitStack() as stack:
        stack.enter_context(_quiet_log())
        stack.enter_context(_patient_collector())
        stack.enter_context(_patient_disk())
        stack.enter_context(_patient_photographs())
        studio = stack.enter_context(Studio(plan.pictures()))
        with stage.played():
            tell(Telling("people", 0.0))
            desk = DemoDesk(transact(settle, seed, hash_password(DEMO_PASSWORD, rounds)))
            tell(Telling("ground", 0.0))
            furnish(desk.roster, desk.actor("admin"))
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="chengpu-", dir=memory_disk(_ROOM_FOR_CARDS))))
            crew = Crew(app, folder, studio, stage)
            stack.callback(crew.close)
            for login in plan_logins(plan):
                crew.enrol(login, desk.enrolment_code(login))
            _live(plan, crew, desk, stage, tell)
            Episodes(crew, desk, stage).play()
            settle_cases.run()
        _sweep()
        _derive_all(app, studio, tell)
        desk.review(crew.cases)
        # Else the doctor would say that events wait since the first day, until the worker has been there.
        sequence(MOST_IN_A_RUN)


def plan_logins(plan: Plan) -> list[str]:
    """Return the logins of everybody who carries a handset."""
    month = {login for step in plan.steps for login in (step.case.collector, step.case.enforcer)}
    found = (one for event in plan.events for _, one in event.deeds)
    return sorted(month | {login for one in found for login in (one.case.collector, one.case.enforcer, one.other)})


def _live(plan: Plan, crew: Crew, desk: DemoDesk, stage: Stage, tell: Callable[[Telling], None]) -> None:
    round_desk, round_field = RoundDesk(desk, stage, crew.cases), RoundField(crew, plan.size)
    deeds = plan.deeds()
    swept = stage.begun
    for nth, deed in enumerate(deeds):
        tell(Telling(deed.at.astimezone(ZONE).date().isoformat(), nth / len(deeds)))
        swept = _close_of_business(stage, swept, deed.at)
        stage.go_to(deed.at)
        if isinstance(deed, Event):
            round_field.visit(deed)
            round_desk.work(deed)
        elif deed.deed in ACTIONS:
            desk.do(deed, crew.cases[deed.case.number])
        else:
            crew.do(deed)


def _close_of_business(stage: Stage, swept: datetime, until: datetime) -> datetime:
    """Do the sweeps of every evening that lies before ``until``; return when the last ones were."""
    evening = datetime.combine(swept.astimezone(ZONE).date(), _SWEPT_AT, ZONE)
    while evening < until:
        if evening > swept:
            stage.go_to(evening)
            _sweep()
            swept = evening
        evening += timedelta(days=1)
    return swept


def _sweep() -> None:
    resume_suspended.run()
    sweep_due_soon.run()
    sweep_overdue.run()


def _derive_all(app: Flask, studio: Studio, tell: Callable[[Telling], None]) -> None:
    """File all thumbnails, so that the gallery is full before the worker runs; one by one, as all of them are made."""

    def told(_stage: str, done: int, of: int) -> None:
        tell(Telling("thumbnails", done / max(of, 1)))

    with app.app_context():
        derive_all(told, studio.decode, at_once=1)


@contextmanager
def _quiet_log() -> Iterator[None]:
    """Hold back the access lines of requests that nobody outside made."""
    before = structlog.get_config()
    structlog.configure(**{**before, "wrapper_class": structlog.make_filtering_bound_logger(logging.WARNING)})
    try:
        yield
    finally:
        structlog.configure(**before)


@contextmanager
def _patient_disk() -> Iterator[None]:
    """Let SQLite not wait for the disk at each commit: who loses power meanwhile, begins the city anew.

    What is committed in a file with a write-ahead log stays whole; at the end all of it is taken to the disk.
    """
    if db.engine.dialect.name != "sqlite":
        yield
        return

    def hurry(connection: sqlite3.Connection, *_about: object) -> None:
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA wal_autocheckpoint=0")

    # Said once to each connection of this time, and to none that stands before or after it.
    db.engine.dispose()
    event.listen(db.engine, "connect", hurry)
    try:
        yield
    finally:
        event.remove(db.engine, "connect", hurry)
        db.engine.dispose()
        with closing(db.engine.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA wal_checkpoint")


@contextmanager
def _patient_photographs() -> Iterator[None]:
    """Let a store on this disk not wait for it either; a bucket cannot be hurried."""
    store = blobs()
    with store.hurried() if isinstance(store, DiskBlobs) else nullcontext():
        yield


@contextmanager
def _patient_collector() -> Iterator[None]:
    """Let the garbage collector look rarely: thousands of short transactions leave little, and looking costs much."""
    before = gc.get_threshold()
    gc.set_threshold(50_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
