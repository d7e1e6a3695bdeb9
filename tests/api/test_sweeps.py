"""The worker's sweeps of uploads: what expired goes, what may still be wanted stays; and no sweep is forgotten."""

import os
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import world
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from street import street

from server import subjects
from server.config import Settings
from server.db import read, transact
from server.evidence.models import Upload, UploadSegment
from server.gateway.jobs import sweep_uploads
from server.jobs import periodic, schedule

ROOT = Path(__file__).parents[2]
DAY = 24 * 3600


@pytest.fixture
def handset(app: Flask) -> world.EnrolledHandset:
    city = world.city(app)
    return world.enrolled(app, city, city.collector)


def begun(client: FlaskClient, handset: world.EnrolledHandset) -> UUID:
    """Begin an upload with one byte of ten and return its id."""
    tus = {"Tus-Resumable": "1.0.0", "Upload-Length": "10", "Content-Type": "application/offset+octet-stream"}
    answer = client.post("/api/v1/uploads", data=b"x", headers={**handset.headers, **tus})
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "1")
    return UUID(answer.headers["Location"].rpartition("/")[2])


def age(app: Flask, days: float, folder: Path, upload_id: UUID) -> None:
    """Make an upload, and all files of a folder, look as if they had been begun so many days ago."""
    moment = time.time() - days * DAY
    for file in folder.iterdir():
        os.utime(file, (moment, moment))
    with app.app_context():
        expires_at = datetime.fromtimestamp(moment, UTC) + timedelta(days=7)
        transact(_set, upload_id, expires_at)


def swept(app: Flask) -> None:
    with app.app_context():
        sweep_uploads.run()


def test_an_expired_upload_leaves_neither_file_nor_row(
    app: Flask, client: FlaskClient, settings: Settings, handset: world.EnrolledHandset
) -> None:
    old = begun(client, handset)
    age(app, 8.1, settings.spool_dir, old)
    young = begun(client, handset)
    swept(app)
    assert len(list(settings.spool_dir.iterdir())) == 1
    with app.app_context():
        assert (read(_uploads), read(_segments)) == ([young], [young])


def test_an_upload_that_may_go_on_is_not_touched(
    app: Flask, client: FlaskClient, settings: Settings, handset: world.EnrolledHandset
) -> None:
    upload_id = begun(client, handset)
    age(app, 6.9, settings.spool_dir, upload_id)
    swept(app)
    tus = {"Tus-Resumable": "1.0.0"}
    answer = client.head(f"/api/v1/uploads/{upload_id}", headers={**handset.headers, **tus})
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (200, "1")
    assert len(list(settings.spool_dir.iterdir())) == 1


def test_a_finished_upload_is_remembered_but_not_its_segments(app: Flask, client: FlaskClient) -> None:
    street(app, client).upload("near")
    with app.app_context():
        finished = read(_uploads)
        transact(_add_segment, finished[0])
        transact(_set, finished[0], datetime.now(UTC) - timedelta(days=40))
    swept(app)
    with app.app_context():
        assert (read(_uploads), read(_segments)) == (finished, [])


def test_what_a_killed_process_left_in_the_blob_store_goes(app: Flask, settings: Settings) -> None:
    stray, fresh = settings.blob_dir / ".tmp" / "stray", settings.blob_dir / ".tmp" / "fresh"
    for file in (stray, fresh):
        file.write_bytes(b"half a photograph")
    os.utime(stray, (time.time() - 2 * DAY,) * 2)
    swept(app)
    assert (stray.exists(), fresh.exists()) == (False, True)


def test_the_worker_knows_every_module_of_jobs() -> None:
    registering = re.compile(r"^@(job|periodic\()", re.MULTILINE)
    files = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "server").rglob("*.py")
        if registering.search(path.read_text(encoding="utf-8"))
    }
    assert {module.__name__ for module in subjects.JOBS} == files


@pytest.mark.parametrize(("minutes", "times"), [(1, 60), (20, 3), (60, 1)])
def test_a_periodic_job_comes_as_often_as_it_says(minutes: int, times: int) -> None:
    due = schedule(minutes)
    hour = [datetime(2026, 11, 22, 8, minute, tzinfo=UTC) for minute in range(60)]
    assert sum(due(moment) for moment in hour) == times


@pytest.mark.parametrize("minutes", [0, 45, 90])
def test_a_period_that_fits_no_hour_is_refused(minutes: int) -> None:
    with pytest.raises(ValueError, match="divisor of 60"):
        periodic(minutes=minutes)


def _uploads(session: Session) -> list[UUID]:
    return list(session.scalars(select(Upload.id).order_by(Upload.id)))


def _segments(session: Session) -> list[UUID]:
    return list(session.scalars(select(UploadSegment.upload_id)))


def _add_segment(session: Session, upload_id: UUID) -> None:
    session.add(UploadSegment(upload_id=upload_id, start=0, length=9, name="0" * 32))


def _set(session: Session, upload_id: UUID, expires_at: datetime) -> None:
    session.execute(update(Upload).where(Upload.id == upload_id).values(expires_at=expires_at))
