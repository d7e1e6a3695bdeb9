"""A whole synchronisation, in the order that costs an officer with a bad line the least.

Shifts, items, photographs, one closing push that tells what is left and brings the mirror's news, and what is due
now and then: verification, the server's greeting, the credential.
"""

from dataclasses import dataclass
from datetime import timedelta

from sync.handset.album import Album
from sync.handset.delivery import OPEN_FIRST, Delivery
from sync.handset.device import Device
from sync.handset.documents import Documents
from sync.handset.enrolling import ROTATED_AT
from sync.handset.line import Line, LineBroken, Refused, check_handset_answer
from sync.handset.link import REVOKED, Link
from sync.handset.pace import Pace
from sync.handset.pulling import Pulling
from sync.handset.pushing import Pushing
from sync.handset.shifts import Shifts
from sync.handset.tally import SyncTally
from sync.handset.verifying import Verifying

_GREETING, _GREETING_EVERY = "greeted_at", timedelta(days=1)
_CREDENTIAL_LIFE = timedelta(days=365)


@dataclass
class Rounds:
    """Synchronisations of one device."""

    device: Device
    line: Line
    link: Link
    album: Album
    documents: Documents
    shifts: Shifts
    pushing: Pushing
    pulling: Pulling
    verifying: Verifying
    pace: Pace

    def sync(self) -> SyncTally:
        """Do one round and note when the next is due; raises LineBroken and Refused, what was settled stays."""
        tally = SyncTally()
        try:
            self._round(tally)
        except LineBroken as error:
            self.pace.failed(self.device.now(), error.retry_after)
            raise
        except Refused:
            self.pace.failed(self.device.now(), None)
            raise
        if self.device.store.note(OPEN_FIRST):
            self.device.store.write_note(OPEN_FIRST, None)
        wish = self.device.store.note("sync_after_s")
        self.pace.succeeded(self.device.now(), float(wish) if wish else None)
        return tally

    def upload_photos(self, tally: SyncTally) -> None:
        """Deliver pending photographs, each from where the server's durable offset stands."""
        delivered = Delivery(self.device.store, self.album, self.line, self.link).deliver_all()
        tally.photos += delivered.done
        tally.resumed += delivered.resumed
        tally.told += delivered.told

    def _round(self, tally: SyncTally) -> None:
        if not self.device.is_wiped:
            self.shifts.announce(tally)
        self._deliver(tally)
        # The closing push: the desk learns that nothing is left, and the mirror's news come with the answer.
        self.pushing.push((), tally)
        self._verify(tally)
        self.pulling.pull(tally)
        self._verify(tally)
        self._keep_house(tally)

    def _deliver(self, tally: SyncTally) -> None:
        self.pushing.push_all(tally)
        self.upload_photos(tally)

    def _verify(self, tally: SyncTally) -> None:
        """Verify where it is due, and deliver what the server turns out to lack."""
        if not self.verifying.is_due():
            return
        if not self.device.is_wiped:
            # A server that was put back to an earlier time forgot the shifts since, too; items are judged by them.
            self.shifts.announce(tally)
        self.verifying.verify(tally)
        self._deliver(tally)

    def _keep_house(self, tally: SyncTally) -> None:
        """Do what is due daily and yearly; a refusal of it is told and costs nothing else."""
        try:
            should_rotate = self.device.is_older(ROTATED_AT, _CREDENTIAL_LIFE) or self.shifts.is_rotating()
            if self.device.is_older(_GREETING, _GREETING_EVERY):
                hello = self.greet()
                self.documents.fetch_changed(hello.get("reference"))
                should_rotate = should_rotate or hello.get("rotate") is True
                self.device.note_now(_GREETING)
            if should_rotate:
                self.shifts.rotate()
        except Refused as error:
            if error.slug == REVOKED:
                raise
            tally.told.append(f"The server refused what is done once a day: {error}")

    def greet(self) -> dict[str, object]:
        """Ask the server for its limits, epoch and time, and keep the limits."""
        answer = self.link.ask("GET", "/sync/hello")
        check_handset_answer(answer)
        self.device.keep_limits(answer.get("limits"))
        return answer
