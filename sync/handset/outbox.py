"""The outbox: every item this officer made on this install, written once, never deleted.

Knows the item's shape (Field Sync 1: the body is one JSON text, resent byte for byte) and the answers
that acknowledge it; knows neither HTTP nor photographs' bytes.
"""

import hashlib
import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync.handset.clock import Reading
from sync.handset.key import ALGORITHM, DeviceKey
from sync.handset.store import Store
from sync.uuid7 import uuid7

MAX_ITEM_BYTES = 256 * 1024
KIND_VERSION = 1
RETRY, WAITING = "retry", "waiting"


class ItemTooLarge(ValueError):
    """The item would never pass the server's limit; nothing was stored. Shorten the text or split the item."""


@dataclass(frozen=True)
class Author:
    """Who writes on this install: ids as on the wire, and the key that signs."""

    install_id: str
    officer_id: str
    key: DeviceKey


@dataclass(frozen=True)
class StoredItem:
    """One item as it lies in the outbox."""

    id: str
    dseq: int
    kind: str
    kv: int
    officer_id: str
    body: str
    fingerprint: str
    signature: str
    state: str
    answer: Mapping[str, Any] | None

    def on_the_wire(self) -> dict[str, object]:
        """Return the push request's item; members outside ``body`` are only an index of it."""
        return {
            "id": self.id,
            "dseq": self.dseq,
            "kind": self.kind,
            "kv": self.kv,
            "officer_id": self.officer_id,
            "h": self.fingerprint,
            "body": self.body,
            "sig": {"alg": ALGORITHM, "value": self.signature},
        }


class Outbox:
    """The items of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def append(self, author: Author, kind: str, payload: Mapping[str, Any], captured: Mapping[str, Any]) -> StoredItem:
        """Write one item; call inside the store's transaction, after its photographs are on disk.

        Raises ItemTooLarge above 256 KiB of body, so that no item is made that could never be delivered.
        """
        dseq = self.made() + 1
        item_id = str(uuid7(_unix_ms(captured)))
        body = json.dumps(
            {
                "id": item_id,
                "dseq": dseq,
                "prev": self._store.note("last_fingerprint"),
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
        if len(encoded) > MAX_ITEM_BYTES:
            raise ItemTooLarge(
                f"this {kind} has {len(encoded)} bytes, more than {MAX_ITEM_BYTES}: shorten its text or split it"
            )
        fingerprint = hashlib.sha256(encoded).hexdigest()
        signature = author.key.sign(author.install_id, fingerprint)
        self._store.execute(
            "INSERT INTO items (dseq, id, kind, kv, officer_id, body, fingerprint, sig)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *(dseq, item_id, kind, KIND_VERSION, author.officer_id, body, fingerprint, signature),
        )
        self._store.write_note("dseq", str(dseq))
        self._store.write_note("last_fingerprint", fingerprint)
        return self.item(item_id)

    def made(self) -> int:
        """Return how many items were ever made here: the last dseq given out."""
        return int(self._store.note("dseq") or 0)

    def item(self, item_id: str) -> StoredItem:
        """Return one item; KeyError when it was never made here."""
        rows = self._store.execute("SELECT * FROM items WHERE id = ?", item_id)
        if not rows:
            raise KeyError(item_id)
        return _stored(rows[0])

    def items(self) -> list[StoredItem]:
        """Return all items in the order they were made."""
        return [_stored(row) for row in self._store.execute("SELECT * FROM items ORDER BY dseq")]

    def unsent_count(self) -> int:
        """Return how many items no trusted answer has acknowledged."""
        return int(self._store.execute("SELECT count(*) FROM items WHERE acked = 0")[0][0])

    def batch(self, *, max_items: int, max_bytes: int, without: Collection[str] = ()) -> list[StoredItem]:
        """Return the oldest unacknowledged items that fit one request; at least one if any waits.

        ``max_bytes`` bounds the items' share of the request, as JSON. ``without`` names ids to leave out:
        one that the server refused to read must not stop the others.
        """
        chosen: list[StoredItem] = []
        room = max_bytes
        for row in self._store.execute("SELECT * FROM items WHERE acked = 0 ORDER BY dseq"):
            item = _stored(row)
            if item.id in without:
                continue
            room -= len(json.dumps(item.on_the_wire())) + 2
            if chosen and (room < 0 or len(chosen) >= max_items):
                break
            chosen.append(item)
        return chosen

    def undecided(self) -> list[StoredItem]:
        """Return the acknowledged items whose outcome the server could not tell yet: worth asking again."""
        waiting = self._store.execute("SELECT * FROM items WHERE state = 'waiting' ORDER BY dseq")
        return [item for item in map(_stored, waiting) if "interpretation" in (item.answer or {}).get("needs", ())]

    def settle(self, batch: Sequence[StoredItem], results: Sequence[Mapping[str, Any]]) -> dict[str, int]:
        """Keep the answers of one trusted push in one transaction; returns how many items got which state.

        An item without an answer, or answered ``retry``, stays unsent: the server does not have it.
        """
        sent = {item.id for item in batch}
        counts: dict[str, int] = {}
        with self._store.transaction():
            for result in results:
                item_id, state = result.get("id"), result.get("state")
                if item_id not in sent or not isinstance(state, str):
                    continue
                counts[state] = counts.get(state, 0) + 1
                if state != RETRY:
                    kept_state, answer = _outcome(state, result)
                    self._store.execute(
                        "UPDATE items SET state = ?, answer = ?, acked = 1"
                        " WHERE id = ? AND (acked = 0 OR state = 'waiting')",
                        *(kept_state, json.dumps(answer, ensure_ascii=False), item_id),
                    )
        return counts


def _outcome(state: str, result: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return what to keep: a duplicate of what is still undecided stays so, and is asked about again."""
    current = result.get("current")
    if isinstance(current, Mapping) and current.get("state") == WAITING:
        return WAITING, current
    return state, result


def captured_at(reading: Reading, gnss_time: str | None = None) -> dict[str, object]:
    """Return the body's ``captured`` for one reading of the handset's clocks."""
    return {**reading.as_json(), "gnss_time": gnss_time}


def _unix_ms(captured: Mapping[str, Any]) -> int:
    """Return the id's time: the handset's own wall clock, good or bad; a date before 1970 counts as its start."""
    return max(0, int(datetime.fromisoformat(str(captured["wall"])).timestamp() * 1000))


def _stored(row: sqlite3.Row) -> StoredItem:
    answer = row["answer"]
    return StoredItem(
        id=row["id"],
        dseq=row["dseq"],
        kind=row["kind"],
        kv=row["kv"],
        officer_id=row["officer_id"],
        body=row["body"],
        fingerprint=row["fingerprint"],
        signature=row["sig"],
        state=row["state"],
        answer=None if answer is None else json.loads(answer),
    )
