"""Renditions made by the job and the command, for JPEG and HEIC, and what is served when they or the bytes are gone."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from street import Street, street
from support.heic import heic
from werkzeug.test import TestResponse

from photo_store.blobs import original_key, rendition_key
from photo_store.derive import RECIPE, RENDITIONS
from photo_store.drawn import draw
from photo_store.fingerprint import digest
from photo_store.inspect_image import ImageLimits, inspect
from photo_store.likeness import likeness_of
from server.clock import now
from server.current import blobs
from server.db import read, transact
from server.evidence import photos
from server.evidence.deriving import derive_all, derive_one
from server.evidence.models import Likeness, Photo
from server.evidence.queries import photo, underived
from server.progress import silent

ZIP = b"PK\x05\x06" + bytes(18)


@pytest.fixture
def town(app: Flask, client: FlaskClient) -> Street:
    return street(app, client)


@dataclass(frozen=True)
class Arrival:
    """Lets files arrive from the collector's handset and be declared by a report."""

    town: Street

    def __call__(self, content: bytes) -> str:
        found = digest(io.BytesIO(content)).sha256
        with self.town.app.app_context():
            blobs().put(original_key(found), io.BytesIO(content))
        self.town.upload(found, facts=inspect(io.BytesIO(content), ImageLimits()))
        self.town.report(found)
        return found


@pytest.fixture
def arrive(town: Street) -> Arrival:
    return Arrival(town)


def drawn(seed: int, size: tuple[int, int] = (640, 480)) -> bytes:
    moment = datetime(2026, 11, 22, 8)  # noqa: DTZ001  # a camera's own time
    return draw("waterlogging", seed, taken_at=moment, lon=123.5, lat=30.5, size=size)


def get(town: Street, sha256: str, rendition: str) -> TestResponse:
    return town.client.get(f"/api/v1/photos/{sha256}?rendition={rendition}", headers=town.desk, buffered=True)


def slug(response: TestResponse) -> str:
    return str(response.json["type"]).rpartition("/")[2]


def change(town: Street, sha256: str, **values: object) -> None:
    def write(session: Session) -> None:
        session.execute(update(Photo).where(Photo.sha256 == sha256).values(**values))

    with town.app.app_context():
        transact(write)


def test_a_heic_is_kept_as_it_is_and_shown_as_jpeg_and_webp(town: Street, arrive: Arrival) -> None:
    content = heic(Image.open(io.BytesIO(drawn(1))), 6)
    sha256 = arrive(content)
    with town.app.app_context():
        assert derive_one(sha256)
    original, preview, thumbnail = (get(town, sha256, name) for name in ("original", "preview", "thumbnail"))
    assert (original.mimetype, original.data) == ("image/heic", content)
    assert original.headers["Content-Disposition"] == f'attachment; filename="{sha256}.heic"'
    assert (preview.mimetype, thumbnail.mimetype) == ("image/jpeg", "image/webp")
    assert Image.open(io.BytesIO(preview.data)).size == (480, 640)


@pytest.mark.parametrize("tail", [ZIP, b"<script>alert(1)</script>"], ids=["zip", "html"])
def test_a_file_that_is_two_things_is_served_as_a_photograph_alone(town: Street, arrive: Arrival, tail: bytes) -> None:
    sha256 = arrive(drawn(1) + tail)
    with town.app.app_context():
        assert derive_one(sha256)
    original = get(town, sha256, "original")
    assert original.data.endswith(tail)
    assert original.mimetype == "image/jpeg"
    for name in ("original", *RENDITIONS):
        answer = get(town, sha256, name)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert name == "original" or tail not in answer.data


@pytest.mark.parametrize(
    ("values", "named"),
    [
        (lambda: {"disposed_at": now()}, "photo-disposed"),
        (lambda: {"condemned_at": now()}, "photo-unclaimed"),
        (lambda: {"condemned_at": now(), "deleting_at": now()}, "photo-unclaimed"),
    ],
)
def test_what_is_gone_is_said_to_be_gone(
    town: Street, arrive: Arrival, values: Callable[[], dict[str, object]], named: str
) -> None:
    sha256 = arrive(drawn(1))
    with town.app.app_context():
        assert derive_one(sha256)
    change(town, sha256, **values())
    for name in ("original", *RENDITIONS):
        answer = get(town, sha256, name)
        assert (answer.status_code, slug(answer)) == (410, named)


def test_deriving_remembers_how_the_picture_looks(town: Street, arrive: Arrival) -> None:
    sha256 = arrive(drawn(1))
    with town.app.app_context():
        assert derive_one(sha256)
        kept = read(lambda session: session.scalars(select(Likeness).where(Likeness.sha256 == sha256)).one().bits)
        with blobs().open(rendition_key(sha256, "thumbnail", RECIPE)) as stored:
            assert kept == likeness_of(Image.open(stored)).bits


def test_a_crash_is_tried_once_more_and_then_said(town: Street, arrive: Arrival) -> None:
    sha256 = arrive(drawn(1))
    with town.app.app_context():
        for last in (False, True):
            assert transact(photos.begin_derive, sha256, RECIPE)
            transact(photos.note_derive_lost, sha256, "it took too long")
            assert (read(photo, sha256).derive_error is not None) == last
    assert slug(get(town, sha256, "thumbnail")) == "rendition-failed"


def test_what_was_given_up_because_workers_were_stopped_is_derived_by_the_command(
    town: Street, arrive: Arrival
) -> None:
    sha256 = arrive(drawn(1))
    with town.app.app_context():
        while transact(photos.begin_derive, sha256, RECIPE):
            continue
        assert not derive_one(sha256)
        assert derive_all(silent) == 1


@pytest.mark.parametrize("gone", ["disposed_at", "deleting_at"])
def test_what_is_on_its_way_out_is_not_derived(town: Street, arrive: Arrival, gone: str) -> None:
    sha256 = arrive(drawn(1))
    change(town, sha256, **{"condemned_at": now(), gone: now()})
    with town.app.app_context():
        assert read(underived, RECIPE, 10) == []
        assert not derive_one(sha256)


def test_what_is_disposed_of_while_it_is_derived_leaves_no_rendition(
    town: Street, arrive: Arrival, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = arrive(drawn(1))
    store = town.app.extensions["xuncha_blobs"]
    put = store.put

    def put_and_dispose(*arguments: object, **how: object) -> object:
        change(town, sha256, disposed_at=now())
        return put(*arguments, **how)

    monkeypatch.setattr(store, "put", put_and_dispose)
    with town.app.app_context():
        assert not derive_one(sha256)
        assert not any(store.exists(rendition_key(sha256, name, RECIPE)) for name in RENDITIONS)


def test_what_waits_on_another_machine_is_left_to_it(town: Street, arrive: Arrival) -> None:
    sha256 = arrive(drawn(1))
    change(town, sha256, durability="spooled", node="elsewhere")
    with town.app.app_context():
        assert read(underived, RECIPE, 10, "here") == []
        assert read(underived, RECIPE, 10, "elsewhere") == [sha256]


def test_the_command_derives_what_lacks_the_recipe_and_nothing_twice(town: Street, arrive: Arrival) -> None:
    hashes = [arrive(drawn(seed, (160, 120))) for seed in range(3)]
    told: list[tuple[str, int, int]] = []
    with town.app.app_context():
        assert derive_one(hashes[0])
        assert derive_all(lambda *progress: told.append(progress)) == 2
        assert derive_all(silent) == 0
        assert all(read(photo, sha256).derived_recipe == RECIPE for sha256 in hashes)
    assert told[-1] == ("renditions", 2, 2)


def test_a_former_recipe_is_shown_until_the_new_one_is_made_and_then_swept(town: Street, arrive: Arrival) -> None:
    sha256 = arrive(drawn(1))
    change(town, sha256, derived_recipe="r1")
    former = rendition_key(sha256, "thumbnail", "r1")
    with town.app.app_context():
        blobs().put(former, io.BytesIO(b"the former thumbnail"))
        assert get(town, sha256, "thumbnail").data == b"the former thumbnail"
        assert derive_all(silent) == 1
        assert not blobs().exists(former)
    assert get(town, sha256, "thumbnail").data != b"the former thumbnail"
