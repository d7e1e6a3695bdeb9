"""What the auditor reads: the handsets' outbox files on one side, the server's books on the other.

Outboxes are read here with plain SQL and plain hashing, not through the handset's own code, so that a fault
there cannot hide itself. The server's side is a port; server/gateway/audit.py implements it.
"""

import hashlib
import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sync.handset.store import FILE_NAME


@dataclass(frozen=True)
class OutboxItem:
    """One item row. ``fingerprint`` is computed from the body now; ``photos`` are the hashes the body declares."""

    id: str
    dseq: int
    kind: str
    fingerprint: str
    stored_fingerprint: str
    previous: str | None
    state: str
    acked: bool
    photos: tuple[str, ...]


@dataclass(frozen=True)
class OutboxPhoto:
    """One photo row; ``actual_sha256`` is what the file on the handset holds now, None when it is gone."""

    sha256: str
    state: str
    actual_sha256: str | None


@dataclass(frozen=True)
class OutboxBook:
    """One handset's outbox as found on disk. ``made`` is its own counter of items ever written."""

    name: str
    install_id: str
    made: int
    items: tuple[OutboxItem, ...]
    photos: tuple[OutboxPhoto, ...]


@dataclass(frozen=True)
class InboxEntry:
    """One row of the server's inbox."""

    item_id: str
    fingerprint: str
    install_id: str
    state: str
    is_primary: bool


@dataclass(frozen=True)
class Effect:
    """One thing that an item brought about: ``kind`` is ``case`` or ``task_event``; ``state`` is a case's own."""

    item_id: str
    kind: str
    id: str
    state: str = ""


class ServerBooks(Protocol):
    """The server's books, read from its tables and its blob store, never from its counters or its API."""

    def inbox(self, install_ids: Collection[str]) -> Sequence[InboxEntry]:
        """Return every inbox row of these installs, duplicates of one id included."""
        ...

    def effects(self, item_ids: Collection[str]) -> Sequence[Effect]:
        """Return every case and task event whose origin is one of these items."""
        ...

    def declared(self, item_ids: Collection[str]) -> Mapping[str, Collection[str]]:
        """Return, by item, the photo hashes that the server's evidence expects or has from it."""
        ...

    def originals(self, hashes: Collection[str]) -> Mapping[str, str]:
        """Return, by declared hash, the SHA-256 of the original's bytes as read now; a missing one has no entry."""
        ...


def read_outbox(folder: Path) -> OutboxBook:
    """Read one handset's folder; FileNotFoundError when it holds no outbox."""
    file = folder / FILE_NAME
    if not file.is_file():
        raise FileNotFoundError(file)
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    try:
        meta = {row["name"]: row["value"] for row in connection.execute("SELECT name, value FROM meta")}
        return OutboxBook(
            name=folder.name,
            install_id=meta.get("install_id", ""),
            made=int(meta.get("dseq", 0)),
            items=tuple(_item(row) for row in connection.execute("SELECT * FROM items ORDER BY dseq")),
            photos=tuple(_photo(folder, row) for row in connection.execute("SELECT * FROM photos ORDER BY sha256")),
        )
    finally:
        connection.close()


def _item(row: sqlite3.Row) -> OutboxItem:
    body: dict[str, Any] = json.loads(row["body"])
    return OutboxItem(
        id=row["id"],
        dseq=row["dseq"],
        kind=row["kind"],
        fingerprint=hashlib.sha256(row["body"].encode("utf-8")).hexdigest(),
        stored_fingerprint=row["fingerprint"],
        previous=body["prev"],
        state=row["state"],
        acked=bool(row["acked"]),
        photos=tuple(photo["sha256"] for photo in body["payload"].get("photos", ())),
    )


def _photo(folder: Path, row: sqlite3.Row) -> OutboxPhoto:
    path = folder / row["path"]
    actual = None
    if path.is_file():
        with path.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
    return OutboxPhoto(sha256=row["sha256"], state=row["state"], actual_sha256=actual)
