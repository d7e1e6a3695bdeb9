"""The S3 server is killed while a fleet works and started again: the handsets notice nothing, and all of it drains.

The server under test, its worker and the S3 server are real processes; the auditor reads the handsets' outboxes and
the server's books, and every original out of the bucket.
"""

import io
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import world
from flask import Flask
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from support.live import LiveServer
from support.object_store import ObjectStore
from support.store_gate import on_s3

from photo_store.blobs import original_key
from photo_store.fingerprint import digest
from photo_store.s3 import S3Blobs
from server.config import Settings
from server.current import blobs
from server.db import read
from server.evidence.draining import drain
from server.evidence.models import Photo
from server.gateway.audit import DatabaseBooks
from server.ledger.alarms import count_open
from server.progress import silent
from sync.fleet import Audit, Category, Errand, Login, Orders, Shot, audit_run, run_fleet

ORDERS = Orders(
    handsets=3,
    hours=2,
    reports=2,
    photos=2,
    seed=11,
    categories=(Category("gbt30428_2_2013", "0110", "暴露生活垃圾", ""),),
)
DAY_SECONDS = 20.0
PATIENCE_SECONDS = 90


@pytest.fixture
def database(sqlite_database: str) -> str:
    """Return a fresh database. On one database: what dies here is the store."""
    return sqlite_database


@dataclass(frozen=True)
class Outage:
    """What was seen while the store was down, and what the fleet said of its day."""

    failures: tuple[str, ...]
    waited: int
    shown: tuple[int, ...]
    originals: tuple[int, ...]


@pytest.fixture
def settings(settings: Settings, object_store: ObjectStore) -> Settings:
    # A name of its own: an application that waited for this store's death is of no use to another test.
    return on_s3(settings, object_store.https, node="machine-in-the-street")


def snapshot(shot: Shot) -> bytes:
    """Return a small picture of its own for every shot."""
    noise = Image.effect_noise((64, 48), 50 + shot.nth)
    made = io.BytesIO()
    comment = f"{shot.role} {shot.nth} {shot.scene_seed} {shot.taken_at}".encode()
    noise.convert("RGB").save(made, "JPEG", comment=comment)
    return made.getvalue()


def hashes(session: Session, *, derived: bool = False, spooled: bool = False) -> list[str]:
    wanted = select(Photo.sha256).order_by(Photo.received_at)
    if derived:
        wanted = wanted.where(Photo.derived_recipe.is_not(None))
    if spooled:
        wanted = wanted.where(Photo.durability == "spooled")
    return list(session.scalars(wanted))


def until(app: Flask, wanted: int, **which: bool) -> list[str]:
    """Wait until there are so many photographs."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with app.app_context():
        while len(found := read(hashes, **which)) < wanted:
            assert time.monotonic() < deadline, f"{len(found)} instead of {wanted}: {which}"
            time.sleep(0.05)
    return found


def statuses(server: LiveServer, desk: dict[str, str], known: list[str], rendition: str) -> tuple[int, ...]:
    with httpx.Client(headers=desk, trust_env=False, timeout=30) as line:
        return tuple(
            line.get(f"{server.url}/api/v1/photos/{sha256}", params={"rendition": rendition}).status_code
            for sha256 in known
        )


def live_through(app: Flask, server: LiveServer, store: ObjectStore, folder: Path) -> Outage:
    """Let the fleet live its day; the store dies once thumbnails were made and lives again once photographs wait."""
    people = world.city(app)
    desk = world.signed_in(app.test_client(), people.reviewer)
    admin, dispatcher = (Login(person.login, person.password) for person in (people.admin, people.dispatcher))
    failures: list[str] = []

    def work() -> None:
        errand = Errand(server.url, folder, DAY_SECONDS, admin, dispatcher)
        failures.extend(run_fleet(ORDERS, errand, snapshot).failures)

    fleet = threading.Thread(target=work)
    fleet.start()
    derived = until(app, 1, derived=True)
    store.kill()
    waited = len(until(app, 2, spooled=True))
    shown = statuses(server, desk, derived, "thumbnail")
    originals = statuses(server, desk, derived, "original")
    store.start()
    fleet.join()
    return Outage(tuple(failures), waited, shown, originals)


def undrained(session: Session) -> int:
    return session.execute(select(func.count()).where(Photo.durability == "spooled")).scalar_one()


def settled(app: Flask) -> None:
    """Wait until the worker has emptied the spool."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while read(undrained):
        assert time.monotonic() < deadline, "the spool does not empty itself"
        time.sleep(0.2)


@pytest.mark.timeout(400)
def test_a_store_killed_during_a_day_costs_no_handset_anything(
    app: Flask, live_server: LiveServer, object_store: ObjectStore, tmp_path: Path
) -> None:
    outage = live_through(app, live_server, object_store, tmp_path / "fleet")
    assert outage.failures == ()
    assert outage.waited >= 2
    # The gallery shows its thumbnails meanwhile; an original says that it comes back.
    assert set(outage.shown) == {200}
    assert set(outage.originals) <= {200, 503}
    with app.app_context():
        settled(app)
        assert drain(silent) == 0
        audit: Audit = audit_run(tmp_path / "fleet", DatabaseBooks(blobs()))
        assert audit.findings == ()
        assert audit.tally.photos_declared == audit.tally.photos_present > 0
        assert audit.tally.made == audit.tally.applied
        bucket = S3Blobs(object_store.client, object_store.bucket)
        for sha256 in read(hashes):
            with bucket.open(original_key(sha256)) as original:
                assert digest(original).sha256 == sha256
        assert {"photo_lost", "photo_damaged"}.isdisjoint(read(count_open))
