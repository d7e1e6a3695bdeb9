"""The mirror: what the server lets one officer see, kept current by pulled pages.

A page and its cursor are one transaction. Receipts do not stand here: they go to the outbox. Knows no network.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from sync.handset.store import Store
from sync.item import sum_text

RECEIPT = "receipt"
_SUMMAND_BYTES = 16


class Mirror:
    """The mirrored entities of one officer in one store; ``on_receipt`` gets the data of each receipt."""

    def __init__(
        self, store: Store, officer_id: str, on_receipt: Callable[[Mapping[str, Any]], None] | None = None
    ) -> None:
        self._store = store
        self._officer_id = officer_id
        self._on_receipt = on_receipt

    def cursor(self) -> str | None:
        """Return the cursor to pull with, None for a mirror that never was complete."""
        rows = self._store.execute("SELECT cursor FROM officers WHERE id = ?", self._officer_id)
        return rows[0]["cursor"] if rows else None

    def is_empty(self) -> bool:
        """Say whether nothing is mirrored."""
        return not self._store.execute("SELECT 1 FROM entities WHERE officer_id = ? LIMIT 1", self._officer_id)

    def apply(self, page: Mapping[str, Any]) -> bool:
        """Apply one page of a pull with its cursor in one transaction; returns whether more pages wait."""
        with self._store.transaction():
            for change in page["changes"]:
                self.change(change)
            self._store.execute(
                "UPDATE officers SET cursor = ?, want_digest = 0 WHERE id = ?",
                *(str(page["next_cursor"]), self._officer_id),
            )
        return bool(page["has_more"])

    def change(self, change: Mapping[str, Any]) -> None:
        """Apply one change; call inside the page's transaction. KeyError when it lacks a member."""
        kind, entity_id, op = change["type"], change["id"], change["op"]
        if kind == RECEIPT:
            if op == "put" and self._on_receipt is not None:
                self._on_receipt(change["data"])
        elif op == "put":
            self._store.execute(
                "INSERT OR REPLACE INTO entities (officer_id, type, id, v, data) VALUES (?, ?, ?, ?, ?)",
                *(self._officer_id, kind, entity_id, change["v"], json.dumps(change["data"], ensure_ascii=False)),
            )
        elif op == "drop":
            self._store.execute(
                "DELETE FROM entities WHERE officer_id = ? AND type = ? AND id = ?",
                *(self._officer_id, kind, entity_id),
            )
        elif op == "defer":
            self._store.execute(
                "UPDATE entities SET deferred = 1 WHERE officer_id = ? AND type = ? AND id = ?",
                *(self._officer_id, kind, entity_id),
            )

    def entities(self, kind: str) -> list[dict[str, Any]]:
        """Return the data of all mirrored entities of one type (``task``, ``case``), by id."""
        rows = self._store.execute(
            "SELECT data FROM entities WHERE officer_id = ? AND type = ? ORDER BY id", self._officer_id, kind
        )
        return [json.loads(row["data"]) for row in rows]

    def digest(self) -> dict[str, object]:
        """Return the wire's digest of what is mirrored, deferred entities aside: ``{alg, n, value}``."""
        rows = self._store.execute(
            "SELECT type, id, v FROM entities WHERE officer_id = ? AND deferred = 0", self._officer_id
        )
        names = (f"{row['type']}|{row['id']}|{row['v']}" for row in rows)
        total = sum(int.from_bytes(hashlib.sha256(name.encode("utf-8")).digest()[:_SUMMAND_BYTES]) for name in names)
        return {"alg": "sum128", "n": len(rows), "value": sum_text(total)}
