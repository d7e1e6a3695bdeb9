"""The officers of one install: each with an own profile, key, session and chain of items; one of them is active.

Which officer the *server* has on shift is known only while its last word about that is: any request that may
change it forgets the answer first, because a lost answer leaves both possible.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sync.handset.clock import Reading
from sync.handset.device import Device
from sync.handset.key import DeviceKey

ACTIVE, ON_SHIFT = "active_officer", "officer_on_shift"
# A server that was restored to an earlier time is told of these again; it takes none that is older than a day.
_CHANGES_KEPT = 20


class UnknownOfficer(Exception):
    """The officer has no key on this handset: join with a code from an administrator."""


@dataclass(frozen=True)
class ShiftChange:
    """An officer took over at a reading of the clocks, and the server has not been told yet."""

    seq: int
    officer_id: str
    reading: Reading


class Officers:
    """The officers of one device's install."""

    def __init__(self, device: Device) -> None:
        self._store = device.store
        self._device = device

    def active(self) -> str:
        """Return the id of the officer who works with the handset now; raises NotEnrolled before the first."""
        return self._device.known(ACTIVE)

    def profile(self, officer_id: str) -> dict[str, Any]:
        """Return ``{id, name, agency_id, squad_id, roles}`` as the server last said; raises UnknownOfficer."""
        profile: dict[str, Any] = json.loads(self._row(officer_id, "profile"))
        return profile

    def key(self, officer_id: str) -> DeviceKey:
        """Return the officer's key on this install; raises UnknownOfficer."""
        return DeviceKey.from_pem(self._row(officer_id, "key"))

    def all(self) -> list[dict[str, Any]]:
        """Return the profiles of all officers, by id, each with ``active`` and ``session_until``."""
        active = self._store.note(ACTIVE)
        rows = self._store.execute("SELECT id, profile, session_until FROM officers ORDER BY id")
        return [
            {**json.loads(row["profile"]), "active": row["id"] == active, "session_until": row["session_until"]}
            for row in rows
        ]

    def key_for(self, code: str) -> DeviceKey:
        """Return the key that goes with a code: made and written down before it is first sent, then the same."""
        # A file of version 1 may hold a key that was sent with a code whose answer was lost.
        pem = self._store.note(f"key:{code}") or self._store.note("key")
        if pem is None:
            pem = DeviceKey.make(self._device.random).pem()
            self._store.write_note(f"key:{code}", pem)
        return DeviceKey.from_pem(pem)

    def unanswered_keys(self, code: str) -> list[DeviceKey]:
        """Return the keys that were sent with other codes whose answers never came; the server may know them."""
        rows = self._store.execute("SELECT value FROM meta WHERE name LIKE 'key:%' AND name != ?", f"key:{code}")
        return [DeviceKey.from_pem(row["value"]) for row in rows]

    def known_keys(self) -> list[tuple[str, DeviceKey]]:
        """Return the officers who have a key here, with it; the active one first."""
        ids = sorted((str(officer["id"]) for officer in self.all()), key=lambda each: (each != self.active(), each))
        return [(officer_id, self.key(officer_id)) for officer_id in ids]

    def join(self, code: str, key: DeviceKey, answer: Mapping[str, Any]) -> str:
        """Keep the officer whom an enrolment or a shift answer names, who is now on shift; returns the officer's id."""
        officer_id = str(answer["officer"]["id"])
        with self._store.transaction():
            self._store.execute(
                "INSERT INTO officers (id, profile, key) VALUES (?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET key = excluded.key",
                *(officer_id, json.dumps(answer["officer"], ensure_ascii=False), key.pem()),
            )
            self.opened(officer_id, answer)
            self._store.execute(
                "DELETE FROM meta WHERE name IN (?, 'key') OR (name LIKE 'key:%' AND value = ?)",
                *(f"key:{code}", key.pem()),
            )
        return officer_id

    def opened(self, officer_id: str, answer: Mapping[str, Any]) -> None:
        """Keep an opened session: the profile as it is now, its end, and that this officer is on shift."""
        with self._store.transaction():
            self._store.execute(
                "UPDATE officers SET profile = ?, session_until = ? WHERE id = ?",
                *(json.dumps(answer["officer"], ensure_ascii=False), answer.get("session_until"), officer_id),
            )
            self._store.write_note(ON_SHIFT, officer_id)

    # Shifts

    def is_on_shift(self) -> bool:
        """Say whether the server is known to serve the active officer."""
        return self._store.note(ON_SHIFT) == self.active()

    def forget_shift(self) -> None:
        """Note that the server may serve anybody: call before a request that changes it."""
        self._store.write_note(ON_SHIFT, None)

    def take_over(self, officer_id: str, reading: Reading) -> None:
        """Make an officer with a key on this install the active one; needs no network. Raises UnknownOfficer."""
        self._row(officer_id, "id")
        if officer_id == self.active():
            return
        with self._store.transaction():
            self._store.write_note(ACTIVE, officer_id)
            self.note_change(officer_id, reading)

    def note_change(self, officer_id: str, reading: Reading, *, is_told: bool = False) -> int:
        """Note who has the handset since a reading of the clocks; returns the note's number."""
        rows = self._store.execute(
            "INSERT INTO shift_changes (officer_id, reading, is_told) VALUES (?, ?, ?) RETURNING seq",
            *(officer_id, json.dumps(reading.as_json()), is_told),
        )
        return int(rows[0]["seq"])

    def strike_change(self, seq: int) -> None:
        """Forget a change that never took place."""
        self._store.execute("DELETE FROM shift_changes WHERE seq = ?", seq)

    def untold(self) -> list[ShiftChange]:
        """Return the changes of shift that the server has not been told, in their order."""
        rows = self._store.execute("SELECT * FROM shift_changes WHERE is_told = 0 ORDER BY seq")
        return [ShiftChange(row["seq"], row["officer_id"], Reading.from_json(row["reading"])) for row in rows]

    def told(self, change: ShiftChange) -> None:
        """Note that the server knows a change, or refused it; old ones are forgotten."""
        with self._store.transaction():
            self._store.execute("UPDATE shift_changes SET is_told = 1 WHERE seq = ?", change.seq)
            self._store.execute("DELETE FROM shift_changes WHERE seq <= ?", change.seq - _CHANGES_KEPT)

    def _row(self, officer_id: str, column: str) -> str:
        rows = self._store.execute("SELECT id, profile, key FROM officers WHERE id = ?", officer_id)
        if not rows:
            raise UnknownOfficer(f"officer {officer_id} has no key on this handset: join with a code")
        return str(rows[0][column])
