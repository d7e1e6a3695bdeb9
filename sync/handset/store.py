"""The handset's one SQLite file: schema, transactions and small notes.

Knows neither the network nor what items mean. Every write that must be whole happens inside
`Store.transaction`; a kill at any instant leaves all of it or nothing.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILE_NAME = "outbox.sqlite3"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS items (
    dseq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, kv INTEGER NOT NULL,
    officer_id TEXT NOT NULL, body TEXT NOT NULL, fingerprint TEXT NOT NULL, sig TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'unsent', answer TEXT, acked INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS ix_items_unsent ON items (dseq) WHERE acked = 0;
CREATE TABLE IF NOT EXISTS photos (
    sha256 TEXT PRIMARY KEY, path TEXT NOT NULL, size INTEGER NOT NULL, item_id TEXT NOT NULL,
    upload_url TEXT, sent_bytes INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'pending', problem TEXT
);
CREATE TABLE IF NOT EXISTS mirror (
    type TEXT NOT NULL, id TEXT NOT NULL, v TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (type, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mirror_fresh (
    type TEXT NOT NULL, id TEXT NOT NULL, v TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (type, id)
) WITHOUT ROWID;
"""


class Store:
    """An open outbox file in its folder; used by one thread at a time, one writer process."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._connection = sqlite3.connect(folder / FILE_NAME, isolation_level=None, timeout=10)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        # FULL: an item that the officer saw saved survives the battery falling out.
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file; nothing is pending, every write was committed."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make everything inside one write: all of it is on disk afterwards, or none."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def execute(self, statement: str, *values: object) -> list[sqlite3.Row]:
        """Run one statement and return its rows; outside a transaction it commits at once."""
        return self._connection.execute(statement, values).fetchall()

    def note(self, name: str) -> str | None:
        """Return one remembered value."""
        rows = self.execute("SELECT value FROM meta WHERE name = ?", name)
        return str(rows[0]["value"]) if rows else None

    def write_note(self, name: str, value: str | None) -> None:
        """Remember one value; None forgets it."""
        if value is None:
            self.execute("DELETE FROM meta WHERE name = ?", name)
        else:
            self.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", name, value)
