"""A restore: the past comes back, handsets fill in what it lacks, and nothing is there twice."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import world
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from support.databases import ON_SQLITE_ONLY
from support.field import FieldHandset, photo, refused, report
from support.keeping import QUIET_PORT, Deployment
from support.live import LiveServer
from support.office import Office

from photo_store.blobs import original_key
from server.casework.models import Case
from server.config import Settings
from server.db import db, read
from server.evidence.models import Evidence, Photo
from server.gateway.models import InboxItem
from server.identity.models import Install
from server.safekeeping.manifest import DATABASE

VERIFY = "/api/v1/sync/verify"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, port=QUIET_PORT)


def verify(handset: FieldHandset, *items: dict[str, Any]) -> list[str]:
    """Ask which of these acknowledged items the server lacks."""
    body = {"items": [{"id": item["id"], "h": item["h"]} for item in items], "acked_count": len(items)}
    answer = handset.client.post(VERIFY, json=body, headers=handset.headers)
    assert answer.status_code == 200, answer.text
    need: list[str] = answer.json["need"]
    return need


def case_numbers(session: Session) -> list[str]:
    return sorted(session.scalars(select(Case.case_no).where(Case.case_no.is_not(None))))


def effects(session: Session) -> list[Any]:
    """Return what the items of the field did: one line per case and photograph, without what chance decides."""
    cases = session.execute(select(Case.install_id, Case.origin_item_id, Case.description)).all()
    photos = session.execute(
        select(Evidence.install_id, Evidence.item_id, Evidence.sha256, Evidence.present_at.is_not(None))
    ).all()
    items = session.execute(select(InboxItem.install_id, InboxItem.item_id, InboxItem.state)).all()
    return sorted(map(tuple, [*cases, *photos, *items]), key=str)


def test_handsets_bring_again_what_a_restored_server_lacks(
    deployment: Deployment, office: Office, collector: FieldHandset
) -> None:
    early, late = collector.item(payload=report(photo(1))), collector.item(payload=report(photo(2)))
    collector.upload(photo(1))
    first = collector.results(early)[0]
    office.act(first["case_id"], "file")
    collector.pull()
    before = deployment.epoch
    backup = deployment.backup()

    collector.upload(photo(2))
    second = collector.results(late)[0]
    office.act(second["case_id"], "file")
    given = office.rows(case_numbers)
    lived = office.rows(effects)

    done = deployment.restore(backup)
    assert done.exit_code == 0, done.output
    assert deployment.epoch != before
    assert "epoch_changed" in deployment.alarms()
    assert refused(collector.ask_page(collector.cursor), 410, "reconcile-required")["reason"] == "epoch"
    assert verify(collector, early, late) == [late["id"]]
    assert collector.states(early, late) == ["duplicate", "applied"]
    collector.upload(photo(2))
    assert office.rows(effects) == lived

    again = next(case for case in Office(office.app, office.city).cases() if case["case_no"] is None)
    Office(office.app, office.city).act(again["id"], "file")
    numbers = office.rows(case_numbers)
    assert len(set(numbers)) == 2
    assert numbers[0] in given
    assert numbers[1] not in given


def test_case_numbers_skip_ahead_although_the_days_series_began_after_the_snapshot(
    deployment: Deployment, office: Office, collector: FieldHandset, settings: Settings
) -> None:
    reported = collector.item()
    collector.push(reported)
    backup = deployment.backup()
    case_id = collector.results(reported)[0]["current"]["case_id"]
    lost = office.act(case_id, "file")["case_no"]
    deployment.restore(backup)
    assert Office(office.app, office.city).act(case_id, "file")["case_no"] not in {None, lost}


def test_a_restore_promises_exactly_what_its_backup_holds(
    app: Flask, deployment: Deployment, collector: FieldHandset
) -> None:
    collector.push(collector.item(), collector.item())
    first = deployment.backup("first")
    collector.push(collector.item())
    deployment.backup("second")
    install_id = collector.enrolled.install_id
    assert deployment.backed_up_through(install_id) == 3
    assert deployment.restore(first).exit_code == 0
    assert deployment.backed_up_through(install_id) == 2
    with app.app_context():
        assert read(lambda session: session.scalars(select(Install.item_count)).one()) == 2


def test_originals_that_vanished_are_put_back_and_strays_are_adopted(
    app: Flask, deployment: Deployment, collector: FieldHandset, settings: Settings
) -> None:
    collector.upload(photo(1))
    backup = deployment.backup()
    (settings.blob_dir / original_key(photo(1).sha256)).unlink()
    collector.upload(photo(2))
    rotten = settings.blob_dir / original_key("ab" * 32)
    rotten.parent.mkdir(parents=True)
    rotten.write_bytes(b"not what its name says")
    assert deployment.restore(backup).exit_code == 0
    assert (settings.blob_dir / original_key(photo(1).sha256)).read_bytes() == photo(1).content
    with app.app_context():
        known = read(lambda session: set(session.scalars(select(Photo.sha256))))
    assert known == {photo(1).sha256, photo(2).sha256}
    assert rotten.exists()


def test_open_uploads_become_unknown_and_start_over(deployment: Deployment, collector: FieldHandset) -> None:
    begun = collector.create(photo()).headers["Location"]
    collector.append(begun, 0, photo().content[:1000])
    backup = deployment.backup()
    assert deployment.restore(backup).exit_code == 0
    assert collector.tus("HEAD", begun).status_code == 404
    collector.upload(photo())


def test_everybody_has_to_sign_in_again(deployment: Deployment, client: FlaskClient, city: world.World) -> None:
    headers = world.signed_in(client, city.dispatcher)
    backup = deployment.backup()
    assert client.get("/api/v1/cases", headers=headers).status_code == 200
    deployment.restore(backup)
    assert client.get("/api/v1/cases", headers=headers).status_code == 401


def test_the_database_before_is_kept(
    app: Flask, deployment: Deployment, collector: FieldHandset, database: str
) -> None:
    backup = deployment.backup()
    collector.push(collector.item())
    done = deployment.restore(backup)
    if database.startswith("sqlite"):
        kept = list(Path(database.removeprefix("sqlite:///")).parent.glob("*.before-restore-*"))
        assert len(kept) == 1
        assert str(kept[0]) in done.output
        return
    schema = done.output.split("the schema ")[1].split(".")[0]
    with app.app_context(), db.engine.connect() as connection:
        counted = select(func.count()).select_from(InboxItem)
        assert connection.execute(counted).scalar_one() == 0
        there = connection.execution_options(schema_translate_map={None: schema})
        assert there.execute(counted).scalar_one() == 1


DAMAGES: dict[str, Callable[[Path], object]] = {
    "snapshot": lambda backup: max((backup / DATABASE).iterdir(), key=lambda place: place.stat().st_size).write_bytes(
        b"cut"
    ),
    "rotten original": lambda backup: next((backup / "blobs").rglob("*/*/*")).write_bytes(b"rotten"),
    "missing original": lambda backup: next((backup / "blobs").rglob("*/*/*")).unlink(),
    "no manifest": lambda backup: (backup / "manifest.json").unlink(),
    "empty manifest": lambda backup: (backup / "manifest.json").write_text("{}"),
    "list": lambda backup: (backup / "blobs.sha256").write_text("nothing\n"),
}


def test_a_damaged_backup_is_refused_and_nothing_is_touched(
    deployment: Deployment, office: Office, collector: FieldHandset, tmp_path: Path
) -> None:
    collector.upload(photo())
    sound = deployment.backup()
    collector.push(collector.item())
    before, lived = deployment.epoch, office.rows(effects)
    for name, break_it in DAMAGES.items():
        backup = Path(shutil.copytree(sound, tmp_path / name))
        break_it(backup)
        done = deployment.restore(backup)
        assert done.exit_code == 1, name
        assert "was not touched" in done.output, name
        assert (deployment.epoch, office.rows(effects)) == (before, lived), name


def test_a_restore_waits_until_web_server_and_worker_have_stopped(
    deployment: Deployment, live_server: LiveServer, settings: Settings
) -> None:
    httpx.get(f"{live_server.url}/health", trust_env=False)
    backup = deployment.backup()
    before = deployment.epoch
    done = deployment.restore(backup)  # our own port is free; only the connections tell
    assert done.exit_code == 1
    assert "Stop web server and worker" in done.output
    assert deployment.epoch == before


@ON_SQLITE_ONLY
def test_without_yes_a_restore_asks_first(deployment: Deployment) -> None:
    backup = deployment.backup()
    before = deployment.epoch
    asked = deployment.run("restore", str(backup), typed="n\n")
    assert asked.exit_code == 1
    assert deployment.epoch == before
