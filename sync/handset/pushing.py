"""Push: the outbox goes to the server in batches, and its trusted answers are kept.

A batch that the server cannot read is halved; what fails alone goes to salvage and stops nobody.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from sync.handset.album import Album
from sync.handset.device import APP, Device
from sync.handset.line import LineBroken, Refused
from sync.handset.link import Link
from sync.handset.outbox import TOLD_STATES, Outbox
from sync.handset.pulling import Pulling
from sync.handset.salvaging import salvage
from sync.handset.stored_item import StoredItem
from sync.handset.tally import SyncTally
from sync.limits import PROTOCOL

# Room left in a push for everything but its items; the list of unsent photographs is cut to fit into it.
_ENVELOPE_BYTES = 32 * 1024
_MOST_HASHES_TOLD = 200
_BISECT = frozenset({httpx.codes.BAD_REQUEST, httpx.codes.REQUEST_ENTITY_TOO_LARGE, httpx.codes.UNPROCESSABLE_ENTITY})
# A refusal of the handset as a whole; no other batch would fare better, and no item is to blame.
_OF_THE_HANDSET = frozenset({"protocol-version"})
# The packed request did not unpack: a bit flipped on the way, which says nothing of any item.
_DAMAGED_ON_THE_WAY = frozenset({"bad-encoding"})


@dataclass
class Pushing:
    """Pushes of one device."""

    device: Device
    link: Link
    outbox: Outbox
    album: Album
    pulling: Pulling

    def push_all(self, tally: SyncTally, *, news: bool = True) -> None:
        """Send all unacknowledged items, oldest first, until none is left or none is accepted."""
        most = self.device.limits()["max_items"]
        left_out: set[str] = set()
        while batch := self._batch(most, left_out):
            try:
                counts = self.push(batch, tally, news=news)
            except Refused as error:
                if error.status not in _BISECT or error.slug in _OF_THE_HANDSET:
                    raise
                if error.slug in _DAMAGED_ON_THE_WAY:
                    raise LineBroken(f"the request was damaged on its way ({error})") from error
                most = max(1, len(batch) // 2)
                if len(batch) == 1:
                    left_out.add(batch[0].id)
                    salvage(self.link, self.outbox, batch[0], error, tally)
                continue
            tally.answers.update(counts)
            # Asked to resend, or not mentioned: at the next synchronisation, not in a loop now.
            left_out |= {item.id for item in batch if not self.outbox.item(item.id).acked}
        self._ask_again(most, tally)

    def push(self, batch: Sequence[StoredItem], tally: SyncTally, *, news: bool = True) -> dict[str, int]:
        """Send one batch (an empty one only tells and asks) and keep its answer; returns item states by count.

        ``news``: ask for the mirror's news along with the answer.
        """
        request = self._request(batch, self.pulling.cursor_to_send() if news else None)
        answer = self.link.ask("POST", "/sync/push", request, members=("batch_id", "results"))
        if answer["batch_id"] != request["batch_id"] or not isinstance(answer["results"], list):
            raise LineBroken("the answer is about another push: some proxy kept an old one")
        with self.device.store.transaction():
            counts = self.outbox.settle(batch, answer["results"])
            self._keep(answer)
        self._tell(batch, tally)
        tally.is_current = False
        if "pull" in request:
            self.pulling.take(answer.get("pull"), tally)
        return counts

    def _batch(self, most: int, left_out: set[str]) -> list[StoredItem]:
        limits = self.device.limits()
        return self.outbox.batch(
            max_items=min(most, limits["max_items"]), max_bytes=limits["max_bytes"] - _ENVELOPE_BYTES, without=left_out
        )

    def _ask_again(self, most: int, tally: SyncTally) -> None:
        """Resend what the server has but could not tell the outcome of: the answer is then what became of it."""
        undecided = self.outbox.undecided()[:most]
        if undecided:
            tally.answers.update(self.push(undecided, tally))

    def _request(self, batch: Sequence[StoredItem], cursor: Mapping[str, object] | None) -> dict[str, Any]:
        return {
            "protocol": PROTOCOL,
            "batch_id": self.device.fresh_id(),
            "install_id": self.device.known("install_id"),
            "clock": self.device.clock.read().as_json(),
            "on_handset": {
                "dseq_next": self.outbox.made() + 1,
                "acked": self.outbox.acked(),
                "unsent_items": self.outbox.unsent_count(),
                "unsent_photos": self.album.pending_hashes(_MOST_HASHES_TOLD),
                "free_mb": self.device.free_mb(),
                "app": APP,
            },
            "items": [item.on_the_wire() for item in batch],
            **({} if cursor is None else {"pull": cursor}),
        }

    def _keep(self, answer: dict[str, Any]) -> None:
        """Keep what the answer says of the whole; wrong types say nothing."""
        store = self.device.store
        through, known = answer.get("acked_through"), int(store.note("acked_through") or 0)
        if type(through) is int:
            if through < known:
                self.device.demand_verify("acked_through fell")
            store.write_note("acked_through", str(through))
        if type(answer.get("backed_up_through")) is int:
            store.write_note("backed_up_through", str(answer["backed_up_through"]))
        if type(answer.get("sync_after_s")) in {int, float}:
            store.write_note("sync_after_s", str(answer["sync_after_s"]))
        if "clock" in answer:
            store.write_note("clock", json.dumps(answer["clock"]))
        if answer.get("verify") is True:
            self.device.demand_verify("asked")
        self.device.keep_limits(answer.get("limits"))
        if isinstance(answer.get("photo_wants"), list):
            self.album.wanted(answer["photo_wants"])
        self.device.note_now("pushed_at")

    def _tell(self, batch: Sequence[StoredItem], tally: SyncTally) -> None:
        for item in batch:
            now = self.outbox.item(item.id)
            if now.state in TOLD_STATES and now.state != item.state:
                tally.told.append(told(now))


def told(item: StoredItem) -> str:
    """Return the sentence for an officer whose record has no effect as it stands."""
    problem = (item.answer or {}).get("problem")
    why = f": {problem.get('title') or problem.get('type')}" if isinstance(problem, dict) else ""
    return f"Record {item.dseq} is {item.state}{why}."
