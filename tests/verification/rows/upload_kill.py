"""Row `upload_kill`: kill -9 of the server's process group while photographs are being sent; restart; full audit.

One run is one growing store, on disk or on S3. Every cycle has the seed ``start`` + its place: the seed chooses the
moment of the kill and how the photographs are cut into requests. After each kill nothing in the store may be
half-written, and nothing that an answer called durable may be missing. By hand, one line per cycle:

    PYTHONPATH=.:tests .venv/bin/python -m verification.rows.upload_kill --store disk --count 300
"""

import argparse
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import world
from sqlalchemy import select
from support.live import LiveServer, free_port
from verification.pictures import SIDES, shot
from verification.place import DATABASES, application, database_of, opened
from verification.rows.kill_audit import tables
from verification.rows.kill_street import Books, Street, Upload
from verification.rows.result import Result
from verification.rows.upload_kill_s3 import on_s3
from verification.wire import RawHandset

from photo_store.blobs import BlobMissing, BlobStore, original_key
from photo_store.fingerprint import digest
from server.blob_store import build_store
from server.config import Settings
from server.evidence.models import Photo
from server.evidence.models import Upload as UploadRow

ROW = "upload_kill"
STORES = ("disk", "s3")
_SENDERS = 6
_MOST_OPEN = 3
# Requests of all senders together before the kill: a slow machine is given the time for them.
_STEPS = (12, 90)
_MOST_SECONDS = 30.0
_MOST_SECONDS_MORE = 0.03
_SETTLING_ROUNDS = 400

Say = Callable[[str], None]


@dataclass
class Sender(Street):
    """An install that does nothing but send photographs, cut anyhow; ``steps`` counts its answered requests."""

    steps: int = 0

    def deliver(self) -> None:
        """Carry one photograph one step further; take a new one when there are few."""
        if len(self.books.uploads) < _MOST_OPEN and not self.stop.is_set():
            self.take()
        super().deliver()
        self.steps += 1

    def take(self) -> None:
        """Take a photograph."""
        taken = shot(self.dice.getrandbits(48), self.dice.choices(SIDES, (1, 3, 2))[0])
        self.books.uploads[taken.sha256] = Upload(taken)

    def finish(self) -> None:
        """Send the rest, without any break."""
        for _ in range(_SETTLING_ROUNDS):
            if not self.books.uploads:
                return
            super().deliver()
        self.books.findings.append(f"{len(self.books.uploads)} photographs cannot be finished")


@dataclass
class Scene:
    """The senders, the server that is killed, and the store behind it, which nobody kills."""

    settings: Settings
    server: LiveServer
    senders: list[Sender]
    blobs: BlobStore
    stop: threading.Event
    whole: set[str] = field(default_factory=set)

    def delivered(self) -> set[str]:
        """Return the hashes of what answers called complete."""
        return {sha256 for sender in self.senders for sha256 in sender.books.delivered}


def run(count: int, start: int = 0, database: str = "sqlite") -> Result:
    """Do ``count`` cycles on a disk, with a fresh database of one kind."""
    with opened(database) as settings:
        return run_in(settings, count, start)


def run_in(settings: Settings, count: int, start: int = 0, say: Say = print, row: str = ROW) -> Result:
    """Do ``count`` cycles on the migrated, empty database of ``settings`` and the store that they name."""
    began, failures = time.monotonic(), list[str]()
    with _scene(settings) as scene:
        for seed in range(start, start + count):
            cycle_began = time.monotonic()
            life = _live(scene, random.Random(seed))  # noqa: S311 (a seeded trace)
            found = list(audit(scene))
            failures += [f"seed {seed}: {finding}" for finding in found]
            facts = f"killed after {life:.2f} s, {len(scene.delivered())} photographs acknowledged so far"
            say(f"{row} seed {seed}: {facts}, {len(found)} findings, {time.monotonic() - cycle_began:.1f} s")
        failures += [f"after seed {start + count - 1}: {finding}" for finding in _settled(scene)]
    return Result(row, database_of(settings), start, count, tuple(failures), time.monotonic() - began)


@contextmanager
def _scene(settings: Settings) -> Iterator[Scene]:
    chosen = replace(settings, port=free_port(), web_processes=1)
    stop = threading.Event()
    with application(chosen) as app:
        people = world.city(app)
        persons = (people.collector, people.enforcer, people.town_enforcer)
        installs = [world.enrolled(app, people, persons[number % 3]) for number in range(_SENDERS)]
    senders = []
    for enrolled in installs:
        handset, uploader = (RawHandset(enrolled, chosen.host, chosen.port) for _ in range(2))
        senders.append(Sender(handset, uploader, Books(), random.Random(), stop, threading.Event()))  # noqa: S311 (a seeded trace)
    server = LiveServer(chosen, chosen.blob_dir.parent / "server.log")
    try:
        server.start(worker=False)
        yield Scene(chosen, server, senders, build_store(chosen, lambda: None).blobs, stop)
    finally:
        server.kill()
        for sender in senders:
            sender.uploader.hang_up()


def _live(scene: Scene, dice: random.Random) -> float:
    """Let everybody send, kill, start again; returns how long they sent, in seconds."""
    scene.stop.clear()
    for sender in scene.senders:
        sender.dice.seed(dice.getrandbits(64))
        sender.steps = 0
    threads = [sender.threads()[1] for sender in scene.senders]
    wanted, began = dice.randint(*_STEPS), time.monotonic()
    for thread in threads:
        thread.start()
    while sum(sender.steps for sender in scene.senders) < wanted and time.monotonic() - began < _MOST_SECONDS:
        time.sleep(0.002)
    time.sleep(dice.uniform(0, _MOST_SECONDS_MORE))
    lived = time.monotonic() - began
    scene.server.kill()
    scene.stop.set()
    for thread in threads:
        thread.join()
    scene.server.start(worker=False)
    return lived


def audit(scene: Scene) -> Iterator[str]:
    """Return what is half-written, lost or untrue."""
    for sender in scene.senders:
        yield from sender.books.findings
        sender.books.findings.clear()
    yield from _half_written(scene)
    yield from _unrecorded(scene)


def _half_written(scene: Scene) -> Iterator[str]:
    """Hash every original that was not hashed before; then demand that the acknowledged ones are among them."""
    stored = {key.rpartition("/")[2] for key in scene.blobs.keys("original/")}
    for sha256 in (stored | scene.delivered()) - scene.whole:
        try:
            with scene.blobs.open(original_key(sha256)) as original:
                found = digest(original).sha256
        except BlobMissing:
            yield f"photograph {sha256} was acknowledged and is lost"
            continue
        if found == sha256:
            scene.whole.add(sha256)
        else:
            yield f"original {sha256} is half-written"
    if gone := scene.delivered() - stored:
        # On S3 an original may wait in the spool, which lists no keys of the bucket: it was read above.
        yield from (f"photograph {sha256} is gone" for sha256 in gone - scene.whole)


def _unrecorded(scene: Scene) -> Iterator[str]:
    """Compare what answers named as durable with the rows."""
    with tables(scene.settings) as connection:
        rows = connection.execute(select(UploadRow.id, UploadRow.sha256, UploadRow.offset_, UploadRow.state)).all()
        photos = set(connection.execute(select(Photo.sha256)).scalars())
    offsets = {str(row.id): row.offset_ for row in rows}
    complete = {row.sha256 for row in rows if row.state == "complete"}
    yield from (f"photograph {sha256} has no row" for sha256 in scene.delivered() - (photos & complete))
    for sender in scene.senders:
        for upload in sender.books.uploads.values():
            if upload.path and offsets.get(upload.path.rpartition("/")[2], -1) < upload.told:
                yield f"{upload.path}: {upload.told} bytes were told as durable"


def _settled(scene: Scene) -> Iterator[str]:
    """Let everybody finish; then nothing may be open, and everything be whole."""
    scene.stop.set()
    for sender in scene.senders:
        sender.finish()
    yield from audit(scene)


def main() -> int:
    """Run from the command line; the exit status is 1 when something was found."""
    parser = argparse.ArgumentParser(prog="upload_kill", description="kill -9 during uploads, restart, audit")
    parser.add_argument("--store", choices=STORES, default=STORES[0])
    parser.add_argument("--database", choices=DATABASES, default=DATABASES[0])
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--start", type=int, default=0)
    wanted = parser.parse_args()

    def say(line: str) -> None:
        print(line, flush=True)  # noqa: T201 (the command's output)

    with opened(wanted.database) as settings:
        if wanted.store == "s3":
            with on_s3(settings) as there:
                result = run_in(there, wanted.count, wanted.start, say)
        else:
            result = run_in(settings, wanted.count, wanted.start, say)
    for failure in result.failures:
        say(f"  FOUND {failure}")
    return 0 if result.passed else 1


if __name__ == "__main__":
    raise SystemExit(main())
