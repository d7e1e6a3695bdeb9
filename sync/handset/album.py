"""The handset's photographs: bytes in a folder beside the outbox, and how far each has been delivered.

A file is named by its SHA-256 and is on disk, synced, before any row mentions it. Knows no HTTP.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

from sync.handset.store import Store

PENDING, DONE, DAMAGED, REFUSED, FREED = "pending", "done", "damaged", "refused", "freed"
_LAST = 1_000_000


@dataclass(frozen=True)
class Snap:
    """A photograph just taken, for one role of an item (``near``, ``far``, ``before``, ``after``, ``check`` …)."""

    role: str
    data: bytes
    media_type: str = "image/jpeg"
    source: str = "camera"


@dataclass(frozen=True)
class KeptPhoto:
    """One photograph in the album. ``sent_bytes`` is what the server last said it holds durably.

    ``priority`` is the server's while somebody there waits for it, 1 first.
    """

    sha256: str
    path: Path
    size: int
    item_id: str
    upload_url: str | None
    sent_bytes: int
    state: str
    problem: str | None
    priority: int | None

    def read(self, start: int, length: int) -> bytes:
        """Return at most ``length`` bytes from ``start``; FileNotFoundError when the card lost the file."""
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read(length)

    def is_whole(self) -> bool:
        """Say whether the file is there in its full length."""
        return self.path.is_file() and self.path.stat().st_size == self.size

    def is_intact(self) -> bool:
        """Say whether the file still holds the bytes it is named after."""
        if not self.is_whole():
            return False
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256


class Album:
    """The photographs of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._folder = store.folder / "photos"
        self._folder.mkdir(exist_ok=True)

    def keep(self, snap: Snap) -> dict[str, object]:
        """Put the bytes on disk, synced; returns the item's declaration ``{role, sha256, size, …}``."""
        sha256 = hashlib.sha256(snap.data).hexdigest()
        partial = self._folder / f"{sha256}.part"
        with partial.open("wb") as file:
            file.write(snap.data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._folder / sha256)
        _sync_folder(self._folder)
        return {
            "role": snap.role,
            "sha256": sha256,
            "size": len(snap.data),
            "media_type": snap.media_type,
            "source": snap.source,
        }

    def declare(self, item_id: str, sha256: str, size: int) -> None:
        """Note a kept photograph for delivery; call inside the item's transaction.

        The same bytes in a second item need no second delivery; bytes that were lost and taken again do.
        """
        self._store.execute(
            "INSERT INTO photos (sha256, path, size, item_id) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (sha256) DO UPDATE SET problem = NULL,"
            " state = CASE photos.state WHEN 'damaged' THEN 'pending' WHEN 'freed' THEN 'done' ELSE photos.state END",
            *(sha256, f"{self._folder.name}/{sha256}", size, item_id),
        )
        self._store.execute("INSERT OR IGNORE INTO photo_items VALUES (?, ?)", sha256, item_id)

    def pending(self) -> list[KeptPhoto]:
        """Return what is still to be delivered: what somebody waits for first, then in the order it was taken."""
        rows = self._store.execute(
            "SELECT * FROM photos WHERE state = 'pending' ORDER BY coalesce(priority, ?), rowid", _LAST
        )
        return [self._kept(row) for row in rows]

    def pending_hashes(self, most: int) -> list[str]:
        """Return the hashes of what is still to be delivered, at most so many, in the same order."""
        rows = self._store.execute(
            "SELECT sha256 FROM photos WHERE state = 'pending' ORDER BY coalesce(priority, ?), rowid LIMIT ?",
            *(_LAST, most),
        )
        return [row["sha256"] for row in rows]

    def photo(self, sha256: str) -> KeptPhoto:
        """Return one photograph; KeyError when it was never kept here."""
        rows = self._store.execute("SELECT * FROM photos WHERE sha256 = ?", sha256)
        if not rows:
            raise KeyError(sha256)
        return self._kept(rows[0])

    def progress(self, sha256: str, *, upload_url: str | None, sent_bytes: int) -> None:
        """Note where the upload stands, so that it goes on from there after any break."""
        self._store.execute(
            "UPDATE photos SET upload_url = ?, sent_bytes = ? WHERE sha256 = ?", upload_url, sent_bytes, sha256
        )

    def finish(self, sha256: str, state: str, problem: str | None = None) -> None:
        """Close a delivery as ``done``, ``damaged`` or ``refused``; the bytes stay on the handset."""
        self._store.execute("UPDATE photos SET state = ?, problem = ? WHERE sha256 = ?", state, problem, sha256)

    def wanted(self, wants: Iterable[object]) -> None:
        """Keep the server's newest wishes ``{sha256, priority}``: they come first, and what it misses goes again.

        What was delivered before (a restore, a lost disk) is queued anew if its bytes are still here.
        """
        with self._store.transaction():
            self._store.execute("UPDATE photos SET priority = NULL WHERE priority IS NOT NULL")
            for want in wants:
                if not isinstance(want, Mapping):
                    continue
                priority = want.get("priority")
                self._store.execute(
                    "UPDATE photos SET priority = ? WHERE sha256 = ?",
                    *(priority if type(priority) is int else _LAST - 1, str(want.get("sha256"))),
                )
            self._requeue("state = 'done' AND priority IS NOT NULL")

    def ask_again(self) -> None:
        """Queue everything delivered once more: opening an upload tells whether the server still has it."""
        self._requeue("state = 'done'")

    def _requeue(self, which: LiteralString) -> None:
        self._store.execute(
            f"UPDATE photos SET state = 'pending', upload_url = NULL, sent_bytes = 0 WHERE {which}"  # noqa: S608 (literals)
        )

    def prune(self, backed_up_through: int) -> int:
        """Free the bytes of delivered photographs whose items are all in a proved backup; returns how many bytes.

        An item counts when it is acknowledged with a number up to ``backed_up_through``. What somebody waits for
        stays. The row says first that the bytes are gone: a kill in between leaves a file for the next time.
        """
        freed = 0
        safe = self._store.execute(
            "SELECT sha256, size FROM photos WHERE state = 'done' AND priority IS NULL AND NOT EXISTS ("
            " SELECT 1 FROM photo_items JOIN items ON items.id = photo_items.item_id"
            " WHERE photo_items.sha256 = photos.sha256 AND (items.acked = 0 OR items.n IS NULL OR items.n > ?))",
            backed_up_through,
        )
        with self._store.transaction():
            for row in safe:
                self.finish(row["sha256"], FREED)
                freed += row["size"]
        for row in self._store.execute("SELECT path FROM photos WHERE state = 'freed'"):
            (self._store.folder / row["path"]).unlink(missing_ok=True)
        return freed

    def _kept(self, row: sqlite3.Row) -> KeptPhoto:
        return KeptPhoto(
            sha256=row["sha256"],
            path=self._store.folder / row["path"],
            size=row["size"],
            item_id=row["item_id"],
            upload_url=row["upload_url"],
            sent_bytes=row["sent_bytes"],
            state=row["state"],
            problem=row["problem"],
            priority=row["priority"],
        )


def _sync_folder(folder: Path) -> None:
    """Make a rename durable: on ext4 and xfs the name is data of the folder, not of the file."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
