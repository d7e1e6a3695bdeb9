"""What all parts of a handset share: its file, clocks, randomness, and what the server last said about the whole.

Limits, epoch, the server's time and the wipe live here. Knows no request.
"""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sync.handset.clock import HandsetClock, Reading
from sync.handset.store import Store
from sync.limits import LIMITS

APP = "reference 1.0"
CACHE = "cache"
_WORTH_KEEPING_MS = 2000
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


class NotEnrolled(Exception):
    """The handset has no credential yet: enrol it with a code from an administrator."""


@dataclass
class Device:
    """One install on one device. ``free_mb`` says how much room the card has, for the server's information."""

    store: Store
    clock: HandsetClock
    random: Random
    free_mb: Callable[[], int]

    def known(self, name: str) -> str:
        """Return what enrolment noted; raises NotEnrolled before it."""
        value = self.store.note(name)
        if value is None:
            raise NotEnrolled("this handset is not enrolled: enrol it with a code from an administrator")
        return value

    @property
    def is_wiped(self) -> bool:
        """Whether the server had this handset wiped."""
        return self.store.note("wiped_at") is not None

    def fresh_id(self) -> str:
        """Return a random UUID (version 4)."""
        return str(UUID(int=self.random.getrandbits(128), version=4))

    # What the server said last

    def limits(self) -> dict[str, int]:
        """Return the newest limits: ``{max_items, max_bytes, max_item_bytes, max_photo_bytes}``."""
        return {**LIMITS.as_json(), **json.loads(self.store.note("limits") or "{}")}

    def keep_limits(self, limits: object) -> None:
        """Keep new limits; a value that cannot be meant is ignored."""
        if isinstance(limits, Mapping):
            sound = {name: value for name, value in limits.items() if type(value) is int and value > 0}
            text = json.dumps(sound)
            if sound and text != self.store.note("limits"):
                self.store.write_note("limits", text)

    def heard(self, answer: Mapping[str, Any]) -> None:
        """Keep what every trusted answer says: the server's time, and whether the epoch is another.

        After a new epoch the server may lack what it acknowledged: everything is verified, every mirror is
        reconciled, and no backup is believed that was told before.
        """
        self._keep_time(answer.get("server_time"))
        epoch, known = answer.get("epoch"), self.store.note("epoch")
        if not isinstance(epoch, str) or epoch == known:
            return
        with self.store.transaction():
            self.store.write_note("epoch", epoch)
            if known is not None:
                self.doubt_everything()

    def doubt_everything(self) -> None:
        """Note that the server may lack whatever it said it has: items, mirrors, backups, who was on shift when."""
        with self.store.transaction():
            self.demand_verify("epoch")
            self.store.write_note("backed_up_through", None)
            self.store.write_note("acked_through", None)
            self.store.execute("UPDATE officers SET reconcile_because = 'epoch'")
            self.store.execute("DELETE FROM reconciliations")
            self.store.execute("UPDATE shift_changes SET is_told = 0")

    def demand_verify(self, reason: str) -> None:
        """Note that all acknowledged items must be asked about, from the first one on."""
        with self.store.transaction():
            self.store.write_note("verify_because", reason)
            self.store.write_note("verified_to", None)

    # Time

    def now(self) -> datetime:
        """Return the server's time as well as this handset can know it (aware)."""
        return self.server_time(self.clock.read())

    def server_time(self, reading: Reading) -> datetime:
        """Return the server's time at a reading: by the counter within one boot, by the wall clock otherwise."""
        kept = json.loads(self.store.note("server_offset") or "{}")
        if not kept:
            return reading.wall
        if kept["boot_id"] == reading.boot_id:
            return _EARLIEST + timedelta(milliseconds=kept["mono"] + reading.mono_ms)
        return reading.wall + timedelta(milliseconds=kept["wall"])

    def _keep_time(self, server_time: object) -> None:
        try:
            told = datetime.fromisoformat(str(server_time))
        except ValueError:
            return
        if told.tzinfo is None:
            return
        reading = self.clock.read()
        since = (told - _EARLIEST) // timedelta(milliseconds=1)
        offset: dict[str, Any] = {
            "boot_id": reading.boot_id,
            "mono": since - reading.mono_ms,
            "wall": (told - reading.wall) // timedelta(milliseconds=1),
        }
        kept = json.loads(self.store.note("server_offset") or "{}")
        # The way of an answer takes its time, differently every time: that is not worth a write to the card.
        if kept.get("boot_id") != reading.boot_id or abs(kept["mono"] - offset["mono"]) > _WORTH_KEEPING_MS:
            self.store.write_note("server_offset", json.dumps(offset))

    def is_older(self, note: str, age: timedelta) -> bool:
        """Say whether a noted instant is absent or longer ago than ``age`` (or in the future: a clock was wrong)."""
        text, now = self.store.note(note), self.now()
        return text is None or not now - age < datetime.fromisoformat(text) <= now + age

    def note_now(self, note: str) -> None:
        """Note the present instant."""
        self.store.write_note(note, self.now().isoformat())

    # Revocation

    def wipe(self) -> None:
        """Remove mirror, documents, media cache and sessions; the outbox and its photographs stay."""
        with self.store.transaction():
            for table in ("entities", "reconciliations", "documents"):
                self.store.execute(f"DELETE FROM {table}")  # noqa: S608 (three literals)
            self.store.execute("UPDATE officers SET session_until = NULL, cursor = NULL, reconcile_because = NULL")
            self.note_now("wiped_at")
        shutil.rmtree(self.store.folder / CACHE, ignore_errors=True)
