"""Rows against bytes: what is lost is asked for again, what nobody knows is told and goes only on demand."""

import hashlib
import io

import pytest
from flask import Flask
from sqlalchemy import delete, select
from support.databases import ON_SQLITE_ONLY
from support.field import FieldHandset, photo, report
from support.photo_pool import DAY, Pool, later

from photo_store.blobs import BlobStore, BlobUnavailable, original_key
from photo_store.disk import DiskBlobs
from server.evidence import pool as writes
from server.evidence.models import Photo
from server.ledger.models import Alarm

ONE, TWO = photo(1), photo(2)
STRAY = b"bytes that nobody knows"
STRAY_SHA256 = hashlib.sha256(STRAY).hexdigest()


def put(store: BlobStore, content: bytes) -> None:
    store.put(original_key(hashlib.sha256(content).hexdigest()), io.BytesIO(content))


def alarms(pool: Pool) -> list[tuple[str, str]]:
    rows = pool.ask(lambda session: session.execute(select(Alarm.name, Alarm.subject)).all())
    return [(row.name, row.subject) for row in rows]


def test_a_sound_store_has_no_findings(pool: Pool, collector: FieldHandset) -> None:
    collector.push(collector.item(payload=report(ONE)))
    collector.upload(ONE, TWO)
    assert sum(pool.reconcile().counts.values()) == 0


def test_lost_bytes_raise_an_alarm_and_the_handset_is_asked_for_them_again(pool: Pool, collector: FieldHandset) -> None:
    collector.push(collector.item(payload=report(ONE)))
    collector.upload(ONE)
    pool.blobs.delete(original_key(ONE.sha256))
    assert pool.reconcile().lost == [ONE.sha256]
    assert alarms(pool) == [("photo_lost", f"photo:{ONE.sha256}")]
    assert pool.reconcile().lost == []
    assert [want["sha256"] for want in collector.push()["photo_wants"]] == [ONE.sha256]
    assert collector.create(ONE).headers["Upload-Offset"] == "0"
    collector.upload(ONE)
    assert pool.has_bytes(ONE.sha256)
    assert collector.push()["photo_wants"] == []
    stored = pool.row(ONE.sha256)
    assert stored is not None
    assert stored.damage is None


def test_bytes_that_were_put_back_from_a_backup_are_missed_no_more(pool: Pool, collector: FieldHandset) -> None:
    collector.push(collector.item(payload=report(ONE)))
    collector.upload(ONE)
    pool.blobs.delete(original_key(ONE.sha256))
    pool.reconcile()
    put(pool.blobs, ONE.content)
    assert pool.reconcile().found == [ONE.sha256]
    assert collector.push()["photo_wants"] == []


def test_bytes_whose_row_is_gone_get_it_back_when_an_install_has_sent_them(pool: Pool, collector: FieldHandset) -> None:
    collector.push(collector.item(payload=report(ONE)))
    collector.upload(ONE)
    pool.do(lambda session: session.execute(delete(Photo)))
    assert pool.reconcile().adopted == [ONE.sha256]
    stored = pool.row(ONE.sha256)
    assert stored is not None
    assert (stored.width, stored.first_install_id) == (320, collector.enrolled.install_id)
    assert pool.state(ONE.sha256) == "attached"


def test_stray_bytes_are_told_and_stay(pool: Pool) -> None:
    put(pool.blobs, STRAY)
    for _ in range(2):
        result = pool.reconcile()
        assert (result.strays, result.condemned) == ([STRAY_SHA256], [])
    assert pool.has_bytes(STRAY_SHA256)


def test_stray_bytes_that_shall_go_are_deleted_a_day_later(pool: Pool) -> None:
    put(pool.blobs, STRAY)
    assert pool.reconcile(remove=True).condemned == [STRAY_SHA256]
    assert pool.state(STRAY_SHA256) == "condemned"
    assert pool.reconcile(remove=True).strays == []
    pool.collect()
    assert pool.has_bytes(STRAY_SHA256)
    assert pool.collect(DAY).deleted == 1
    assert (pool.state(STRAY_SHA256), pool.has_bytes(STRAY_SHA256)) == ("gone", False)


def test_a_stray_photograph_whose_handset_comes_back_is_taken_with_its_true_facts(
    pool: Pool, collector: FieldHandset
) -> None:
    put(pool.blobs, ONE.content)
    pool.reconcile(remove=True)
    collector.push(collector.item(payload=report(ONE)))
    collector.upload(ONE)
    stored = pool.row(ONE.sha256)
    assert stored is not None
    assert (stored.width, stored.media_type, stored.condemned_at) == (320, "image/jpeg", None)
    assert stored.derive_attempts == 0
    assert pool.collect(DAY).deleted == 0
    assert pool.has_bytes(ONE.sha256)


def test_bytes_that_are_just_arriving_are_no_strays(pool: Pool, collector: FieldHandset) -> None:
    collector.create(ONE)
    put(pool.blobs, ONE.content)
    assert pool.reconcile(remove=True).counts == {}


def test_what_is_being_deleted_is_neither_lost_nor_stray(pool: Pool, collector: FieldHandset) -> None:
    put(pool.blobs, STRAY)
    pool.reconcile(remove=True)
    with later(DAY):
        assert pool.do(writes.mark_deleting, STRAY_SHA256, writes.now() - writes.GRACE) is not None
    assert pool.reconcile(remove=True).counts == {}
    pool.blobs.delete(original_key(STRAY_SHA256))
    assert pool.reconcile(remove=True).counts == {}


def test_a_store_that_is_down_is_no_finding(
    app: Flask, pool: Pool, collector: FieldHandset, monkeypatch: pytest.MonkeyPatch
) -> None:
    collector.upload(ONE)

    def down(_store: DiskBlobs, _prefix: str = "") -> None:
        raise BlobUnavailable("down")

    monkeypatch.setattr(DiskBlobs, "keys", down)
    told = app.test_cli_runner().invoke(args=["photos", "reconcile"])
    assert (told.exit_code, "does not answer" in told.output) == (1, True)
    assert alarms(pool) == []


@ON_SQLITE_ONLY
def test_the_command_lists_what_it_found_and_fails_when_something_is_lost(
    app: Flask, pool: Pool, collector: FieldHandset
) -> None:
    put(pool.blobs, STRAY)
    sound = app.test_cli_runner().invoke(args=["photos", "reconcile"])
    assert (sound.exit_code, STRAY_SHA256 in sound.output) == (0, True)
    collector.upload(ONE)
    pool.blobs.delete(original_key(ONE.sha256))
    lost = app.test_cli_runner().invoke(args=["photos", "reconcile", "--remove"])
    assert lost.exit_code == 1
    assert "lost: 1" in lost.output
    assert "condemned: 1" in lost.output
