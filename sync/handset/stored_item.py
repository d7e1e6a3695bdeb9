"""One item as it lies in the outbox, and as it travels. Knows the table's row and the wire's index, no rule."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sync.handset.key import ALGORITHM


@dataclass(frozen=True)
class StoredItem:
    """One item as it lies in the outbox. ``n`` is the server's number of it, known once it was acknowledged."""

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
    acked: bool
    n: int | None
    salvaged: bool

    @property
    def outcome(self) -> str:
        """What became of it as far as is known: for a duplicate the state of the one that came first."""
        current = (self.answer or {}).get("current")
        return str(current["state"]) if isinstance(current, Mapping) and "state" in current else self.state

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


def stored(row: sqlite3.Row) -> StoredItem:
    """Read one row of the table ``items``."""
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
        acked=bool(row["acked"]),
        n=row["n"],
        salvaged=bool(row["salvaged"]),
    )
