"""Another officer joins the handset with a code: which key is offered, and what a lost answer leaves open.

Until the answer came, the server may have either officer on shift. So before the code is first sent it is noted, and
that the officer before has the handset since that moment; the joining strikes this note.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sync.handset.clock import Reading
from sync.handset.device import Device
from sync.handset.key import DeviceKey
from sync.handset.line import Refused
from sync.handset.link import REVOKED, Link
from sync.handset.officers import ACTIVE, Officers
from sync.handset.tally import SyncTally

_JOINING = "joining"
# Another key may be the right one; none of these uses the code up.
_NOT_THIS_KEY = frozenset({"officer-has-key", "other-officer", "code-used"})


@dataclass(frozen=True)
class Asked:
    """A code that was sent and not answered: since when, and the note (``back``) that the officer before goes on."""

    code: str
    again: bool
    reading: Reading
    back: int


@dataclass
class Joining:
    """Joinings on one device."""

    device: Device
    link: Link
    officers: Officers

    def outstanding(self) -> Asked | None:
        """Return the code whose answer is outstanding."""
        note = self.device.store.note(_JOINING)
        if note is None:
            return None
        kept = json.loads(note)
        return Asked(kept["code"], kept["again"], Reading.from_json(kept["reading"]), kept["back"])

    def begin(self, code: str, *, again: bool) -> None:
        """Send a code for the first time; its officer is the active one then. Raises Refused."""
        store, reading = self.device.store, self.device.clock.read()
        with store.transaction():
            back = self.officers.note_change(self.officers.active(), reading)
            kept = {"code": code, "again": again, "reading": json.dumps(reading.as_json()), "back": back}
            store.write_note(_JOINING, json.dumps(kept))
        self._ask(Asked(code, again, reading, back), is_active=True)

    def finish(self, tally: SyncTally) -> str | None:
        """Repeat a code whose answer was lost, before anything else changes the shift: later it would be refused.

        Returns the id of the officer who joined by it. The officer before stays the active one.
        """
        asked = self.outstanding()
        if asked is None:
            return None
        try:
            return self._ask(asked, is_active=False)
        except Refused as error:
            if error.slug != REVOKED:
                tally.told.append(f"The officer could not join: {error}")
            return None

    def _ask(self, asked: Asked, *, is_active: bool) -> str:
        store = self.device.store
        self.officers.forget_shift()
        try:
            key, answer = self._offer(asked)
        except Refused:
            with store.transaction():
                store.write_note(_JOINING, None)
                self.officers.strike_change(asked.back)
            raise
        with store.transaction():
            store.write_note(_JOINING, None)
            officer_id = self.officers.join(asked.code, key, answer)
            if is_active:
                self.officers.strike_change(asked.back)
                self.officers.note_change(officer_id, asked.reading, is_told=True)
                store.write_note(ACTIVE, officer_id)
        return officer_id

    def _offer(self, asked: Asked) -> tuple[DeviceKey, dict[str, Any]]:
        at = self.device.server_time(asked.reading).isoformat()
        refusals: list[Refused] = []
        for key, owner in self._candidates(asked):
            body = {"code": asked.code, "public_key": key.public(), "at": at, **owner}
            try:
                return key, self.link.ask("POST", "/sync/shift", body, members=("officer",))
            except Refused as error:
                if error.slug not in _NOT_THIS_KEY:
                    raise
                refusals.append(error)
        raise refusals[0]

    def _candidates(self, asked: Asked) -> Iterator[tuple[DeviceKey, dict[str, str]]]:
        """Give the keys to offer: a fresh one and those never answered for, or ``again`` those of who was here."""
        if asked.again:
            for officer_id, key in self.officers.known_keys():
                yield key, {"officer_id": officer_id}
            return
        yield self.officers.key_for(asked.code), {}
        for key in self.officers.unanswered_keys(asked.code):
            yield key, {}
