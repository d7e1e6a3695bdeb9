"""An outbox file of the first version opens without losing anything."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.field_server import FieldServer, running_field_server

from sync.handset import DeviceKey, Handset, NewerOutboxError, Refused
from sync.handset.store import FILE_NAME

# As version 1 laid the file out; it is history and never changes.
FIRST_VERSION = """
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
CREATE TABLE mirror (
    type TEXT NOT NULL, id TEXT NOT NULL, v TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (type, id)
) WITHOUT ROWID;
CREATE TABLE mirror_fresh (
    type TEXT NOT NULL, id TEXT NOT NULL, v TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (type, id)
) WITHOUT ROWID;
"""
PHOTO = b"\7" * 1500
REPORT = {"category": {"scheme": "s", "code": "0101"}, "description": "暴露垃圾", "position": {"lon": 1, "lat": 2}}


@pytest.fixture
def server() -> Iterator[FieldServer]:
    with running_field_server() as state:
        yield state


def first_version(folder: Path, notes: dict[str, str]) -> sqlite3.Connection:
    (folder / "photos").mkdir(parents=True)
    connection = sqlite3.connect(folder / FILE_NAME, isolation_level=None)
    connection.executescript(FIRST_VERSION)
    connection.executemany("INSERT INTO meta VALUES (?, ?)", notes.items())
    return connection


def enrolled(folder: Path, server: FieldServer) -> list[str]:
    """Lay out an enrolled handset of version 1 with one delivered item and one unsent; returns their fingerprints."""
    key = DeviceKey.make()
    code = server.code_for()
    _, answer = server.enrol({"code": code, "public_key": key.public()})
    officer_id, previous = answer["officer"]["id"], None
    sha256 = hashlib.sha256(PHOTO).hexdigest()
    connection = first_version(
        folder,
        {
            "install_id": answer["install_id"],
            "credential": answer["credential"],
            "epoch": "e1",
            "officer": json.dumps(answer["officer"]),
            "limits": json.dumps(answer["limits"]),
            "key": key.pem(),
            "cursor": "k0.e1",
            "dseq": "2",
        },
    )
    for dseq in (1, 2):
        head = {"id": f"0000000{dseq}-0000-7000-8000-000000000000", "dseq": dseq, "prev": previous, "kind": "report"}
        payload = {**REPORT, "photos": [{"role": "near", "sha256": sha256, "size": 1500}]}
        body = json.dumps({**head, "kv": 1, "officer_id": officer_id, "captured": {}, "payload": payload})
        previous = hashlib.sha256(body.encode()).hexdigest()
        connection.execute(
            "INSERT INTO items (dseq, id, kind, kv, officer_id, body, fingerprint, sig)"
            " VALUES (?, ?, ?, 1, ?, ?, ?, ?)",
            (dseq, head["id"], "report", officer_id, body, previous, key.sign(answer["install_id"], previous)),
        )
    answered = json.dumps({"state": "applied", "n": 7})
    connection.execute("UPDATE items SET state = 'applied', acked = 1, answer = ? WHERE dseq = 1", (answered,))
    connection.execute(
        "INSERT INTO photos (sha256, path, size, item_id) VALUES (?, ?, 1500, ?)",
        (sha256, f"photos/{sha256}", "00000001-0000-7000-8000-000000000000"),
    )
    (folder / "photos" / sha256).write_bytes(PHOTO)
    connection.execute("INSERT INTO mirror VALUES ('task', 't', 'v', '{\"task_id\": \"t\"}')")
    connection.execute("INSERT INTO meta VALUES ('last_fingerprint', ?)", (previous,))
    fingerprints = [row[0] for row in connection.execute("SELECT fingerprint FROM items ORDER BY dseq")]
    connection.close()
    return fingerprints


def test_nothing_of_an_older_file_is_lost(server: FieldServer, tmp_path: Path) -> None:
    fingerprints = enrolled(tmp_path, server)
    for _ in range(2):
        with Handset(tmp_path, server.url) as handset:
            assert [item.fingerprint for item in handset.outbox.items()] == fingerprints
            assert [(item.acked, item.n) for item in handset.outbox.items()] == [(True, 7), (False, None)]
            assert handset.outbox.acked() == {"count": 1, "sum": fingerprints[0][:32]}
            assert handset.mirror.entities("task") == [{"task_id": "t"}]
            assert handset.mirror.cursor() == "k0.e1"
            assert len(handset.album.pending()) == 1


def test_an_upgraded_handset_goes_on_where_it_was(server: FieldServer, tmp_path: Path) -> None:
    fingerprints = enrolled(tmp_path, server)
    with Handset(tmp_path, server.url) as handset:
        later = json.loads(handset.outbox.item(handset.record("report", REPORT)).body)
        assert (later["dseq"], later["prev"]) == (3, fingerprints[1])
        handset.sync()
        assert handset.outbox.unsent_count() == 0
    assert (len(server.inbox), list(server.photos.values())) == (2, [PHOTO])


def test_a_photo_that_two_old_items_declare_is_freed_only_after_both(server: FieldServer, tmp_path: Path) -> None:
    enrolled(tmp_path, server)
    server.answers_more = {"backed_up_through": 7}
    with Handset(tmp_path, server.url) as handset:
        handset.upload_photos()
        assert handset.album.prune(7) == 0
        handset.sync()
        assert handset.prune_photos() == 1500


def test_a_key_whose_code_got_no_answer_is_sent_again(server: FieldServer, tmp_path: Path) -> None:
    key, code = DeviceKey.make(), server.code_for()
    server.enrol({"code": code, "public_key": key.public()})
    first_version(tmp_path, {"key": key.pem()}).close()
    with Handset(tmp_path, server.url) as handset:
        handset.enrol(code)
        assert handset.install_id == server.enrolled[code]["install_id"]
        with pytest.raises(Refused, match="unknown-code"):
            handset.enrol_officer("another")


def test_a_file_of_a_newer_app_is_not_touched(tmp_path: Path) -> None:
    with Handset(tmp_path, "http://127.0.0.1:1"):
        pass
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = (tmp_path / FILE_NAME).read_bytes()
    with pytest.raises(NewerOutboxError, match="update the app"):
        Handset(tmp_path, "http://127.0.0.1:1")
    assert (tmp_path / FILE_NAME).read_bytes() == before
