"""The reference handset: enrols, records offline, delivers when it can, and mirrors what the server grants.

Every client may be built like this one. Two rules carry it: an item is written once and resent byte for byte
until a trusted answer names it, and nothing in the outbox is ever deleted. Knows no case and no task; what a
payload means is the caller's.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from random import Random, SystemRandom
from typing import Any, Self

import httpx

from sync.handset.album import Album, Snap
from sync.handset.clock import HandsetClock, Reading, SystemClock
from sync.handset.device import Device
from sync.handset.documents import Documents
from sync.handset.enrolling import Enrolling
from sync.handset.line import Line
from sync.handset.link import Link
from sync.handset.mirror import Mirror
from sync.handset.officers import Officers
from sync.handset.outbox import Author, ItemTooLarge, Outbox, captured_at
from sync.handset.pace import Pace
from sync.handset.pulling import Pulling
from sync.handset.pushing import Pushing
from sync.handset.rounds import Rounds
from sync.handset.shifts import Shifts
from sync.handset.standing import Standing, standing_of
from sync.handset.store import Store
from sync.handset.tally import SyncTally
from sync.handset.verifying import Verifying

# Their payloads know no photographs.
_BARE_KINDS = frozenset({"amend", "shift", "track"})


class Handset:
    """One install on one device, kept in one folder, for one officer or several by shift. Used by one thread.

    ``random`` gives ids, nonces, keys and the spread of pauses; ``clock`` and ``free_mb`` what the device shows.
    Only a simulation brings its own.
    """

    def __init__(
        self,
        folder: Path,
        url: str,
        *,
        clock: HandsetClock | None = None,
        transport: httpx.BaseTransport | None = None,
        random: Random | None = None,
        free_mb: Callable[[], int] | None = None,
    ) -> None:
        chance = random or SystemRandom()
        room = free_mb or (lambda: shutil.disk_usage(folder).free // 2**20)
        self._device = device = Device(Store(folder), clock or SystemClock(), chance, room)
        self._line = Line(url, transport=transport)
        link = Link(device, self._line)
        self.outbox = Outbox(device.store, chance)
        self.album = Album(device.store)
        self.documents = Documents(device, link)
        self._officers = Officers(device)
        self._enrolling = Enrolling(device, self._line, link, self._officers)
        self._shifts = Shifts(device, link, self._officers)
        self._pulling = Pulling(device, link, self.outbox, self._officers, self._shifts)
        self._pushing = Pushing(device, link, self.outbox, self.album, self._pulling)
        self._verifying = Verifying(device, link, self.outbox, self.album)
        self._rounds = Rounds(
            device=device,
            line=self._line,
            link=link,
            album=self.album,
            documents=self.documents,
            shifts=self._shifts,
            pushing=self._pushing,
            pulling=self._pulling,
            verifying=self._verifying,
            pace=Pace(chance),
        )

    def __enter__(self) -> Self:
        """Open for a with statement."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close at the end of a with statement."""
        self.close()

    def close(self) -> None:
        """Close the line and the outbox file."""
        self._line.close()
        self._device.store.close()

    # Who this handset is

    @property
    def install_id(self) -> str:
        """The id of this enrolment; raises NotEnrolled before it."""
        return self._device.known("install_id")

    @property
    def officer(self) -> dict[str, Any]:
        """The active officer's profile as last told: ``{id, name, agency_id, squad_id, roles}``."""
        return self._officers.profile(self._officers.active())

    @property
    def mirror(self) -> Mirror:
        """What the active officer may see, as last pulled."""
        return self._pulling.mirror()

    @property
    def is_wiped(self) -> bool:
        """Whether the server revoked this handset and had it wiped; the outbox is still there."""
        return self._device.is_wiped

    def officers(self) -> list[dict[str, Any]]:
        """Return the profiles of the officers with a key here, each with ``active`` and ``session_until``."""
        return self._officers.all()

    def standing(self) -> Standing:
        """Return how many items and photographs stand where."""
        return standing_of(self._device)

    # Enrolment and shifts

    def enrol(self, code: str, *, label: str = "reference handset", again: bool = False) -> None:
        """Post the code with a key made here and keep the credential.

        Safe to call again after a lost answer: the key is kept before it is first sent, and the server
        repeats its answer for the same code and key. ``again`` enrols an enrolled handset as the install that it
        is, for one of its officers, whom a restored server forgot; then everything is asked about and reconciled.
        Raises Refused (``unknown-code``, ``code-used``, ``foreign-install``) and AlreadyEnrolled.
        """
        self._enrolling.enrol(code, label, again=again)

    def enrol_officer(self, code: str, *, again: bool = False) -> None:
        """Add another officer by a code of the officer's own, who is active and on shift then; safe to repeat.

        ``again`` is for an officer who has a key here, which a restored server forgot.
        """
        self._shifts.join(code, again=again)

    def switch_officer(self, officer_id: str) -> None:
        """Make an officer who has a key here the active one; needs no network, the server learns it at the next sync.

        Raises UnknownOfficer.
        """
        self._officers.take_over(officer_id, self._device.clock.read())

    def renew_session(self) -> None:
        """Open the active officer's session anew, by signature; a pull does it by itself where needed."""
        self._shifts.open_session(self._officers.active())

    def rotate(self) -> None:
        """Renew the credential; safe to repeat after a lost answer."""
        self._shifts.rotate()

    def hello(self) -> dict[str, Any]:
        """Ask the server for its limits, epoch and time."""
        return self._rounds.greet()

    # Recording: needs no network

    def record(
        self, kind: str, payload: Mapping[str, Any], photos: Sequence[Snap] = (), *, at: Reading | None = None
    ) -> str:
        """Write one item of any kind with its photographs; returns its id once all of it is on disk.

        ``photos`` is declared in the payload; a payload without photographs stays as it is. They are synced before
        the item that declares them, so a kill leaves a whole item or no item. Raises ItemTooLarge.
        """
        officer_id, limits = self._officers.active(), self._device.limits()
        for snap in photos:
            if len(snap.data) > limits["max_photo_bytes"]:
                raise ItemTooLarge(f"a photograph has more than {limits['max_photo_bytes']} bytes: take it smaller")
        author = Author(self.install_id, officer_id, self._officers.key(officer_id))
        declared = [self.album.keep(snap) for snap in photos]
        whole = {**payload, "photos": declared} if declared or kind not in _BARE_KINDS else payload
        with self._device.store.transaction():
            captured = captured_at(at or self._device.clock.read())
            item = self.outbox.append(author, kind, whole, captured, max_bytes=limits["max_item_bytes"])
            for snap, declaration in zip(photos, declared, strict=True):
                self.album.declare(item.id, str(declaration["sha256"]), len(snap.data))
        return item.id

    # Synchronising

    def sync(self) -> SyncTally:
        """Tell of shifts, push, deliver photographs, and pull on the back of a closing push; verify where due.

        The closing push (sent also when nothing was made) tells the server what this handset still holds and what
        it believes acknowledged, so that a loss shows within one synchronisation. Raises LineBroken when the line
        breaks and Refused when the server refuses the handset; whatever was settled before stays settled.
        """
        return self._rounds.sync()

    def next_sync_at(self) -> datetime:
        """Return when to synchronise next if nothing happens (the server's time as known here, aware)."""
        return self._rounds.pace.next_sync_at(self._device.now())

    def now(self) -> datetime:
        """Return the server's time as known here (aware)."""
        return self._device.now()

    def push(self, tally: SyncTally | None = None, *, news: bool = True) -> SyncTally:
        """Send all unacknowledged items in batches, oldest first, until none is left or none is accepted.

        ``news``: each answer brings what is new for the mirror; who has just pulled need not ask for it.
        """
        tally = tally or SyncTally()
        self._pushing.push_all(tally, news=news)
        return tally

    def tell(self) -> None:
        """Tell the desk what this handset holds, in a push without items; nothing else is asked or delivered."""
        self._pushing.push((), SyncTally(), news=False)

    def upload_photos(self, tally: SyncTally | None = None) -> SyncTally:
        """Deliver pending photographs, each from where the server's durable offset stands."""
        tally = tally or SyncTally()
        self._rounds.upload_photos(tally)
        return tally

    def pull(self, tally: SyncTally | None = None) -> SyncTally:
        """Bring the active officer's mirror up to date, page by page, reconciling where the server asks for it."""
        tally = tally or SyncTally()
        tally.is_current = False
        self._pulling.pull(tally)
        return tally

    def reconcile(self) -> SyncTally:
        """Compare the whole mirror with the server's and set it right."""
        tally = SyncTally()
        self._pulling.reconcile(tally, "asked")
        return tally

    def verify(self) -> SyncTally:
        """Ask about every acknowledged item; what the server lacks is unsent again and goes with the next push."""
        tally = SyncTally()
        self._verifying.verify(tally, "asked")
        return tally

    def prune_photos(self) -> int:
        """Free the album bytes that a proved backup holds; returns how many. The records' texts stay."""
        if self._device.store.note("verify_because") is not None:
            return 0
        return self.album.prune(int(self._device.store.note("backed_up_through") or 0))
