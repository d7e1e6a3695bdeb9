"""The tables of a handset's outbox file, and how a file of an older version becomes one of this version.

Nothing is ever lost on the way: items and photographs keep their rows, an officer's mirror and key move to the
officer. The version stands in the file's ``user_version``; an upgrade is one transaction. Knows no network.
"""

import json
import sqlite3

VERSION = 2

_FIRST = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE items (
    dseq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, kv INTEGER NOT NULL,
    officer_id TEXT NOT NULL, body TEXT NOT NULL, fingerprint TEXT NOT NULL, sig TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'unsent', answer TEXT, acked INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX ix_items_unsent ON items (dseq) WHERE acked = 0;
CREATE TABLE photos (
    sha256 TEXT PRIMARY KEY, path TEXT NOT NULL, size INTEGER NOT NULL, item_id TEXT NOT NULL,
    upload_url TEXT, sent_bytes INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'pending', problem TEXT
);
"""
_SECOND = """
ALTER TABLE items ADD COLUMN n INTEGER;
ALTER TABLE items ADD COLUMN salvaged INTEGER NOT NULL DEFAULT 0;
CREATE INDEX ix_items_state ON items (state, dseq) WHERE state NOT IN ('applied', 'duplicate');
ALTER TABLE photos ADD COLUMN priority INTEGER;
CREATE INDEX ix_photos_pending ON photos (priority) WHERE state = 'pending';
CREATE TABLE photo_items (
    sha256 TEXT NOT NULL, item_id TEXT NOT NULL, PRIMARY KEY (sha256, item_id)
) WITHOUT ROWID;
CREATE TABLE officers (
    id TEXT PRIMARY KEY, profile TEXT NOT NULL, key TEXT NOT NULL, session_until TEXT, last_fingerprint TEXT,
    cursor TEXT, reconcile_because TEXT, digest_reconciled_at INTEGER, want_digest INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE entities (
    officer_id TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, v TEXT NOT NULL, data TEXT NOT NULL,
    deferred INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (officer_id, type, id)
) WITHOUT ROWID;
CREATE TABLE reconciliations (officer_id TEXT PRIMARY KEY, manifest TEXT NOT NULL, page TEXT) WITHOUT ROWID;
CREATE TABLE shift_changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, officer_id TEXT NOT NULL, reading TEXT NOT NULL,
    is_told INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE documents (name TEXT PRIMARY KEY, version TEXT NOT NULL, entries TEXT NOT NULL) WITHOUT ROWID;
"""
_SUM_MODULUS = 2**128


class NewerOutboxError(Exception):
    """The file was written by a newer app: update this one; nothing was touched."""


def prepare(connection: sqlite3.Connection) -> None:
    """Lay out an empty file, or bring an older one to this version; raises NewerOutboxError."""
    found = _version(connection)
    if found == VERSION:
        return
    if found > VERSION:
        raise NewerOutboxError(f"this outbox has version {found}, this app knows {VERSION}: update the app")
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been quicker.
        if _version(connection) < VERSION:
            _upgrade(connection)
        connection.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _upgrade(connection: sqlite3.Connection) -> None:
    is_old = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'items'").fetchone()
    for script in (_SECOND,) if is_old else (_FIRST, _SECOND):
        # One by one: executescript would commit first, and a kill could then leave half a file.
        for statement in script.split(";\n"):
            connection.execute(statement)
    if is_old:
        _carry_over(connection)


def _carry_over(connection: sqlite3.Connection) -> None:
    """Fill what version 1 kept elsewhere: one officer's key, chain and mirror, the sums, who declares a photo."""
    notes = dict(connection.execute("SELECT name, value FROM meta").fetchall())
    if "officer" in notes and "key" in notes:
        officer_id = str(json.loads(notes["officer"])["id"])
        connection.execute(
            "INSERT INTO officers (id, profile, key, last_fingerprint, cursor) VALUES (?, ?, ?, ?, ?)",
            (officer_id, notes["officer"], notes["key"], notes.get("last_fingerprint"), notes.get("cursor")),
        )
        connection.execute(
            "INSERT INTO entities (officer_id, type, id, v, data) SELECT ?, type, id, v, data FROM mirror",
            (officer_id,),
        )
        connection.executemany(
            "INSERT INTO meta (name, value) VALUES (?, ?)",
            [("active_officer", officer_id), ("officer_on_shift", officer_id)],
        )
    count, total = 0, 0
    for item_id, fingerprint, acked, body, answer in connection.execute(
        "SELECT id, fingerprint, acked, body, answer FROM items"
    ).fetchall():
        if acked:
            count, total = count + 1, (total + int(fingerprint[:32], 16)) % _SUM_MODULUS
        connection.execute("UPDATE items SET n = ? WHERE id = ?", (_number(answer), item_id))
        photos = json.loads(body).get("payload", {}).get("photos", ())
        connection.executemany(
            "INSERT OR IGNORE INTO photo_items VALUES (?, ?)", [(photo["sha256"], item_id) for photo in photos]
        )
    connection.executemany(
        "INSERT INTO meta (name, value) VALUES (?, ?)", [("acked_count", str(count)), ("acked_sum", f"{total:032x}")]
    )
    _forget_first(connection, was_enrolled="officer" in notes)


def _number(answer: str | None) -> int | None:
    number = json.loads(answer).get("n") if answer else None
    return number if isinstance(number, int) else None


def _forget_first(connection: sqlite3.Connection, *, was_enrolled: bool) -> None:
    """Drop what now stands elsewhere; a key that was made but never enrolled stays, its code may be sent again."""
    stale = ["officer", "last_fingerprint", "cursor", "fresh_cursor", "refreshing", *(["key"] if was_enrolled else [])]
    connection.executemany("DELETE FROM meta WHERE name = ?", [(name,) for name in stale])
    connection.execute("DROP TABLE mirror")
    connection.execute("DROP TABLE mirror_fresh")
