"""Row `kill`: kill -9 of the real server's process group under live pushes, pulls and uploads; restart; full audit.

One run is one growing database. Every cycle has the seed ``start`` + its place: the seed chooses the moment of the
kill and what the street does; threads and the kernel choose the rest. By hand, one line per cycle:

    PYTHONPATH=.:tests .venv/bin/python -m verification.rows.kill --database sqlite --count 300

Ctrl-C ends after the running cycle and says what was done; the next run goes on with --start.
"""

import argparse
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import world
from sqlalchemy import Connection, select, update
from support.live import LiveServer, free_port
from verification.pictures import Shot
from verification.place import DATABASES, application, database_of, opened
from verification.rows.kill_audit import audit, mirrored_cases, tables
from verification.rows.kill_street import Books, Street
from verification.rows.result import Result
from verification.wire import RawHandset

from server.clock import now
from server.config import Settings
from server.gateway.models import InboxItem
from server.ledger.models import Alarm

ROW = "kill"
# The worker costs a start of its own; it writes too, so it is killed as well.
WORKER_EVERY = 5
MOST_SECONDS_OF_LIFE = 1.0
# A started server answers its first requests slowly: most kills come after them, some among them.
WARM_SHARE = 0.8
_WARM_SECONDS = 5.0
REREAD_ALL_EVERY = 25
_SETTLING_ROUNDS = 60

Say = Callable[[str], None]
GoOn = Callable[[], bool]


@dataclass
class City:
    """The street over one database, and the server that is killed again and again."""

    settings: Settings
    server: LiveServer
    street: list[Street]
    stop: threading.Event
    heard: threading.Event

    @property
    def books(self) -> dict[UUID, Books]:
        """Return the books of each install."""
        return {each.handset.enrolled.install_id: each.books for each in self.street}

    def delivered(self) -> dict[str, Shot]:
        """Return every photograph that an answer called complete."""
        return {sha256: shot for books in self.books.values() for sha256, shot in books.delivered.items()}

    def findings(self) -> list[str]:
        """Return what the street itself saw go wrong since it was last asked."""
        found = [finding for books in self.books.values() for finding in books.findings]
        for books in self.books.values():
            books.findings.clear()
        return found


def run(count: int, start: int = 0, database: str = "sqlite") -> Result:
    """Do ``count`` cycles on a fresh database of one kind."""
    with opened(database) as settings:
        return run_in(settings, count, start)


def run_in(settings: Settings, count: int, start: int = 0, say: Say = print, go_on: GoOn = lambda: True) -> Result:
    """Do ``count`` cycles on the migrated, empty database of ``settings``."""
    began, failures, done = time.monotonic(), list[str](), 0
    with _city(settings) as city:
        for seed in range(start, start + count):
            if not go_on():
                break
            found, line = _cycle(city, seed)
            done += 1
            failures += [f"seed {seed}: {finding}" for finding in found]
            say(f"{ROW} {database_of(settings)} seed {seed}: {line}")
            for finding in found:
                say(f"  FOUND {finding}")
        found = _settled(city)
        failures += [f"after seed {start + done - 1}: {finding}" for finding in found]
    for finding in found:
        say(f"  FOUND at the end {finding}")
    return Result(ROW, database_of(settings), start, done, tuple(failures), time.monotonic() - began)


@contextmanager
def _city(settings: Settings) -> Iterator[City]:
    chosen = replace(settings, port=free_port(), web_processes=1)
    log = chosen.blob_dir.parent / "server.log"
    stop, heard = threading.Event(), threading.Event()
    city = City(chosen, LiveServer(chosen, log), _street(chosen, stop, heard), stop, heard)
    try:
        city.server.start()
        yield city
    finally:
        city.server.kill()
        for each in city.street:
            each.handset.hang_up()
            each.uploader.hang_up()


def _street(settings: Settings, stop: threading.Event, heard: threading.Event) -> list[Street]:
    """Build the people and enrol three installs of three officers, then leave the database to the server."""
    with application(settings) as app:
        people = world.city(app)
        persons = (people.collector, people.enforcer, people.town_enforcer)
        fleet = [world.enrolled(app, people, person) for person in persons]
    found = []
    for enrolled in fleet:
        handset, uploader = (RawHandset(enrolled, settings.host, settings.port) for _ in range(2))
        found.append(Street(handset, uploader, Books(), random.Random(), stop, heard))  # noqa: S311 (a seeded trace)
    return found


def _cycle(city: City, seed: int) -> tuple[list[str], str]:
    """Let the street live, kill, start again, audit; returns the findings and a line for people."""
    began = time.monotonic()
    dice = random.Random(seed)  # noqa: S311 (a seeded trace)
    delivered_before = set(city.delivered())
    life = _live(city, dice)
    city.server.launch(worker=seed % WORKER_EVERY == 0)
    delivered = city.delivered()
    fresh = [shot for sha256, shot in delivered.items() if sha256 not in delivered_before]
    reread = delivered.values() if seed % REREAD_ALL_EVERY == 0 else fresh
    found = city.findings() + audit(city.settings, city.books, reread)
    city.server.wait()
    items = sum(len(books.acknowledged) for books in city.books.values())
    took = time.monotonic() - began
    facts = f"killed after {life:.2f} s, {items} items and {len(delivered)} photographs acknowledged so far"
    return found, f"{facts}, {len(found)} findings, {took:.1f} s"


def _live(city: City, dice: random.Random) -> float:
    """Work and kill; returns how long the street worked, in seconds."""
    is_warm, seconds = dice.random() < WARM_SHARE, dice.uniform(0.02, MOST_SECONDS_OF_LIFE)
    city.stop.clear()
    city.heard.clear()
    for each in city.street:
        each.dice.seed(dice.getrandbits(64))
    threads = [thread for each in city.street for thread in each.threads()]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    if is_warm:
        city.heard.wait(_WARM_SECONDS)
    time.sleep(seconds)
    lived = time.monotonic() - began
    city.server.kill()
    city.stop.set()
    for thread in threads:
        thread.join()
    return lived


def _settled(city: City) -> list[str]:
    """Deliver everything, then demand that every report took effect once and every mirror equals the server."""
    _age_attempts(city.settings)
    city.stop.clear()
    for each in city.street:
        each.until_delivered(_SETTLING_ROUNDS)
    city.stop.set()
    found = city.findings() + audit(city.settings, city.books, city.delivered().values())
    with tables(city.settings) as connection:
        for each in city.street:
            mirrored = {key[1]: v for key, v in each.books.mirror.items() if key[0] == "case"}
            if mirrored != mirrored_cases(connection, each.handset.enrolled.officer_id):
                found.append(f"the mirror of {each.handset.enrolled.install_id} is not what the server shows")
        found += _without_effect(connection, {item for books in city.books.values() for item in books.reports})
    return found


def _without_effect(connection: Connection, reports: set[str]) -> list[str]:
    """Return the sound reports that are not applied, but for those in whose interpretation the server died again.

    Such an item is set aside for a human, since it could be the one that kills; that must have raised its alarm.
    """
    rows = connection.execute(select(InboxItem.item_id, InboxItem.state, InboxItem.outcome))
    ends = {str(row.item_id): row for row in rows}
    missing = [item_id for item_id in reports if item_id not in ends or ends[item_id].state != "applied"]
    died = select(Alarm.subject).where(Alarm.name == "interpretation_died")
    told = {subject.rpartition(":")[2] for subject in connection.execute(died).scalars()}
    return [
        f"a sound report without effect: {ends.get(item_id, item_id)}"
        for item_id in missing
        if item_id not in ends or ends[item_id].state != "quarantined" or item_id not in told
    ][:5]


def _age_attempts(settings: Settings) -> None:
    """Let the leases of the interpretations that were killed run out without waiting for them."""
    with tables(settings) as connection:
        left = InboxItem.state == "interpreting"
        connection.execute(update(InboxItem).where(left).values(attempted_at=now() - timedelta(minutes=5)))
        connection.commit()


def main() -> int:
    """Run from the command line; the exit status is 1 when something was found."""
    parser = argparse.ArgumentParser(prog="kill", description="kill -9 under load, restart, audit")
    parser.add_argument("--database", choices=DATABASES, default=DATABASES[0])
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="an empty folder that is kept, to look into a failure")
    wanted = parser.parse_args()
    asked_to_end = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: asked_to_end.set())

    def say(line: str) -> None:
        print(line, flush=True)  # noqa: T201 (the command's output)

    with opened(wanted.database, wanted.keep) as settings:
        result = run_in(settings, wanted.count, wanted.start, say, lambda: not asked_to_end.is_set())
    say(
        f"{ROW} {result.database}: seeds {result.start} to {result.start + result.count - 1}, {result.count} cycles, "
        f"{len(result.failures)} findings, {result.seconds / max(1, result.count):.1f} s a cycle"
    )
    return 0 if result.passed else 1


if __name__ == "__main__":
    raise SystemExit(main())
