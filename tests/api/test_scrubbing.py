"""The scrubber reads every original again, the longest unread first, and names what is not what it was."""

import hashlib
import io
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from support.keeping import Deployment

from photo_store.blobs import BlobUnavailable, original_key
from server.clock import now, use
from server.config import Settings
from server.db import read, transact
from server.evidence.models import Photo
from server.evidence.scrubbing import Scrubbed, scrub, scrub_slice
from server.ledger.models import CustodyEvent
from server.progress import silent


class Originals:
    """Originals in the store and their rows; what a picture shows is no matter here."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.hashes: list[str] = []

    def add(self, count: int) -> None:
        with self.app.app_context():
            for _ in range(count):
                content = f"original {len(self.hashes)}".encode() * 100
                sha256 = hashlib.sha256(content).hexdigest()
                self.app.extensions["xuncha_blobs"].put(original_key(sha256), io.BytesIO(content))
                transact(_add, sha256, len(content))
                self.hashes.append(sha256)

    def path(self, number: int) -> Path:
        return next(self.app.extensions["xuncha_settings"].blob_dir.rglob(self.hashes[number]))

    def spoil(self, number: int) -> bytes:
        """Flip a bit of the file, as a bad disk does; return what it was."""
        path = self.path(number)
        sound = path.read_bytes()
        self.replace(path, bytes([sound[0] ^ 1]) + sound[1:])
        return sound

    def replace(self, path: Path, content: bytes) -> None:
        path.unlink(missing_ok=True)
        path.write_bytes(content)

    def scrub(self, **how: Any) -> Scrubbed:  # noqa: ANN401 (the options of scrub)
        with self.app.app_context():
            return scrub(silent, **how)

    def rows(self) -> dict[str, Any]:
        with self.app.app_context():
            return {row.sha256: row for row in read(_rows)}

    def told(self) -> list[dict[str, Any]]:
        """Return the facts of every run that custody knows."""
        with self.app.app_context():
            return [json.loads(facts) for facts in read(_told)]

    def change(self, number: int, **values: Any) -> None:  # noqa: ANN401 (any column)
        with self.app.app_context():
            transact(_change, self.hashes[number], values)


def _add(session: Session, sha256: str, size: int) -> None:
    session.add(
        Photo(sha256=sha256, size=size, media_type="image/jpeg", width=1, height=1, facts="{}", received_at=now())
    )


def _change(session: Session, sha256: str, values: dict[str, Any]) -> None:
    session.execute(update(Photo).where(Photo.sha256 == sha256).values(**values))


def _rows(session: Session) -> list[Any]:
    return list(session.execute(select(Photo.__table__)).all())


def _told(session: Session) -> list[str]:
    return list(
        session.scalars(select(CustodyEvent.facts).where(CustodyEvent.kind == "scrubbed").order_by(CustodyEvent.id))
    )


@pytest.fixture
def originals(app: Flask) -> Originals:
    made = Originals(app)
    made.add(5)
    return made


def test_sound_originals_are_noted_as_checked_in_one_event(originals: Originals) -> None:
    done = originals.scrub()
    assert (done.checked, done.bad, done.mended) == (5, {}, [])
    assert all(row.checked_at is not None and row.damaged_at is None for row in originals.rows().values())
    assert originals.told() == [{"count": 5, "bytes": 5 * 1000, "bad_count": 0, "bad": [], "mended": []}]


def test_a_flipped_bit_is_named_and_alarms(originals: Originals, deployment: Deployment) -> None:
    originals.spoil(3)
    found = hashlib.sha256(originals.path(3).read_bytes()).hexdigest()
    assert originals.scrub().bad == {originals.hashes[3]: found}
    assert originals.rows()[originals.hashes[3]].damage == found
    assert originals.told()[0]["bad"] == [{"sha256": originals.hashes[3], "damage": found}]
    assert "photo_damaged" in deployment.alarms()


def test_a_missing_original_is_lost_and_alarms(originals: Originals, deployment: Deployment) -> None:
    originals.path(2).unlink()
    assert originals.scrub().bad == {originals.hashes[2]: "missing"}
    assert originals.rows()[originals.hashes[2]].damage == "missing"
    assert "photo_lost" in deployment.alarms()


def test_what_was_put_back_from_a_backup_is_sound_again(originals: Originals) -> None:
    where = originals.path(1)
    sound = originals.spoil(1)
    gone = originals.path(2)
    content = gone.read_bytes()
    gone.unlink()
    originals.scrub()
    originals.replace(where, sound)
    originals.replace(gone, content)
    assert sorted(originals.scrub().mended) == sorted([originals.hashes[1], originals.hashes[2]])
    assert all(row.damage is None and row.damaged_at is None for row in originals.rows().values())


def test_a_damaged_original_that_then_vanishes_is_lost(originals: Originals, deployment: Deployment) -> None:
    originals.spoil(1)
    originals.scrub()
    originals.path(1).unlink()
    originals.scrub()
    assert originals.rows()[originals.hashes[1]].damage == "missing"
    assert "photo_lost" in deployment.alarms()


def test_the_one_that_was_checked_longest_ago_comes_first(originals: Originals) -> None:
    for number, days in ((0, 1), (1, 9), (2, 5), (3, 7)):
        originals.change(number, checked_at=datetime.now(UTC) - timedelta(days=days))
    before = originals.rows()
    assert originals.scrub(most=3).checked == 3
    after = originals.rows()
    checked = {
        number for number, each in enumerate(originals.hashes) if after[each].checked_at != before[each].checked_at
    }
    assert checked == {4, 1, 3}  # the one that never was, then nine and seven days ago


def test_a_run_that_was_cut_short_is_gone_on_with(originals: Originals) -> None:
    assert originals.scrub(most=2).checked == 2
    first = {sha256 for sha256, row in originals.rows().items() if row.checked_at is not None}
    assert originals.scrub(most=3).checked == 3
    assert len(first) == 2
    assert all(row.checked_at is not None for row in originals.rows().values())
    assert originals.scrub(seconds=0).checked == 0


def test_an_interrupted_run_keeps_what_it_read(originals: Originals) -> None:
    def interrupted(_stage: str, done: int, _total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with originals.app.app_context(), pytest.raises(KeyboardInterrupt):
        scrub(interrupted)
    assert sum(row.checked_at is not None for row in originals.rows().values()) == 3
    assert originals.told()[0]["count"] == 3
    assert originals.scrub(most=2).checked == 2


def test_a_store_that_is_away_is_no_damage(originals: Originals, settings: Settings) -> None:
    shutil.move(settings.blob_dir, settings.blob_dir.with_name("away"))
    with pytest.raises(BlobUnavailable):
        originals.scrub()
    shutil.move(settings.blob_dir.with_name("away"), settings.blob_dir)
    assert all(row.damage is None and row.checked_at is None for row in originals.rows().values())


def test_what_is_gone_by_right_or_lies_elsewhere_is_not_read(originals: Originals) -> None:
    moment = datetime.now(UTC)
    originals.change(0, disposed_at=moment)
    originals.change(1, condemned_at=moment, deleting_at=moment)
    originals.change(2, durability="spooled", node="another machine")
    for number in range(3):
        originals.path(number).unlink()
    done = originals.scrub()
    assert (done.checked, done.bad) == (2, {})


@pytest.mark.parametrize(("hour", "checked"), [(2, 1), (14, 0)])
def test_the_worker_reads_a_slice_at_night(originals: Originals, hour: int, checked: int) -> None:
    # 02:30 in Shanghai is 18:30 the day before in UTC.
    moment = datetime(2026, 11, 23, hour, 30, tzinfo=UTC) - timedelta(hours=8)
    with use(lambda: moment), originals.app.app_context():
        scrub_slice.run()
    assert sum(row.checked_at is not None for row in originals.rows().values()) == checked


def test_the_command_scrubs(originals: Originals, deployment: Deployment) -> None:
    done = deployment.run("photos", "scrub")
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-3:] == ["checked: 5", "mended: 0", "bad: 0"]
    assert originals.told()[0]["count"] == 5


def test_the_command_names_what_is_damaged_and_fails(originals: Originals, deployment: Deployment) -> None:
    sound = originals.spoil(0)
    found = hashlib.sha256(bytes([sound[0] ^ 1]) + sound[1:]).hexdigest()
    done = deployment.run("photos", "scrub")
    assert done.exit_code == 1
    assert done.output.splitlines()[-2:] == ["bad: 1", f"  {originals.hashes[0]}: {found}"]
