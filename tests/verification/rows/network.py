"""Row `network`: every k-th byte of a reference push, pull and PATCH, request and answer, is once the last one.

Besides the cuts, single bits are flipped. After each trouble the tables are read: what the handset believed must be
there. Then the same request is sent again on a sound line, and everything is there once. Trial numbers walk through
all places (k = 1) in an order that is shuffled once, so that every portion sees all streams.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import world
from sqlalchemy import Connection, create_engine, select
from support.field import Item, report
from support.live import LiveServer, free_port
from support.lossy_proxy import SOUND, LossyProxy, Trouble, lossy_proxy
from verification.pictures import Shot, shot
from verification.place import application, database_of, opened
from verification.rows.result import Result
from verification.wire import Busy, Disbelief, LineDown, RawHandset

from photo_store.blobs import BlobMissing, original_key
from photo_store.disk import DiskBlobs
from photo_store.fingerprint import digest
from server.config import Settings
from server.gateway.models import InboxItem

ROW = "network"
STREAMS = tuple(
    (exchange, trouble)
    for exchange in ("push", "pull", "patch")
    for trouble in ("cut_request", "cut_answer", "flip_request", "flip_answer")
)
# Of a PATCH every byte of the head and of the first and last half kilobyte is tried, and some between.
_ENDS = 512
_BETWEEN = 64
_MOST_ROUNDS = 6
_PAGE = 3
_START_OVER = (404, 460)
# A flipped bit of a length lets the handset wait for bytes that never come: an answer takes a twentieth of a second.
_PATIENCE_SECONDS = 3.0


@dataclass(frozen=True)
class Place:
    """One byte of one stream."""

    exchange: str
    trouble: str
    byte: int

    def as_trouble(self) -> Trouble:
        """Return what the proxy does there."""
        place: dict[str, Any] = {self.trouble: self.byte}
        return Trouble(**place, resets=self.byte % 2 == 0)


@dataclass
class Bench:
    """A running server, a handset behind a proxy, the same handset on a sound line, and the tables."""

    settings: Settings
    proxy: LossyProxy
    handset: RawHandset
    sound: RawHandset
    tables: Connection
    page: list[object]

    def troubled(self, place: Place | None) -> None:
        """Let the next connection have its trouble."""
        trouble = SOUND if place is None else place.as_trouble()
        self.proxy.choose = lambda _number: trouble
        self.handset.hang_up()

    def stored(self, item: Item) -> bool:
        """Tell whether exactly this item is in the inbox, once."""
        mine = InboxItem.install_id == self.sound.enrolled.install_id
        wanted = select(InboxItem.fingerprint).where(mine, InboxItem.item_id == UUID(item["id"]))
        found = self.tables.execute(wanted).scalars().all()
        self.tables.rollback()  # the next look is a look at what is there then
        return found == [item["h"]]


def run(count: int, start: int = 0, database: str = "sqlite") -> Result:
    """Try ``count`` places from trial ``start`` on."""
    with opened(database) as settings:
        return run_in(settings, count, start)


def run_in(settings: Settings, count: int, start: int = 0, every: int = 1) -> Result:
    """Try the places of the numbers from ``start`` on among every ``every``-th byte."""
    began, failures = time.monotonic(), list[str]()
    with _bench(settings) as bench:
        places = list(_places(_lengths(bench), every))
        bench.handset.seconds = _PATIENCE_SECONDS
        random.Random(every).shuffle(places)  # noqa: S311 (the same order every time)
        wanted = [places[number % len(places)] for number in range(start, start + count)] if count else places
        for place in wanted:
            failures += [f"{place}: {finding}" for finding in TRIALS[place.exchange](bench, place)]
    return Result(ROW, database_of(settings), start, len(wanted), tuple(failures), time.monotonic() - began)


def _lengths(bench: Bench) -> dict[tuple[str, str], int]:
    """Measure each stream on a sound line."""
    found = {}
    for exchange in ("push", "pull", "patch"):
        problems = TRIALS[exchange](bench, None)
        if problems:
            raise Disbelief(f"the reference {exchange} itself fails: {problems}")
        bench.handset.hang_up()
        bench.proxy.wait()
        for trouble, length in zip(("cut_request", "cut_answer"), bench.proxy.carried, strict=True):
            found[exchange, trouble] = found[exchange, trouble.replace("cut", "flip")] = length
    return found


def _places(lengths: dict[tuple[str, str], int], every: int) -> Iterator[Place]:
    for exchange, trouble in STREAMS:
        length = lengths[exchange, trouble]
        for byte in range(0, length, every):
            is_between = exchange == "patch" and _ENDS * 2 < byte < length - _ENDS
            if not is_between or byte % _BETWEEN == 0:
                yield Place(exchange, trouble, byte)


def _push(bench: Bench, place: Place | None) -> list[str]:
    items = [bench.sound.item("report", report()) for _ in range(2)]
    bench.troubled(place)
    try:
        acknowledged = _acknowledged(items, bench.handset.push(items))
    except (LineDown, Disbelief, Busy):
        acknowledged = []
    found = [f"acknowledged and not stored: {item['id']}" for item in acknowledged if not bench.stored(item)]
    again = _acknowledged(items, bench.sound.push(items))
    if [item["id"] for item in again] != [item["id"] for item in items]:
        found.append("sent again on a sound line, not everything was acknowledged")
    return found + [f"not stored once: {item['id']}" for item in items if not bench.stored(item)]


def _acknowledged(items: Sequence[Item], answer: dict[str, object]) -> list[Item]:
    """Return the items that an answer acknowledges: the id must stand in it, with another state than retry."""
    results = answer["results"]
    if not isinstance(results, list):
        return []
    states = {result["id"]: result["state"] for result in results}
    return [item for item in items if states.get(item["id"], "retry") != "retry"]


def _pull(bench: Bench, place: Place | None) -> list[str]:
    bench.troubled(place)
    try:
        told = bench.handset.pull(None, limit=_PAGE)["changes"]
    except (LineDown, Disbelief, Busy):
        return []
    # A bit of the query may have been another one: then the page is a true one of another length.
    is_true = all(change in bench.page for change in told) or (place is not None and place.trouble == "flip_request")
    return [] if is_true else ["a page was believed that the server does not have"]


def _patch(bench: Bench, place: Place | None) -> list[str]:
    taken = shot(random.getrandbits(48), 64)
    path = bench.sound.create(taken).headers["location"]
    bench.troubled(place)
    told = 0
    try:
        answer = bench.handset.append(path, 0, [taken.content], taken.size)
        told = int(answer.headers.get("upload-offset", 0)) if answer.status == 204 else 0
    except (LineDown, ValueError):
        pass
    found = []
    asked = bench.sound.head(path)
    durable = int(asked.headers.get("upload-offset", 0)) if asked.status == 200 else 0
    # Uploads carry no MAC, so a flipped bit may name another offset; it must never pass for the last one.
    if told > durable and (place is None or place.trouble != "flip_answer"):
        found.append(f"204 told {told}, {durable} are durable")
    if told == taken.size and durable != taken.size:
        found.append(f"believed to be complete, but {asked.status} at {durable} of {taken.size}")
    found += _finished(bench, taken, path)
    return found + _kept(bench, taken.sha256)


def _finished(bench: Bench, taken: Shot, path: str) -> list[str]:
    """Deliver on a sound line, as a client does: ask, go on from there, start over when the bytes were hurt.

    The troubled PATCH may still be at work, so an offset may move once more after it was asked for.
    """
    answer = bench.sound.head(path)
    for _ in range(_MOST_ROUNDS):
        if answer.status in _START_OVER:
            path = bench.sound.create(taken).headers["location"]
        answer = bench.sound.head(path)
        if answer.status == 200:
            offset = int(answer.headers["upload-offset"])
            if offset == taken.size:
                return []
            answer = bench.sound.append(path, offset, [taken.content[offset:]], taken.size - offset)
    return [f"cannot be finished on a sound line: {answer.status} {answer.content[:300]!r}"]


def _kept(bench: Bench, sha256: str) -> list[str]:
    try:
        with DiskBlobs(Path(bench.settings.blob_dir)).open(original_key(sha256)) as original:
            return [] if digest(original).sha256 == sha256 else ["the stored bytes are others"]
    except BlobMissing:
        return ["the photograph is not in the store"]


TRIALS: dict[str, Callable[[Bench, Place | None], list[str]]] = {"push": _push, "pull": _pull, "patch": _patch}


@contextmanager
def _bench(settings: Settings) -> Iterator[Bench]:
    chosen = replace(settings, port=free_port(), web_processes=1)
    with application(chosen) as app:
        enrolled = world.enrolled(app, people := world.city(app), people.collector)
    server = LiveServer(chosen, chosen.blob_dir.parent / "server.log")
    engine = create_engine(chosen.database_url)
    try:
        server.start(worker=False)
        with lossy_proxy(chosen.host, chosen.port) as proxy, engine.connect() as tables:
            sound = RawHandset(enrolled, chosen.host, chosen.port)
            handset = RawHandset(enrolled, chosen.host, proxy.port)
            sound.push([sound.item("report", report()) for _ in range(_PAGE)])
            page = sound.pull(None, limit=_PAGE)["changes"]
            yield Bench(chosen, proxy, handset, sound, tables, page)
            handset.hang_up()
            sound.hang_up()
    finally:
        engine.dispose()
        server.kill()
