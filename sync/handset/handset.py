"""The reference handset: enrols, records offline, delivers when it can, and mirrors what the server grants.

Every client may be built like this one. Two rules carry it: an item is written once and resent byte for byte
until a trusted answer names it, and nothing in the outbox is ever deleted. Knows no case and no task; what a
payload means is the caller's.
"""

import gzip
import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import httpx

from sync.handset.album import Album, Snap
from sync.handset.clock import HandsetClock, Reading, SystemClock
from sync.handset.delivery import Delivery
from sync.handset.key import DeviceKey
from sync.handset.line import Line, Refused, check_answer_mac, check_handset_answer, read_answer
from sync.handset.mirror import Mirror
from sync.handset.outbox import Author, Outbox, StoredItem, captured_at
from sync.handset.store import Store
from sync.limits import LIMITS, PROTOCOL

APP = "reference 1.0"
PAGE_LIMIT = 200
# Room left in a push for everything but its items; the list of unsent photographs is cut to fit into it.
_ENVELOPE_BYTES = 32 * 1024
_MOST_HASHES_TOLD = 200
_BISECT = frozenset({httpx.codes.BAD_REQUEST, httpx.codes.REQUEST_ENTITY_TOO_LARGE, httpx.codes.UNPROCESSABLE_ENTITY})


class NotEnrolled(Exception):
    """The handset has no credential yet: enrol it with a code from an administrator."""


@dataclass
class SyncTally:
    """What one synchronisation did. ``answers`` counts item states; ``told`` is for the officer to read.

    ``is_current`` says whether the last page that came was the last one there was.
    """

    answers: Counter[str] = field(default_factory=Counter)
    photos: int = 0
    resumed: int = 0
    pages: int = 0
    is_current: bool = False
    told: list[str] = field(default_factory=list)


class Handset:
    """One officer's install on one device, kept in one folder. Used by one thread at a time."""

    def __init__(
        self,
        folder: Path,
        url: str,
        *,
        clock: HandsetClock | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._store = Store(folder)
        self._clock = clock or SystemClock()
        self.outbox = Outbox(self._store)
        self.album = Album(self._store)
        self.mirror = Mirror(self._store)
        self._line = Line(url, transport=transport, credential=self._store.note("credential"))

    def __enter__(self) -> Self:
        """Open for a with statement."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close at the end of a with statement."""
        self.close()

    def close(self) -> None:
        """Close the line and the outbox file."""
        self._line.close()
        self._store.close()

    # Who this handset is

    @property
    def install_id(self) -> str:
        """The id of this enrolment; raises NotEnrolled before it."""
        return self._known("install_id")

    @property
    def officer(self) -> dict[str, Any]:
        """The officer's profile as of enrolment: ``{id, name, agency_id, squad_id, roles}``."""
        profile: dict[str, Any] = json.loads(self._known("officer"))
        return profile

    def enrol(self, code: str, *, label: str = "reference handset") -> None:
        """Post the code with a key made here and keep the credential.

        Safe to call again after a lost answer: the key is kept before it is first sent, and the server
        repeats its answer for the same code and key. Raises Refused (``unknown-code``, ``code-used``).
        """
        answer = self._line.ask(
            "POST", "/enrol", {"code": code, "public_key": self._key().public(), "label": label, "app": APP}
        )
        check_handset_answer(answer, "install_id", "credential", "officer", "limits")
        with self._store.transaction():
            for name in ("install_id", "credential", "epoch"):
                self._store.write_note(name, str(answer[name]))
            for name in ("officer", "limits"):
                self._store.write_note(name, json.dumps(answer[name], ensure_ascii=False))
        self._line.credential = str(answer["credential"])

    def hello(self) -> dict[str, Any]:
        """Ask the server for its limits, epoch and time."""
        answer = self._line.ask("GET", "/sync/hello")
        check_handset_answer(answer)
        return answer

    # Recording: needs no network

    def record(
        self, kind: str, payload: Mapping[str, Any], photos: Sequence[Snap] = (), *, at: Reading | None = None
    ) -> str:
        """Write one item with its photographs; returns its id once all of it is on disk.

        Photographs are synced before the item that declares them, so a kill leaves a whole item or no item.
        """
        author = Author(self.install_id, str(self.officer["id"]), self._key())
        declared = [self.album.keep(snap) for snap in photos]
        whole = {**payload, "photos": declared}
        with self._store.transaction():
            item = self.outbox.append(author, kind, whole, captured_at(at or self._clock.read()))
            for snap, declaration in zip(photos, declared, strict=True):
                self.album.declare(item.id, str(declaration["sha256"]), len(snap.data))
        return item.id

    # Synchronising

    def sync(self) -> SyncTally:
        """Push (with a pull on its back), deliver photographs, pull what is left.

        When anything was delivered, an empty push closes the round: it tells the server what this handset still
        holds, so that the desk does not look for items that have arrived. Raises LineBroken when the
        line breaks; whatever was settled before stays settled.
        """
        tally = SyncTally()
        self.push(tally)
        self.upload_photos(tally)
        if tally.answers or tally.photos:
            self._push_batch((), tally)
        else:
            tally.is_current = False
        if not tally.is_current:
            self.pull(tally)
        return tally

    def push(self, tally: SyncTally | None = None) -> SyncTally:
        """Send all unacknowledged items in batches, oldest first, until none is left or none is accepted.

        A batch that the server cannot read is halved; an item that fails alone is left out until the next
        push, so that it blocks nobody.
        """
        tally = tally or SyncTally()
        limits = self._limits()
        most = int(limits["max_items"])
        left_out: set[str] = set()
        while batch := self.outbox.batch(
            max_items=most, max_bytes=int(limits["max_bytes"]) - _ENVELOPE_BYTES, without=left_out
        ):
            try:
                counts = self._push_batch(batch, tally)
            except Refused as error:
                if error.status not in _BISECT:
                    raise
                most = max(1, len(batch) // 2)
                if len(batch) == 1:
                    left_out.add(batch[0].id)
                    tally.told.append(f"Record {batch[0].dseq} was not accepted: {error}. It stays on this handset.")
                continue
            tally.answers.update(counts)
            # Asked to resend, or not mentioned: at the next synchronisation, not in a loop now.
            left_out |= {item.id for item in batch if self.outbox.item(item.id).state == "unsent"}
        self._ask_again(most, tally)
        return tally

    def _ask_again(self, most: int, tally: SyncTally) -> None:
        """Resend what the server has but could not tell the outcome of: the answer is then what became of it."""
        undecided = self.outbox.undecided()[:most]
        if undecided:
            tally.answers.update(self._push_batch(undecided, tally))

    def upload_photos(self, tally: SyncTally | None = None) -> SyncTally:
        """Deliver pending photographs, each from where the server's durable offset stands."""
        tally = tally or SyncTally()
        round_ = Delivery(self.album, self._line).deliver_all()
        tally.photos += round_.done
        tally.resumed += round_.resumed
        tally.told += round_.told
        return tally

    def pull(self, tally: SyncTally | None = None) -> SyncTally:
        """Bring the mirror up to date, page by page; a 410 makes a fresh mirror and swaps it in when complete."""
        tally = tally or SyncTally()
        more, fresh_starts = True, 0
        while more:
            try:
                page = self._pull_page()
            except Refused as error:
                fresh_starts += 1
                if error.slug != "reconcile-required" or fresh_starts > 1:
                    raise
                self.mirror.start_over()
                continue
            more = self.mirror.apply(page)
            tally.pages += 1
        tally.is_current = True
        return tally

    # Requests

    def _push_batch(self, batch: Sequence[StoredItem], tally: SyncTally) -> dict[str, int]:
        request = self._push_request(batch)
        content = gzip.compress(json.dumps(request, ensure_ascii=False).encode("utf-8"), compresslevel=6, mtime=0)
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        response = self._line.send("POST", "/sync/push", content=content, headers=headers)
        if response.is_success:
            check_answer_mac(response, self._known("credential"))
        answer = read_answer(response)
        check_handset_answer(answer, "results")
        if answer.get("batch_id") != request["batch_id"]:
            # An old answer, kept by some proxy, says nothing about this batch.
            return {}
        counts = self.outbox.settle(batch, answer["results"])
        self.album.wanted(str(want["sha256"]) for want in answer.get("photo_wants", ()))
        self._store.write_note("epoch", str(answer["epoch"]))
        page = answer.get("pull")
        tally.is_current = isinstance(page, dict) and "changes" in page and not self.mirror.apply(page)
        return counts

    def _push_request(self, batch: Sequence[StoredItem]) -> dict[str, Any]:
        waiting = [photo.sha256 for photo in self.album.pending()]
        return {
            "protocol": PROTOCOL,
            "batch_id": str(uuid4()),
            "install_id": self.install_id,
            "clock": self._clock.read().as_json(),
            "on_handset": {
                "dseq_next": self.outbox.made() + 1,
                "unsent_items": self.outbox.unsent_count(),
                "unsent_photos": waiting[:_MOST_HASHES_TOLD],
                "free_mb": shutil.disk_usage(self._store.folder).free // 2**20,
                "app": APP,
            },
            "items": [item.on_the_wire() for item in batch],
            "pull": {"cursor": self.mirror.cursor(), "limit": PAGE_LIMIT},
        }

    def _pull_page(self) -> dict[str, Any]:
        cursor = self.mirror.cursor()
        query = {"limit": str(PAGE_LIMIT), **({"cursor": cursor} if cursor else {})}
        page = self._line.ask("GET", f"/sync/pull?{httpx.QueryParams(query)}")
        check_handset_answer(page, "changes", "next_cursor", "has_more")
        return page

    def _known(self, name: str) -> str:
        value = self._store.note(name)
        if value is None:
            raise NotEnrolled("this handset is not enrolled: enrol it with a code from an administrator")
        return value

    def _limits(self) -> dict[str, Any]:
        return {**LIMITS.as_json(), **json.loads(self._store.note("limits") or "{}")}

    def _key(self) -> DeviceKey:
        pem = self._store.note("key")
        if pem is None:
            key = DeviceKey.make()
            self._store.write_note("key", key.pem())
            return key
        return DeviceKey.from_pem(pem)
