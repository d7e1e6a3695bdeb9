"""The handset's one SQLite file: transactions and small notes. Its tables are in schema.py.

Knows neither the network nor what items mean. Every write that must be whole happens inside
`Store.transaction`; a kill at any instant leaves all of it or nothing.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sync.handset.schema import prepare

FILE_NAME = "outbox.sqlite3"


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
        prepare(self._connection)

    def close(self) -> None:
        """Close the file; nothing is pending, every write was committed."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make everything inside one write: all of it is on disk afterwards, or none. Inside another it joins that."""
        if self._connection.in_transaction:
            yield
            return
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

    def count(self, statement: str, *values: object) -> int:
        """Return the number that a SELECT of one number gives; NULL counts as 0."""
        return int(self.execute(statement, *values)[0][0] or 0)

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
