"""Verify: ask the server for every acknowledged item whether it still has it, and take back what it lacks.

Goes on where it was broken off. Weekly, after a new epoch, when the server asks, and when ``acked_through`` fell.
"""

from dataclasses import dataclass
from datetime import timedelta

from sync.handset.album import Album
from sync.handset.device import Device
from sync.handset.line import LineBroken
from sync.handset.link import Link
from sync.handset.outbox import CONFLICT, Outbox
from sync.handset.tally import SyncTally

_MOST_ITEMS = 1000
_EVERY = timedelta(days=7)
_DUE, _TO, _AT = "verify_because", "verified_to", "verified_at"
WEEKLY = "weekly"


@dataclass
class Verifying:
    """Verifications of one device."""

    device: Device
    link: Link
    outbox: Outbox
    album: Album

    def is_due(self) -> bool:
        """Say whether a verification was demanded or begun, or the last one is a week old."""
        store = self.device.store
        if store.note(_DUE) is not None:
            return True
        if store.note(_AT) is None:
            # The week of a new handset begins with its first look.
            self.device.note_now(_AT)
            return False
        if self.device.is_older(_AT, _EVERY):
            self.device.demand_verify(WEEKLY)
            return True
        return False

    def verify(self, tally: SyncTally, because: str | None = None) -> None:
        """Ask about all acknowledged items, a thousand at a time; every answer is kept before the next question.

        Items that were salvaged may be pushed again afterwards, and unless it was the weekly look, every
        delivered photograph is asked about too, by opening its upload again.
        """
        store = self.device.store
        if because is not None and store.note(_DUE) is None:
            self.device.demand_verify(because)
        reason = store.note(_DUE)
        while rows := store.execute(
            "SELECT dseq, id, fingerprint AS h FROM items WHERE acked = 1 AND dseq > ? ORDER BY dseq LIMIT ?",
            *(int(store.note(_TO) or 0), _MOST_ITEMS),
        ):
            body = {
                "items": [{"id": row["id"], "h": row["h"]} for row in rows],
                "acked_count": self.outbox.acked()["count"],
            }
            answer = self.link.ask("POST", "/sync/verify", body, members=("need", "conflict"))
            need, conflict = _ids(answer["need"]), _ids(answer["conflict"])
            with store.transaction():
                for row in rows:
                    if row["id"] in need:
                        tally.needed += self.outbox.take_back(row["id"])
                    elif row["id"] in conflict:
                        store.execute("UPDATE items SET state = ? WHERE id = ?", CONFLICT, row["id"])
                store.write_note(_TO, str(rows[-1]["dseq"]))
        with store.transaction():
            for name in (_DUE, _TO):
                store.write_note(name, None)
            store.execute("UPDATE items SET salvaged = 0 WHERE salvaged = 1")
            if reason != WEEKLY:
                self.album.ask_again()
            self.device.note_now(_AT)


def _ids(listed: object) -> set[str]:
    if not isinstance(listed, list):
        raise LineBroken("the answer to a verification is no list of ids")
    return {str(entry) for entry in listed}
