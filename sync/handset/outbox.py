"""The outbox: every item the officers made on this install, written once, never deleted.

Knows the item's shape (Field Sync 1: the body is one JSON text, resent byte for byte) and the answers
that acknowledge it; knows neither HTTP nor photographs' bytes.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from sync.handset.clock import Reading
from sync.handset.key import DeviceKey
from sync.handset.store import Store
from sync.handset.stored_item import StoredItem, stored
from sync.item import sum_text, summand
from sync.uuid7 import uuid7

KIND_VERSION = 1
UNSENT, RETRY, WAITING, CONFLICT = "unsent", "retry", "waiting", "conflict"
# What an officer should be shown, because it has no effect as it stands.
TOLD_STATES = frozenset({"quarantined", "superseded", CONFLICT})


class ItemTooLarge(ValueError):
    """The item would never pass the server's limit; nothing was stored. Shorten the text or split the item."""


@dataclass(frozen=True)
class Author:
    """Who writes on this install: ids as on the wire, and the key that signs."""

    install_id: str
    officer_id: str
    key: DeviceKey


class Outbox:
    """The items of one store, of all officers."""

    def __init__(self, store: Store, random: Random | None = None) -> None:
        self._store = store
        self._random = random

    # Writing

    def append(
        self,
        author: Author,
        kind: str,
        payload: Mapping[str, Any],
        captured: Mapping[str, Any],
        *,
        max_bytes: int,
    ) -> StoredItem:
        """Write one item; call inside the store's transaction, after its photographs are on disk.

        Raises ItemTooLarge above ``max_bytes`` of body, so that no item is made that could never be delivered.
        """
        dseq = self.made() + 1
        item_id = str(uuid7(_unix_ms(captured), self._random))
        body = json.dumps(
            {
                "id": item_id,
                "dseq": dseq,
                "prev": self._previous(author.officer_id),
                "kind": kind,
                "kv": KIND_VERSION,
                "officer_id": author.officer_id,
                "captured": captured,
                "payload": payload,
            },
            ensure_ascii=False,
            allow_nan=False,
        )
        encoded = body.encode("utf-8")
        if len(encoded) > max_bytes:
            raise ItemTooLarge(
                f"this {kind} has {len(encoded)} bytes, more than {max_bytes}: shorten its text or split it"
            )
        fingerprint = hashlib.sha256(encoded).hexdigest()
        signature = author.key.sign(author.install_id, fingerprint)
        self._store.execute(
            "INSERT INTO items (dseq, id, kind, kv, officer_id, body, fingerprint, sig)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *(dseq, item_id, kind, KIND_VERSION, author.officer_id, body, fingerprint, signature),
        )
        self._store.write_note("dseq", str(dseq))
        self._store.execute("UPDATE officers SET last_fingerprint = ? WHERE id = ?", fingerprint, author.officer_id)
        return self.item(item_id)

    def _previous(self, officer_id: str) -> str | None:
        rows = self._store.execute("SELECT last_fingerprint FROM officers WHERE id = ?", officer_id)
        return rows[0]["last_fingerprint"] if rows else None

    # Reading

    def made(self) -> int:
        """Return how many items were ever made here: the last dseq given out."""
        return int(self._store.note("dseq") or 0)

    def item(self, item_id: str) -> StoredItem:
        """Return one item; KeyError when it was never made here."""
        rows = self._store.execute("SELECT * FROM items WHERE id = ?", item_id)
        if not rows:
            raise KeyError(item_id)
        return stored(rows[0])

    def items(self, officer_id: str | None = None) -> list[StoredItem]:
        """Return all items, or those of one officer, in the order they were made."""
        if officer_id is None:
            return [stored(row) for row in self._store.execute("SELECT * FROM items ORDER BY dseq")]
        mine = self._store.execute("SELECT * FROM items WHERE officer_id = ? ORDER BY dseq", officer_id)
        return [stored(row) for row in mine]

    def unsent_count(self) -> int:
        """Return how many items no trusted answer has acknowledged."""
        return self._store.count("SELECT count(*) FROM items WHERE acked = 0")

    def acked(self) -> dict[str, object]:
        """Return the wire's ``{count, sum}`` of all items that were ever acknowledged and not taken back."""
        return {
            "count": int(self._store.note("acked_count") or 0),
            "sum": self._store.note("acked_sum") or sum_text(0),
        }

    def batch(self, *, max_items: int, max_bytes: int, without: Collection[str] = ()) -> list[StoredItem]:
        """Return the oldest unacknowledged items that fit one request; at least one if any waits.

        ``max_bytes`` bounds the items' share of the request, as JSON. ``without`` names ids to leave out: one that
        the server refused to read must not stop the others. What was salvaged is left out too.
        """
        chosen: list[StoredItem] = []
        room = max_bytes
        for row in self._store.execute(
            "SELECT * FROM items WHERE acked = 0 AND salvaged = 0 ORDER BY dseq LIMIT ?", max_items + len(without)
        ):
            item = stored(row)
            if item.id in without:
                continue
            room -= len(json.dumps(item.on_the_wire(), ensure_ascii=False).encode("utf-8")) + 2
            if chosen and (room < 0 or len(chosen) >= max_items):
                break
            chosen.append(item)
        return chosen

    def in_state(self, *states: str) -> list[StoredItem]:
        """Return the acknowledged items whose last answer has one of these states, oldest first."""
        wanted = self._store.execute(
            "SELECT * FROM items WHERE state NOT IN ('applied', 'duplicate') AND acked = 1 ORDER BY dseq"
        )
        return [stored(row) for row in wanted if row["state"] in states]

    def undecided(self) -> list[StoredItem]:
        """Return the acknowledged items whose outcome the server could not tell yet: worth asking again."""
        return [item for item in self.in_state(WAITING) if "interpretation" in (item.answer or {}).get("needs", ())]

    # Answers

    def settle(self, batch: Sequence[StoredItem], results: Sequence[Any]) -> dict[str, int]:
        """Keep the answers of one trusted push in one transaction; returns how many items got which state.

        An item without an answer, or answered ``retry``, stays unsent: the server does not have it.
        """
        sent = {item.id for item in batch}
        counts: dict[str, int] = {}
        with self._store.transaction():
            for result in results:
                if not isinstance(result, Mapping):
                    continue
                item_id, state = result.get("id"), result.get("state")
                if item_id not in sent or not isinstance(state, str):
                    continue
                counts[state] = counts.get(state, 0) + 1
                if state != RETRY:
                    self._acknowledge(str(item_id), state, result)
        return counts

    def _acknowledge(self, item_id: str, state: str, result: Mapping[str, Any]) -> None:
        item = self.item(item_id)
        number = result.get("n")
        if type(number) is int:
            self._store.execute("UPDATE items SET n = ? WHERE id = ?", number, item_id)
        kept_state, answer = _outcome(state, result)
        if not item.acked:
            self._store.execute("UPDATE items SET acked = 1, salvaged = 0 WHERE id = ?", item_id)
            self._count(item.fingerprint, 1)
        elif item.state != WAITING:
            return
        self._keep(item_id, kept_state, answer)

    def receive(self, receipt: Mapping[str, Any]) -> StoredItem | None:
        """Keep a receipt's outcome with the item it is about; returns the item if this changed its state.

        A receipt acknowledges nothing: what is unsent stays so. Call inside the page's transaction.
        """
        rows = self._store.execute(
            "SELECT * FROM items WHERE id = ? AND fingerprint = ? AND acked = 1",
            *(str(receipt.get("item_id")), str(receipt.get("h"))),
        )
        state = receipt.get("state")
        if not rows or not isinstance(state, str) or state == RETRY:
            return None
        item = stored(rows[0])
        kept_state, answer = _outcome(state, receipt)
        self._keep(item.id, kept_state, answer)
        return self.item(item.id) if kept_state != item.state else None

    def take_back(self, item_id: str) -> bool:
        """Make an acknowledged item unsent again: the server lacks it. Call inside a transaction."""
        rows = self._store.execute("SELECT fingerprint FROM items WHERE id = ? AND acked = 1", item_id)
        if rows:
            self._store.execute(
                "UPDATE items SET acked = 0, n = NULL, state = ?, answer = NULL WHERE id = ?", UNSENT, item_id
            )
            self._count(rows[0]["fingerprint"], -1)
        return bool(rows)

    def salvage(self, item_id: str, *, done: bool = True) -> None:
        """Mark that an item's bytes lie with an administrator, because no push could carry it."""
        self._store.execute("UPDATE items SET salvaged = ? WHERE id = ?", done, item_id)

    def _keep(self, item_id: str, state: str, answer: Mapping[str, Any]) -> None:
        self._store.execute(
            "UPDATE items SET state = ?, answer = ? WHERE id = ?",
            *(state, json.dumps(answer, ensure_ascii=False), item_id),
        )

    def _count(self, fingerprint: str, by: int) -> None:
        acked = self.acked()
        total = int(str(acked["sum"]), 16) + by * summand(fingerprint)
        self._store.write_note("acked_count", str(int(str(acked["count"])) + by))
        self._store.write_note("acked_sum", sum_text(total))


def _outcome(state: str, result: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return what to keep: a duplicate of what is not applied is what the first one is now."""
    current = result.get("current")
    if isinstance(current, Mapping) and current.get("state") in {WAITING, *TOLD_STATES}:
        return str(current["state"]), current
    return state, result


def captured_at(reading: Reading, gnss_time: str | None = None) -> dict[str, object]:
    """Return the body's ``captured`` for one reading of the handset's clocks."""
    return {**reading.as_json(), "gnss_time": gnss_time}


def _unix_ms(captured: Mapping[str, Any]) -> int:
    """Return the id's time: the handset's own wall clock, good or bad; a date before 1970 counts as its start."""
    return max(0, int(datetime.fromisoformat(str(captured["wall"])).timestamp() * 1000))
