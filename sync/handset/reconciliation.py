"""Reconcile: the way back to a right mirror from any state, in pages, to be taken up again after any break.

The manifest is written down when it is first sent, because the pages change the mirror that it was made from.
Knows no network: `handset.pulling` carries the requests.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync.handset.mirror import Mirror
from sync.handset.store import Store

DIGEST = "digest"
_MOST_ENTRIES = 20_000
_DIGEST_PAUSE_SECONDS = 6 * 3600


@dataclass(frozen=True)
class Progress:
    """A reconciliation under way: the manifest as first sent, and the page to ask for (None = the first)."""

    manifest: list[list[str]]
    page: str | None


class Reconciliation:
    """The reconciliation of one officer's mirror."""

    def __init__(self, store: Store, officer_id: str, mirror: Mirror) -> None:
        self._store = store
        self._officer_id = officer_id
        self._mirror = mirror

    def because(self) -> str | None:
        """Return why the mirror must be reconciled, None when it need not."""
        rows = self._store.execute("SELECT reconcile_because FROM officers WHERE id = ?", self._officer_id)
        return rows[0]["reconcile_because"] if rows else None

    def demand(self, reason: str) -> None:
        """Note that the mirror must be reconciled, from the first page on."""
        with self._store.transaction():
            self._store.execute("DELETE FROM reconciliations WHERE officer_id = ?", self._officer_id)
            self._store.execute("UPDATE officers SET reconcile_because = ? WHERE id = ?", reason, self._officer_id)

    def doubt(self, digest: object, now: datetime) -> bool:
        """Compare the server's digest with the mirror's; a difference demands to reconcile, once in six hours.

        Returns whether they differ. A digest of an unknown algorithm says nothing.
        """
        if not isinstance(digest, Mapping) or digest.get("alg") != "sum128":
            return False
        own = self._mirror.digest()
        if digest.get("n") == own["n"] and digest.get("value") == own["value"]:
            return False
        seconds = int(now.timestamp())
        last = self._store.execute("SELECT digest_reconciled_at FROM officers WHERE id = ?", self._officer_id)[0][0]
        if last is None or not last <= seconds < last + _DIGEST_PAUSE_SECONDS:
            with self._store.transaction():
                self._store.execute(
                    "UPDATE officers SET digest_reconciled_at = ? WHERE id = ?", seconds, self._officer_id
                )
                self.demand(DIGEST)
        return True

    def progress(self) -> Progress:
        """Return where it stands; the first call writes the manifest down.

        A mirror beyond the manifest's limit is emptied first: everything then comes as new.
        """
        rows = self._store.execute("SELECT * FROM reconciliations WHERE officer_id = ?", self._officer_id)
        if rows:
            return Progress(json.loads(rows[0]["manifest"]), rows[0]["page"])
        with self._store.transaction():
            held = self._store.execute(
                "SELECT type, id, v FROM entities WHERE officer_id = ? ORDER BY type, id", self._officer_id
            )
            if len(held) > _MOST_ENTRIES:
                self._store.execute("DELETE FROM entities WHERE officer_id = ?", self._officer_id)
                held = []
            # What the server still cannot render it defers again; what it does not mention is right as it stands.
            self._store.execute("UPDATE entities SET deferred = 0 WHERE officer_id = ?", self._officer_id)
            manifest = [[row["type"], row["id"], row["v"]] for row in held]
            self._store.execute(
                "INSERT INTO reconciliations (officer_id, manifest) VALUES (?, ?)",
                *(self._officer_id, json.dumps(manifest)),
            )
        return Progress(manifest, None)

    def apply(self, page: Mapping[str, Any]) -> bool:
        """Apply one page in one transaction, the last one with the cursor; returns whether more pages wait.

        A page without what must follow it (``next_page``, or ``next_cursor`` at the end) is a KeyError.
        """
        more = bool(page["has_more"])
        with self._store.transaction():
            for change in page["changes"]:
                self._mirror.change(change)
            if more:
                self._store.execute(
                    "UPDATE reconciliations SET page = ? WHERE officer_id = ?", page["next_page"], self._officer_id
                )
            else:
                self._store.execute("DELETE FROM reconciliations WHERE officer_id = ?", self._officer_id)
                self._store.execute(
                    "UPDATE officers SET cursor = ?, reconcile_because = NULL, want_digest = 1 WHERE id = ?",
                    *(str(page["next_cursor"]), self._officer_id),
                )
        return more
