"""The mirror: what the server lets this officer see, kept current by pulled pages.

A page and its cursor are one transaction. When the server asks for a fresh start, the new mirror grows
beside the old one and replaces it only when complete, so that the officer never looks at half a list.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal

from sync.handset.store import Store


class Mirror:
    """The mirrored entities of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def cursor(self) -> str | None:
        """Return the cursor to pull with: of the growing mirror while there is one."""
        return self._store.note("fresh_cursor") if self._is_refreshing() else self._store.note("cursor")

    def start_over(self) -> None:
        """Begin a fresh mirror; the present one stays visible until the fresh one is complete."""
        with self._store.transaction():
            self._store.execute("DELETE FROM mirror_fresh")
            self._store.write_note("fresh_cursor", None)
            self._store.write_note("refreshing", "1")

    def apply(self, page: Mapping[str, Any]) -> bool:
        """Apply one page with its cursor in one transaction; returns whether more pages wait."""
        refreshing = self._is_refreshing()
        more = bool(page["has_more"])
        with self._store.transaction():
            for change in page["changes"]:
                self._change("mirror_fresh" if refreshing else "mirror", change)
            self._store.write_note("fresh_cursor" if refreshing else "cursor", str(page["next_cursor"]))
            if refreshing and not more:
                self._swap(str(page["next_cursor"]))
        return more

    def entities(self, kind: str) -> list[dict[str, Any]]:
        """Return the data of all mirrored entities of one type (``task``, ``case``), by id."""
        rows = self._store.execute("SELECT data FROM mirror WHERE type = ? ORDER BY id", kind)
        return [json.loads(row["data"]) for row in rows]

    def _is_refreshing(self) -> bool:
        return self._store.note("refreshing") is not None

    def _change(self, table: Literal["mirror", "mirror_fresh"], change: Mapping[str, Any]) -> None:
        key = (change["type"], change["id"])
        if change["op"] == "put":
            self._store.execute(
                f"INSERT OR REPLACE INTO {table} (type, id, v, data) VALUES (?, ?, ?, ?)",  # noqa: S608 (two literals)
                *(*key, change["v"], json.dumps(change["data"], ensure_ascii=False)),
            )
        elif change["op"] == "drop":
            self._store.execute(f"DELETE FROM {table} WHERE type = ? AND id = ?", *key)  # noqa: S608 (two literals)

    def _swap(self, cursor: str) -> None:
        self._store.execute("DELETE FROM mirror")
        self._store.execute("INSERT INTO mirror SELECT * FROM mirror_fresh")
        self._store.execute("DELETE FROM mirror_fresh")
        self._store.write_note("cursor", cursor)
        self._store.write_note("fresh_cursor", None)
        self._store.write_note("refreshing", None)
