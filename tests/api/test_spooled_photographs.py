"""The S3 server is down: handsets notice nothing, what they bring waits on this machine, and moves when it is back."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from support.field import FieldHandset, photo, report
from support.keeping import QUIET_PORT, Deployment
from support.object_store import ObjectStore
from support.store_gate import StoreGate, impatient, on_s3

from photo_store.blobs import original_key
from photo_store.disk import DiskBlobs
from server.blob_store import StoreParts
from server.clock import now
from server.config import Settings
from server.current import blobs, spooled_on
from server.db import read, transact
from server.evidence import draining
from server.evidence.draining import drain, drain_spool
from server.evidence.models import Photo
from server.evidence.presence import NODE_SILENT
from server.ledger.models import Node
from server.progress import silent
from server.safekeeping import store_checks
from server.safekeeping.findings import Finding, Level
from server.safekeeping.manifest import blob_path
from server.safekeeping.nodes import Beat, is_one_of_several, nodes, note_node, spool_identity, watch_nodes


@pytest.fixture
def settings(settings: Settings, store_gate: StoreGate) -> Settings:
    return replace(on_s3(settings, store_gate.address), port=QUIET_PORT)


@pytest.fixture
def parts(app: Flask) -> StoreParts:
    return impatient(app)


def place_of(app: Flask, sha256: str) -> tuple[str, str | None]:
    """Return durability and machine of a photograph's row."""

    def asked(session: Session) -> tuple[str, str | None]:
        row = session.execute(select(Photo.durability, Photo.node).where(Photo.sha256 == sha256)).one()
        return row.durability, row.node

    with app.app_context():
        return read(asked)


def drained(app: Flask) -> int:
    with app.app_context():
        return drain(silent)


def in_bucket(store: ObjectStore) -> set[str]:
    found = store.client.list_objects_v2(Bucket=store.bucket, Prefix="original/").get("Contents", ())
    return {each["Key"].rpartition("/")[2] for each in found}


def test_what_arrives_while_the_store_is_down_waits_here_and_moves_later(
    parts: StoreParts, collector: FieldHandset, store_gate: StoreGate, deployment: Deployment
) -> None:
    app, object_store = deployment.app, store_gate.store
    collector.upload(photo(1))
    assert place_of(app, photo(1).sha256) == ("stored", None)
    store_gate.close()
    collector.upload(photo(2))
    assert place_of(app, photo(2).sha256) == ("spooled", "machine-1")
    assert drained(app) == 0
    assert "store_unreachable" in deployment.alarms()
    store_gate.open()
    assert in_bucket(object_store) == {photo(1).sha256}
    assert drained(app) == 1
    assert in_bucket(object_store) == {photo(1).sha256, photo(2).sha256}
    assert place_of(app, photo(2).sha256) == ("stored", None)
    assert parts.spool is not None
    assert parts.spool.all_waiting() == []
    assert drained(app) == 0


def test_a_declared_photograph_counts_as_here_while_it_waits(
    app: Flask, parts: StoreParts, collector: FieldHandset, store_gate: StoreGate
) -> None:
    store_gate.close()
    collector.upload(photo(1))
    (result,) = collector.results(collector.item(payload=report(photo(1))))
    assert (result["state"], result.get("missing_photos", [])) == ("applied", [])


def test_a_row_is_settled_although_the_process_died_after_the_bytes_had_moved(
    app: Flask, parts: StoreParts, collector: FieldHandset, store_gate: StoreGate
) -> None:
    store_gate.close()
    collector.upload(photo(1))
    store_gate.open()
    assert parts.spool is not None
    assert parts.spool.drain(silent) == 1  # and here it died
    assert place_of(app, photo(1).sha256) == ("spooled", "machine-1")
    with app.app_context():
        assert spooled_on(photo(1).sha256) is None
        drain_spool.run()
    assert place_of(app, photo(1).sha256) == ("stored", None)


def test_a_store_that_dies_again_in_the_middle_keeps_what_has_moved(
    app: Flask, parts: StoreParts, collector: FieldHandset, store_gate: StoreGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_gate.close()
    collector.upload(photo(1), photo(2), photo(3))
    store_gate.open()
    monkeypatch.setattr(draining, "_EVERY", 1)

    def told(_stage: str, done: int, _of: int) -> None:
        # Asked before the rows of what has moved are looked at: the second one is on its way then.
        if done == 2:
            store_gate.close()

    with app.app_context():
        assert drain(told) == 0
    places = sorted(place_of(app, photo(number).sha256)[0] for number in (1, 2, 3))
    assert places == ["spooled", "spooled", "stored"]
    store_gate.open()
    assert drained(app) == 1
    assert {place_of(app, photo(number).sha256)[0] for number in (1, 2, 3)} == {"stored"}


def test_a_waiting_photograph_whose_file_is_gone_is_asked_for_again(
    app: Flask, parts: StoreParts, collector: FieldHandset, store_gate: StoreGate, deployment: Deployment
) -> None:
    store_gate.close()
    collector.upload(photo(1))
    assert parts.spool is not None
    parts.spool.local.delete(original_key(photo(1).sha256))
    store_gate.open()
    assert drained(app) == 0
    assert "photo_lost" in deployment.alarms()
    (result,) = collector.results(collector.item(payload=report(photo(1))))
    assert result["missing_photos"] == [photo(1).sha256]
    collector.upload(photo(1))
    with app.app_context():
        assert blobs().exists(original_key(photo(1).sha256))


def test_bytes_of_a_silent_machine_that_came_by_another_way_are_noted_and_others_are_not_given_up(
    app: Flask, parts: StoreParts, collector: FieldHandset, deployment: Deployment
) -> None:
    collector.upload(photo(1), photo(2))
    with app.app_context():
        for number in (1, 2):
            transact(_move_to_another_machine, photo(number).sha256)
        blobs().delete(original_key(photo(2).sha256))
        transact(_silence, "machine-2")
    assert drained(app) == 0
    assert place_of(app, photo(1).sha256) == ("stored", None)
    assert place_of(app, photo(2).sha256) == ("spooled", "machine-2")
    assert "photo_lost" not in deployment.alarms()


def test_the_folder_of_a_disk_store_moves_into_the_bucket(
    app: Flask, parts: StoreParts, store_gate: StoreGate, settings: Settings
) -> None:
    one = photo(1)
    DiskBlobs(settings.blob_dir).put(original_key(one.sha256), io.BytesIO(one.content))
    with app.app_context(), blobs().open(original_key(one.sha256)) as original:
        assert original.read() == one.content
    assert drained(app) == 1
    assert in_bucket(store_gate.store) == {one.sha256}
    assert not DiskBlobs(settings.blob_dir).exists(original_key(one.sha256))


def test_a_waiting_photograph_is_in_the_backup_and_not_promised(
    app: Flask, parts: StoreParts, collector: FieldHandset, store_gate: StoreGate, deployment: Deployment
) -> None:
    collector.upload(photo(1))
    collector.push(collector.item(payload=report(photo(1))))
    store_gate.close()
    collector.upload(photo(2))
    collector.push(collector.item(payload=report(photo(2))), collector.item())
    store_gate.open()
    first = deployment.backup("first")
    assert deployment.backed_up_through(collector.enrolled.install_id) == 1
    for number in (1, 2):
        assert blob_path(first, photo(number).sha256).read_bytes() == photo(number).content
    assert drained(app) == 1
    deployment.backup("second")
    assert deployment.backed_up_through(collector.enrolled.install_id) == 3


def test_a_photograph_on_another_machine_does_not_stop_a_backup_and_is_not_promised(
    app: Flask, parts: StoreParts, collector: FieldHandset, store_gate: StoreGate, deployment: Deployment
) -> None:
    collector.upload(photo(1))
    collector.push(collector.item(), collector.item(payload=report(photo(1))))
    with app.app_context():
        transact(_move_to_another_machine, photo(1).sha256)
        blobs().delete(original_key(photo(1).sha256))
    backup = deployment.backup()
    assert not blob_path(backup, photo(1).sha256).exists()
    assert deployment.backed_up_through(collector.enrolled.install_id) == 1


def test_a_restore_knows_where_the_photographs_are_that_waited(
    app: Flask, parts: StoreParts, collector: FieldHandset, store_gate: StoreGate, deployment: Deployment
) -> None:
    store_gate.close()
    collector.upload(photo(1))
    collector.push(collector.item(payload=report(photo(1))))
    store_gate.open()
    backup = deployment.backup()
    assert drained(app) == 1
    done = deployment.restore(backup)
    assert done.exit_code == 0, done.output
    assert place_of(app, photo(1).sha256) == ("stored", None)


def test_a_silent_machine_that_holds_photographs_is_an_alarm(
    app: Flask, parts: StoreParts, collector: FieldHandset, store_gate: StoreGate, deployment: Deployment
) -> None:
    store_gate.close()
    collector.upload(photo(1))
    with app.app_context():
        watch_nodes.run()
        assert "node_silent" not in deployment.alarms()
        transact(_silence, "machine-1")
        watch_nodes.run()
    assert "node_silent" in deployment.alarms()


def test_a_web_process_shows_its_machine_once_a_minute(app: Flask, parts: StoreParts, settings: Settings) -> None:
    assert any(isinstance(getattr(each, "__self__", None), Beat) for each in app.before_request_funcs[None])
    seconds = [0.0]
    beat = Beat(lambda: seconds[0])
    with app.app_context():
        for moment, shown in ((0.0, True), (59.0, False), (61.0, True)):
            seconds[0] = moment
            transact(_silence, "machine-1")
            beat.show()
            (node,) = read(nodes)
            assert node.is_live(now()) is shown, moment
    assert (node.name, node.spool_id) == ("machine-1", spool_identity(settings.spool_dir))


def test_a_machine_of_its_own_with_a_disk_store_shows_itself_by_its_worker_only(settings: Settings) -> None:
    assert is_one_of_several(settings)
    assert is_one_of_several(replace(settings, blob_store="disk"))
    assert not is_one_of_several(replace(settings, blob_store="disk", node=""))


def findings(found: Iterator[Finding]) -> dict[str, Level]:
    return {finding.name: finding.level for finding in found}


def test_the_doctor_looks_at_the_store_and_not_at_the_spool(
    app: Flask, parts: StoreParts, collector: FieldHandset, store_gate: StoreGate
) -> None:
    well = findings(store_checks.photo_store(parts, parts.blobs))
    assert well == {"photo store": Level.GREEN, "store abilities": Level.GREEN, "store versions": Level.YELLOW}
    assert findings(store_checks.spool(parts)) == {"spool": Level.GREEN}
    store_gate.close()
    collector.upload(photo(1))
    assert findings(store_checks.photo_store(parts, parts.blobs)) == {"photo store": Level.RED}
    assert findings(store_checks.spool(parts)) == {"spool": Level.YELLOW}


def test_machines_that_see_different_spool_folders_are_red(app: Flask, parts: StoreParts) -> None:
    with app.app_context():
        assert findings(store_checks.machines(read(nodes), {})) == {"machines": Level.GREEN}
        transact(note_node, "machine-2", "another folder")
        assert findings(store_checks.machines(read(nodes), {})) == {"machines": Level.RED}
        transact(_silence, "machine-2")
        assert findings(store_checks.machines(read(nodes), {})) == {"machines": Level.GREEN}
        assert findings(store_checks.machines(read(nodes), {"machine-2": 3})) == {"machines": Level.RED}


def test_files_that_cannot_be_read_are_red(settings: Settings) -> None:
    assert findings(store_checks.files(settings)) == {}
    found = findings(store_checks.files(replace(settings, s3_ca_file="/nowhere/ca.pem")))
    assert found == {"s3_ca_file": Level.RED}


def _silence(session: Session, name: str) -> None:
    silent_since = now() - NODE_SILENT - timedelta(minutes=1)
    session.execute(update(Node).where(Node.name == name).values(seen_at=silent_since))


def _move_to_another_machine(session: Session, sha256: str) -> None:
    note_node(session, "machine-2", "another folder")
    session.execute(update(Photo).where(Photo.sha256 == sha256).values(durability="spooled", node="machine-2"))
