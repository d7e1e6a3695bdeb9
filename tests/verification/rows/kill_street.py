"""What lives while the server is killed: installs that push, pull and upload until the line breaks, and their books.

The books hold only what a whole, believed answer said. They outlive every kill: the server must never fall behind
them.
"""

import json
import random
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from support.field import Item, report
from verification.pictures import SIDES, Shot, shot
from verification.wire import Answer, Busy, Disbelief, LineDown, RawHandset

BUSY = 503
_MOST_NEW = 12
_PIECE = 16 * 1024


@dataclass
class Upload:
    """One photograph on its way; ``told`` is the highest offset that an answer named as durable."""

    shot: Shot
    path: str | None = None
    told: int = 0
    is_sure: bool = False  # no request without an answer since then may have moved it


@dataclass
class Books:
    """What one install made, and what it was told."""

    unsent: dict[str, Item] = field(default_factory=dict)
    acknowledged: dict[str, tuple[str, int]] = field(default_factory=dict)  # id → fingerprint and n
    recent: deque[Item] = field(default_factory=lambda: deque(maxlen=300))  # acknowledged, to be sent again
    made: dict[str, str] = field(default_factory=dict)  # id → fingerprint
    reports: set[str] = field(default_factory=set)  # ids of sound reports
    uploads: dict[str, Upload] = field(default_factory=dict)
    delivered: dict[str, Shot] = field(default_factory=dict)
    cursor: str | None = None
    mirror: dict[tuple[str, str], str] = field(default_factory=dict)  # (type, id) → v
    findings: list[str] = field(default_factory=list)

    def keep(self, item: Item, *, is_sound_report: bool) -> None:
        """Write a new item down before it is sent."""
        self.made[item["id"]] = item["h"]
        self.unsent[item["id"]] = item
        if is_sound_report:
            self.reports.add(item["id"])

    def acknowledge(self, item: Item, n: int) -> None:
        """Keep an acknowledgement; the number of a known item never changes."""
        _, before = self.acknowledged.setdefault(item["id"], (item["h"], n))
        if before != n:
            self.findings.append(f"item {item['id']} had n {before}, now {n}")
        if self.unsent.pop(item["id"], None) is not None:
            self.recent.append(item)


@dataclass
class Street:
    """One install: a thread that pushes and pulls, and a thread that uploads."""

    handset: RawHandset
    uploader: RawHandset
    books: Books
    dice: random.Random
    stop: threading.Event
    heard: threading.Event  # set by every believed answer to a push

    def threads(self) -> list[threading.Thread]:
        """Return the threads, not started."""
        return [
            threading.Thread(target=self._until_the_line_breaks, args=(work,)) for work in (self.sync, self.deliver)
        ]

    def _until_the_line_breaks(self, work: Any) -> None:  # noqa: ANN401 (one of two methods)
        try:
            while not self.stop.is_set():
                work()
        except LineDown:
            return
        except Disbelief as error:
            self.books.findings.append(f"{work.__name__}: {error}")
        finally:
            self.handset.hang_up() if work == self.sync else self.uploader.hang_up()

    def sync(self, most_new: int = _MOST_NEW) -> None:
        """Push what is not acknowledged with something new and something known among it; pull now and then."""
        for _ in range(self.dice.randint(0, most_new)):
            self._make_item()
        known = self.dice.sample(list(self.books.recent), k=min(len(self.books.recent), self.dice.randint(0, 2)))
        items = [*self.books.unsent.values()][:150] + known
        self.dice.shuffle(items)
        try:
            answer = self.handset.push(items, pull={"cursor": self.books.cursor, "limit": 50})
        except Busy:
            self.stop.wait(0.05)
            return
        self.settle(items, answer)

    def settle(self, items: list[Item], answer: dict[str, Any]) -> None:
        """Keep what one believed push answer says."""
        self.heard.set()
        by_index = {result["index"]: result for result in answer["results"]}
        for index, item in enumerate(items):
            result = by_index.get(index)
            if result is None or result["state"] == "retry":
                continue
            self.books.acknowledge(item, result["n"])
        page = answer.get("pull")
        if page is not None and "changes" in page:
            self.apply(page)
        elif page is not None:
            self.books.findings.append(f"a pull was refused: {page}")

    def apply(self, page: dict[str, Any]) -> None:
        """Apply one page to the mirror."""
        for change in page["changes"]:
            key = (change["type"], change["id"])
            if change["op"] == "put":
                self.books.mirror[key] = change["v"]
            elif change["op"] == "drop":
                self.books.mirror.pop(key, None)
        self.books.cursor = page["next_cursor"]

    def pull_all(self) -> None:
        """Pull until there is no more."""
        more = True
        while more:
            page = self.handset.pull(self.books.cursor)
            self.apply(page)
            more = page["has_more"]

    def until_delivered(self, rounds: int) -> None:
        """Send all that is left, finish all uploads and pull to the end; what does not end is a finding."""
        try:
            for _ in range(rounds):
                self.sync(most_new=0)
                while self.books.uploads and rounds:
                    self.deliver()
                    rounds -= 1
                if not self.books.unsent and not self.books.uploads:
                    self.pull_all()
                    return
            self.books.findings.append(f"{len(self.books.unsent)} items and {len(self.books.uploads)} photos stay")
        except (LineDown, Busy, Disbelief) as error:
            self.books.findings.append(f"while settling: {type(error).__name__} {error}")

    def _make_item(self) -> None:
        chance = self.dice.random()
        if chance < 0.04:
            self.books.keep(self.handset.item("not-yet", {"number": self.handset.dseq}), is_sound_report=False)
        elif chance < 0.08:
            self.books.keep(self.handset.item("report", {"description": 7}), is_sound_report=False)
        else:
            self.books.keep(self.handset.item("report", report(photos=self._photos())), is_sound_report=True)

    def _photos(self) -> list[dict[str, object]]:
        if len(self.books.uploads) > 3 or self.dice.random() > 0.25:
            return []
        taken = shot(self.dice.getrandbits(48), self.dice.choices(SIDES, (1, 3, 2))[0])
        self.books.uploads[taken.sha256] = Upload(taken)
        return [taken.declared()]

    def deliver(self) -> None:
        """Carry one photograph one step further."""
        open_ones = list(self.books.uploads.values())
        if not open_ones:
            self.stop.wait(0.01)
            return
        upload = self.dice.choice(open_ones)
        if upload.path is None:
            self._create(upload)
            return
        if not upload.is_sure or self.dice.random() < 0.5:
            self._ask(upload, upload.path)
        if upload.is_sure and upload.told < upload.shot.size:
            self._append(upload, upload.path)

    def _create(self, upload: Upload) -> None:
        answer = self.uploader.create(upload.shot)
        if answer.status == 201:
            upload.path = answer.headers["location"]
        elif answer.status != BUSY:
            raise Disbelief(f"creating: {shown(answer)}")

    def _ask(self, upload: Upload, path: str) -> None:
        upload.is_sure = False
        answer = self.uploader.head(path)
        if answer.status == 200:
            self._durable(upload, answer)
        elif answer.status != BUSY:
            raise Disbelief(f"HEAD of an open upload: {shown(answer)}")

    def _append(self, upload: Upload, path: str) -> None:
        rest = upload.shot.content[upload.told :]
        part = rest[: self.dice.choice((len(rest), len(rest), max(1, len(rest) // 2), 1))]
        upload.is_sure = False
        answer = self.uploader.append(path, upload.told, self._slowly(part), len(part))
        if answer.status == 204:
            self._durable(upload, answer)
        elif answer.status != BUSY:
            # Nobody else writes to it, so the offset that the last answer named is still the offset.
            raise Disbelief(f"PATCH at {upload.told} of {upload.shot.size}: {shown(answer)}")

    def _durable(self, upload: Upload, answer: Answer) -> None:
        offset = int(answer.headers["upload-offset"])
        if offset < upload.told:
            raise Disbelief(f"{upload.shot.sha256}: offset {offset} after {upload.told} was durable")
        upload.told, upload.is_sure = offset, True
        if offset == upload.shot.size:
            del self.books.uploads[upload.shot.sha256]
            self.books.delivered[upload.shot.sha256] = upload.shot

    def _slowly(self, part: bytes) -> Iterator[bytes]:
        for at in range(0, len(part), _PIECE):
            yield part[at : at + _PIECE]
            self.stop.wait(0.004)


def shown(answer: Answer) -> str:
    """Return an answer in one line."""
    try:
        return f"{answer.status} {json.loads(answer.content).get('type')} {json.loads(answer.content).get('detail')}"
    except ValueError:
        return f"{answer.status} {answer.content[:200]!r}"
