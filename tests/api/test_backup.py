"""A backup: what it holds is read from the backup itself, and only that is promised to handsets."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from support.databases import ON_SQLITE_ONLY
from support.field import FieldHandset, Photo, photo, report
from support.keeping import Deployment

from photo_store.blobs import original_key
from server.clock import now
from server.config import Settings
from server.db import db, read
from server.gateway.models import InboxItem
from server.safekeeping.backup import collection_paused, make_backup
from server.safekeeping.errors import SafekeepingError
from server.safekeeping.keepers import keeper_of
from server.safekeeping.manifest import DATABASE, Manifest, blob_path, read_manifest


def silent(_stage: str, _done: int, _total: int) -> None:
    """Tell nobody."""


def at_stage(wanted: str, act: Callable[[], object]) -> Callable[[str, int, int], None]:
    def told(stage: str, _done: int, _total: int) -> None:
        if stage == wanted:
            act()

    return told


def highest_in_copy(app: Flask, backup: Path, handset: FieldHandset, scratch: Path) -> int:
    """Open the snapshot of a backup as a restore would, and return the install's last n."""
    manifest = read_manifest(backup)
    with app.app_context():
        keeper = keeper_of(db.engine, now())
        with keeper.opened(backup / DATABASE, manifest.revision, scratch) as engine, Session(engine) as session:
            return last_n(session, handset)


def last_n(session: Session, handset: FieldHandset) -> int:
    mine = select(func.max(InboxItem.n)).where(InboxItem.install_id == handset.enrolled.install_id)
    return session.execute(mine).scalar_one()


def stored(app: Flask, handset: FieldHandset) -> int:
    with app.app_context():
        return read(last_n, handset)


def damage(settings: Settings, one: Photo) -> None:
    """Change one byte of an original in the store."""
    place = settings.blob_dir / original_key(one.sha256)
    place.chmod(0o640)
    content = bytearray(place.read_bytes())
    content[-3] ^= 1
    place.write_bytes(content)


def test_what_is_in_a_backup_is_promised(deployment: Deployment, collector: FieldHandset) -> None:
    collector.upload(photo())
    collector.push(collector.item(payload=report(photo())), collector.item())
    assert deployment.backed_up_through(collector.enrolled.install_id) == 0
    backup = deployment.backup()
    assert deployment.backed_up_through(collector.enrolled.install_id) == 2
    manifest = read_manifest(backup)
    assert (manifest.blobs, manifest.epoch, manifest.rows["inbox_item"]) == (1, deployment.epoch, 2)
    assert blob_path(backup, photo().sha256).read_bytes() == photo().content
    assert not list(backup.parent.glob("*.partial"))


def test_an_item_committed_after_the_snapshot_is_not_promised(
    app: Flask, deployment: Deployment, collector: FieldHandset, tmp_path: Path
) -> None:
    collector.push(collector.item(), collector.item())
    late = at_stage("snapshot", lambda: collector.push(collector.item(), collector.item(), collector.item()))
    target = tmp_path / "while pushing"
    with app.app_context():
        made = make_backup(target, late)
    assert stored(app, collector) == 5
    assert made.installs == {str(collector.enrolled.install_id): 2}
    assert deployment.backed_up_through(collector.enrolled.install_id) == 2


def test_the_promise_is_what_the_copy_holds_however_fast_handsets_push(
    app: Flask, deployment: Deployment, collector: FieldHandset, tmp_path: Path
) -> None:
    stop = threading.Event()

    def push_on() -> None:
        while not stop.is_set():
            collector.push(collector.item(), collector.item())

    collector.push(collector.item())
    street = threading.Thread(target=push_on)
    street.start()
    try:
        for name in ("one", "two"):
            backup = deployment.backup(name)
            promised = deployment.backed_up_through(collector.enrolled.install_id)
            assert promised == highest_in_copy(app, backup, collector, tmp_path / name)
    finally:
        stop.set()
        street.join()


def test_an_item_whose_photograph_comes_after_the_snapshot_is_not_promised_yet(
    deployment: Deployment, collector: FieldHandset
) -> None:
    collector.push(collector.item(), collector.item(payload=report(photo())), collector.item())
    deployment.backup("first")
    assert deployment.backed_up_through(collector.enrolled.install_id) == 1
    collector.upload(photo())
    deployment.backup("second")
    assert deployment.backed_up_through(collector.enrolled.install_id) == 3


def test_a_promise_is_never_lowered(app: Flask, deployment: Deployment, collector: FieldHandset) -> None:
    collector.push(collector.item())
    deployment.backup("first")
    collector.push(collector.item(payload=report(photo())))
    deployment.backup("second")
    assert deployment.backed_up_through(collector.enrolled.install_id) == 1


def test_a_damaged_original_stops_the_backup_and_nothing_is_promised(
    deployment: Deployment, settings: Settings, collector: FieldHandset
) -> None:
    collector.upload(photo())
    collector.push(collector.item(payload=report(photo())))
    damage(settings, photo())
    failed = deployment.run("backup", "--to", str(deployment.folder / "first"))
    assert failed.exit_code == 1
    assert photo().sha256 in failed.output
    assert deployment.backed_up_through(collector.enrolled.install_id) == 0
    assert not (deployment.folder / "first").exists()
    assert "backup_failed" in deployment.alarms()


@ON_SQLITE_ONLY
def test_an_original_damaged_in_the_store_is_taken_from_the_backup_before(
    deployment: Deployment, settings: Settings, collector: FieldHandset
) -> None:
    collector.upload(photo())
    collector.push(collector.item(payload=report(photo())))
    first = deployment.backup("first")
    damage(settings, photo())
    second = deployment.backup("second")
    assert blob_path(second, photo().sha256).samefile(blob_path(first, photo().sha256))
    assert blob_path(second, photo().sha256).read_bytes() == photo().content


@ON_SQLITE_ONLY
def test_an_original_damaged_in_the_backup_before_is_copied_anew(
    deployment: Deployment, collector: FieldHandset
) -> None:
    collector.upload(photo())
    first = deployment.backup("first")
    blob_path(first, photo().sha256).write_bytes(b"rotten")
    second = deployment.backup("second")
    assert blob_path(second, photo().sha256).read_bytes() == photo().content


@ON_SQLITE_ONLY
def test_an_original_that_nobody_has_any_more_can_be_left_out_by_name(
    deployment: Deployment, settings: Settings, collector: FieldHandset
) -> None:
    collector.upload(photo(1), photo(2))
    (settings.blob_dir / original_key(photo(1).sha256)).unlink()
    assert deployment.run("backup", "--to", str(deployment.folder / "first")).exit_code == 1
    backup = deployment.backup("second", "--lost", photo(1).sha256)
    assert (read_manifest(backup).blobs, read_manifest(backup).lost) == (1, [photo(1).sha256])


def test_a_truncated_snapshot_is_not_read_back(app: Flask, deployment: Deployment, tmp_path: Path) -> None:
    backup = deployment.backup()
    manifest: Manifest = read_manifest(backup)
    largest = max((backup / DATABASE).iterdir(), key=lambda place: place.stat().st_size)
    largest.write_bytes(largest.read_bytes()[: largest.stat().st_size // 2])
    with app.app_context():
        keeper = keeper_of(db.engine, now())
        with (
            pytest.raises(SafekeepingError, match="damaged"),
            keeper.opened(backup / DATABASE, manifest.revision, tmp_path / "scratch"),
        ):
            pass


@ON_SQLITE_ONLY
def test_a_backup_is_never_overwritten(deployment: Deployment) -> None:
    backup = deployment.backup()
    before = json.loads((backup / "manifest.json").read_text())
    again = deployment.run("backup", "--to", str(backup))
    assert again.exit_code == 1
    assert "there already" in again.output
    assert json.loads((backup / "manifest.json").read_text()) == before


@ON_SQLITE_ONLY
def test_what_a_killed_backup_left_is_removed_by_the_next(deployment: Deployment) -> None:
    left = deployment.folder / "killed.partial"
    (left / "database").mkdir(parents=True)
    deployment.backup()
    assert not left.exists()


@ON_SQLITE_ONLY
def test_two_backups_do_not_run_at_once(app: Flask, deployment: Deployment, settings: Settings) -> None:
    with collection_paused(settings.blob_dir):
        refused = deployment.run("backup", "--to", str(deployment.folder / "first"))
    assert refused.exit_code == 1
    assert "Another backup" in refused.output
    deployment.backup()
