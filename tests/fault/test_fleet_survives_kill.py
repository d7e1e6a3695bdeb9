"""A fleet works against the real server, which is killed in the middle of the day: nothing is lost or doubled.

The auditor is the real one too: it reads the handsets' outboxes and the server's books, never the fleet's counters.
Here it must also find what is dropped on purpose, on either side.
"""

import io
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
import world
from flask import Flask
from PIL import Image
from sqlalchemy import delete, select
from support.live import LiveServer

from server.casework.models import TaskEvent
from server.current import blobs
from server.db import read, transact
from server.gateway.audit import DatabaseBooks
from server.gateway.fleet_day import report
from server.gateway.models import InboxItem
from sync.fleet import Audit, Category, Errand, Finding, Login, Orders, Shot, audit_run, run_fleet
from sync.fleet.crew import read_crew
from sync.handset.store import FILE_NAME

ORDERS = Orders(
    handsets=4,
    hours=2,
    reports=2,
    photos=2,
    seed=3,
    categories=(Category("gbt30428_2_2013", "0110", "暴露生活垃圾", ""),),
)
DAY_SECONDS = 8.0
KILLS = 2


@pytest.fixture
def database(sqlite_database: str) -> str:
    """Return a fresh database. On one database: the row `kill` of docs/verification.md kills servers on both."""
    return sqlite_database


@dataclass(frozen=True)
class Lived:
    """A day that is over: where the outboxes are, and what the fleet said of itself."""

    app: Flask
    folder: Path
    failures: tuple[str, ...]

    def audit(self) -> Audit:
        with self.app.app_context():
            return audit_run(self.folder, DatabaseBooks(blobs()))

    def exit_status(self) -> int:
        """Return what `fleet run` and `fleet audit` would end with."""
        with self.app.app_context():
            return report(self.folder)


def snapshot(shot: Shot) -> bytes:
    """Return a small picture of its own for every shot."""
    noise = Image.effect_noise((64, 48), 50 + shot.nth)
    made = io.BytesIO()
    comment = f"{shot.role} {shot.nth} {shot.scene_seed} {shot.taken_at}".encode()
    noise.convert("RGB").save(made, "JPEG", comment=comment)
    return made.getvalue()


def live(app: Flask, server: LiveServer, folder: Path) -> Lived:
    """Let the fleet live its day; kill -9 the server's whole process group and start it again meanwhile."""
    people = world.city(app)
    admin, dispatcher = (Login(person.login, person.password) for person in (people.admin, people.dispatcher))
    errand = Errand(server.url, folder, DAY_SECONDS, admin, dispatcher)
    failures: list[str] = []

    def work() -> None:
        failures.extend(run_fleet(ORDERS, errand, snapshot).failures)

    fleet = threading.Thread(target=work)
    fleet.start()
    for nth in range(KILLS):
        time.sleep(DAY_SECONDS / (KILLS + 2))
        server.kill()
        # Once by the command lines that people start, from Python's first import on.
        server.start(imported=nth > 0)
    fleet.join()
    return Lived(app, folder, tuple(failures))


@pytest.fixture
def lived(app: Flask, live_server: LiveServer, tmp_path: Path) -> Lived:
    return live(app, live_server, tmp_path / "fleet")


@pytest.mark.timeout(300)
def test_a_killed_server_loses_nothing_and_the_audit_would_have_seen_it(lived: Lived) -> None:
    audit = lived.audit()
    assert lived.failures == ()
    assert audit.findings == ()
    reports = ORDERS.handsets * ORDERS.reports
    assert audit.tally.made == audit.tally.applied > reports
    assert audit.tally.photos_declared == audit.tally.photos_present > reports * ORDERS.photos
    assert audit.tally.cases_closed == audit.tally.cases_reported == reports
    # The same books with something dropped on either side: each drop must be found.
    assert lived.exit_status() == 0
    found: set[Finding] = set()
    for drop in (_drop_from_an_outbox, _drop_from_the_inbox, _drop_an_effect, _drop_an_original):
        drop(lived)
        now_found = set(lived.audit().findings)
        assert now_found > found, drop.__name__
        assert lived.exit_status() == 1
        found = now_found


def _drop_from_an_outbox(lived: Lived) -> None:
    handset = lived.folder / read_crew(lived.folder)[0].folder_name
    with closing(sqlite3.connect(handset / FILE_NAME)) as outbox, outbox:
        assert outbox.execute("DELETE FROM items WHERE dseq = 2").rowcount == 1


def _drop_from_the_inbox(lived: Lived) -> None:
    with lived.app.app_context():
        row = read(lambda session: session.scalars(select(InboxItem).order_by(InboxItem.received_at).limit(1)).one())
        transact(lambda session: session.execute(delete(InboxItem).where(InboxItem.item_id == row.item_id)))


def _drop_an_effect(lived: Lived) -> None:
    with lived.app.app_context():
        newest = select(TaskEvent.id).order_by(TaskEvent.id.desc()).limit(1)
        transact(lambda session: session.execute(delete(TaskEvent).where(TaskEvent.id.in_(newest))))


def _drop_an_original(lived: Lived) -> None:
    with lived.app.app_context():
        blobs().delete(next(iter(blobs().keys("original/"))))
