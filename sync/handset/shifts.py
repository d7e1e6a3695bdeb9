"""Shifts, sessions and the renewal of the credential: who works with the handset, and how the server learns it.

Whatever a lost answer would make unrepeatable (the next credential) is written down before it is sent.
"""

import hashlib
from datetime import timedelta

from sync.handset.clock import Reading
from sync.handset.device import Device
from sync.handset.enrolling import ROTATED_AT
from sync.handset.joining import Joining
from sync.handset.key import base64url
from sync.handset.line import LineBroken, Refused
from sync.handset.link import NEXT, REVOKED, Link
from sync.handset.officers import Officers
from sync.handset.tally import SyncTally

_CREDENTIAL_BYTES = 32
_NONCE_BYTES = 18
# The server takes a proof that is at most a day old.
_OLDEST_PROOF = timedelta(hours=23)


class Shifts:
    """Who works with one device, as the server knows it."""

    def __init__(self, device: Device, link: Link, officers: Officers) -> None:
        self._device = device
        self._store = device.store
        self._link = link
        self._officers = officers
        self._joining = Joining(device, link, officers)

    def join(self, code: str, *, again: bool) -> None:
        """Add another officer by a code, and put that officer on shift; repeatable after a lost answer.

        ``again`` is for an officer who has a key here, which a restored server forgot.
        """
        tally, asked = SyncTally(), self._joining.outstanding()
        officer_id = self._joining.finish(tally)
        self.announce(tally)
        if officer_id is None or asked is None or asked.code != code:
            self._joining.begin(code, again=again)
        else:
            self._officers.take_over(officer_id, self._device.clock.read())
            self.announce(tally)

    def announce(self, tally: SyncTally) -> None:
        """Tell the server which officers took over since it was last told, in their order.

        A change that the server refuses is told to the officer and forgotten; it must not stop the outbox.
        """
        self._joining.finish(tally)
        for change in self._officers.untold():
            try:
                self.open_session(change.officer_id, change.reading)
            except Refused as error:
                if error.slug == REVOKED:
                    return
                tally.told.append(f"The change of shift was not accepted: {error}")
            self._officers.told(change)

    def open_session(self, officer_id: str, reading: Reading | None = None) -> None:
        """Renew an officer's session, signed with the officer's key; puts the officer on shift. Raises Refused."""
        oldest = self._device.now() - _OLDEST_PROOF
        at = max(oldest, self._device.server_time(reading) if reading else self._device.now()).isoformat()
        nonce = base64url(self._device.random.randbytes(_NONCE_BYTES))
        install_id = self._device.known("install_id")
        value = self._officers.key(officer_id).sign_session(install_id, officer_id, at, nonce)
        body = {"officer_id": officer_id, "at": at, "nonce": nonce, "sig": {"alg": "ES256", "value": value}}
        self._officers.forget_shift()
        answer = self._link.ask("POST", "/sync/session", body, members=("officer", "session_until"))
        self._officers.opened(officer_id, answer)

    def demand_session(self) -> None:
        """Make sure that the server serves the active officer before anything is pulled."""
        if not self._officers.is_on_shift():
            self.open_session(self._officers.active())

    def rotate(self) -> None:
        """Renew the credential: made and written down, then told, then used. Goes on where a lost answer left it."""
        upcoming = self._store.note(NEXT)
        if upcoming is None:
            upcoming = base64url(self._device.random.randbytes(_CREDENTIAL_BYTES))
            self._store.write_note(NEXT, upcoming)
        sha256 = hashlib.sha256(upcoming.encode("ascii")).hexdigest()
        answer = self._link.ask("POST", "/sync/credential", {"next_sha256": sha256})
        if answer.get("accepted") is not True:
            raise LineBroken("the server did not say that it accepted the next credential")
        with self._store.transaction():
            if self._store.note(NEXT) is not None:
                self._link.adopt(NEXT)
            self._device.note_now(ROTATED_AT)

    def is_rotating(self) -> bool:
        """Say whether a renewal of the credential was begun and not finished."""
        return self._store.note(NEXT) is not None
