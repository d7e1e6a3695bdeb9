"""What is acknowledged is committed, and what is committed was put on the disk before."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from psycopg.errors import DiskFull
from sqlalchemy import Connection, Engine, PoolProxiedConnection, event, func, select
from support.databases import waits_for_the_disk
from support.field import FieldHandset, photo
from support.office import Office

from photo_store.blobs import original_key
from server.config import Settings
from server.gateway.models import InboxItem

# What happened, in its order: a file or folder was synced (its inode), or a transaction that wrote a table committed.
Log = list[tuple[str, int | str]]
FULL = {
    "sqlite": sqlite3.OperationalError("database or disk is full"),
    "postgresql": DiskFull("no space left on device"),
}


@contextmanager
def commits(engine: Engine, table: str, log: Log) -> Iterator[None]:
    """Log the commits of transactions that insert into a table."""
    written: list[str] = []

    def note_statement(_connection: Connection, _cursor: object, statement: str, *_others: object) -> None:
        if f"INTO {table} " in statement:
            written.append(table)

    def note_commit(connection: Connection) -> None:
        if written:
            log.append(("commit" if waits_for_the_disk(connection) else "commit unsynced", written[0]))
        written.clear()

    event.listen(engine, "before_cursor_execute", note_statement)
    event.listen(engine, "commit", note_commit)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", note_statement)
        event.remove(engine, "commit", note_commit)


def test_a_push_whose_commit_fails_acknowledges_nothing(
    durable: Engine, collector: FieldHandset, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    items, log = [collector.item(), collector.item()], Log()
    with commits(durable, "inbox_item", log):
        really_commit = durable.dialect.do_commit

        def full_disk(connection: PoolProxiedConnection) -> None:
            """Fail as both databases do where the log cannot be written: nothing is left of the transaction."""
            if log:
                connection.rollback()
                raise FULL[durable.dialect.name]
            really_commit(connection)

        monkeypatch.setattr(durable.dialect, "do_commit", full_disk)
        answer = collector.push(*items)
    monkeypatch.undo()
    assert log == [("commit", "inbox_item")]
    assert [result["state"] for result in answer["results"]] == ["retry", "retry"]
    assert office.rows(lambda session: session.scalar(select(func.count()).select_from(InboxItem))) == 0
    assert collector.states(*items) == ["applied", "applied"]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    """Return a log in which every fsync of this process is entered."""
    entered, really_sync = Log(), os.fsync

    def sync(handle: int) -> None:
        really_sync(handle)
        entered.append(("synced", os.fstat(handle).st_ino))

    monkeypatch.setattr(os, "fsync", sync)
    return entered


def before_commit(log: Log, table: str) -> set[int | str]:
    """Return the inodes that were synced before the transaction committed that wrote into ``table``."""
    return {what for kind, what in log[: log.index(("commit", table))] if kind == "synced"}


def test_bytes_of_an_upload_are_on_disk_before_their_offset_is_committed(
    durable: Engine, settings: Settings, collector: FieldHandset, log: Log
) -> None:
    one = photo()
    created = collector.create(one)
    with commits(durable, "upload_segment", log):
        collector.append(created.headers["Location"], 0, one.content[:2000])
    (segment,) = settings.spool_dir.iterdir()
    synced = before_commit(log, "upload_segment")
    assert segment.stat().st_ino in synced, "the segment's bytes"
    assert settings.spool_dir.stat().st_ino in synced, "the segment's name"


def test_an_original_is_on_disk_before_its_photo_is_committed(
    durable: Engine, settings: Settings, collector: FieldHandset, log: Log
) -> None:
    one = photo()
    with commits(durable, "photo", log):
        collector.upload(one)
    original = settings.blob_dir / original_key(one.sha256)
    synced = before_commit(log, "photo")
    assert original.stat().st_ino in synced, "the original's bytes"
    assert original.parent.stat().st_ino in synced, "the original's name"


def test_an_upload_that_brings_its_bytes_waits_for_the_disk_only_with_them(
    durable: Engine, collector: FieldHandset, log: Log
) -> None:
    with commits(durable, "upload", log):
        collector.create(photo())
        assert log.pop() == ("commit", "upload"), "a promised address"
        one = photo()
        assert collector.create_with(one, one.content).status_code == 201
    first = next(step for step in log if step[0] != "synced")
    assert first == ("commit unsynced", "upload"), "promised is only what comes after it"


@pytest.mark.parametrize("cut", [0, 2000])
def test_what_a_creation_with_bytes_promises_was_committed_to_the_disk(
    durable: Engine, collector: FieldHandset, log: Log, cut: int
) -> None:
    one = photo()
    with commits(durable, "upload_segment" if cut else "photo", log):
        answer = collector.create_with(one, one.content[: cut or None])
    assert answer.headers["Upload-Offset"] == str(cut or len(one.content))
    assert log[-1] == ("commit", "upload_segment" if cut else "photo")
