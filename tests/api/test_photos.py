"""GET /photos: who may see a photograph's bytes, and how they are served. With real pictures and the worker's job."""

import io
from dataclasses import replace

import pytest
import world
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from street import FACTS, Street, street
from werkzeug.test import TestResponse

from photo_store.blobs import original_key
from photo_store.derive import RECIPE
from photo_store.fingerprint import digest
from server.casework import operations as casework
from server.current import blobs
from server.db import read, transact
from server.evidence import photos, queries
from server.evidence.jobs import derive_photo
from server.evidence.rules import DeclaredPhoto


@pytest.fixture
def town(app: Flask, client: FlaskClient) -> Street:
    return street(app, client)


@pytest.fixture
def picture() -> bytes:
    target = io.BytesIO()
    Image.linear_gradient("L").resize((640, 480)).convert("RGB").save(target, "JPEG", quality=85)
    return target.getvalue()


@pytest.fixture
def sha256(town: Street, picture: bytes) -> str:
    """Let the picture arrive from the collector's handset; return its hash."""
    found = digest(io.BytesIO(picture)).sha256
    with town.app.app_context():
        blobs().put(original_key(found), io.BytesIO(picture))
    town.upload(found, facts=replace(FACTS, size=len(picture), width=640, height=480))
    return found


def get(town: Street, sha256: str, headers: dict[str, str], rendition: str = "") -> TestResponse:
    query = f"?rendition={rendition}" if rendition else ""
    return town.client.get(f"/api/v1/photos/{sha256}{query}", headers=headers, buffered=True)


def slug(response: TestResponse) -> str:
    return str(response.json["type"]).rpartition("/")[2]


def derive(town: Street, sha256: str) -> None:
    with town.app.app_context():
        derive_photo.run(sha256)


def test_an_original_goes_out_as_an_attachment_that_can_do_nothing(town: Street, sha256: str, picture: bytes) -> None:
    town.report(sha256)
    response = get(town, sha256, town.desk)
    assert (response.status_code, response.data) == (200, picture)
    assert response.mimetype == "image/jpeg"
    assert response.headers["Content-Disposition"] == f'attachment; filename="{sha256}.jpg"'
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["ETag"] == f'"{sha256}"'
    assert {"private", "immutable"} <= set(response.headers["Cache-Control"].split(", "))


def test_a_photograph_is_served_in_ranges_and_not_sent_twice(town: Street, sha256: str, picture: bytes) -> None:
    town.report(sha256)
    part = get(town, sha256, town.desk | {"Range": "bytes=10-19"})
    assert (part.status_code, part.data) == (206, picture[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(picture)}"
    known = get(town, sha256, town.desk | {"If-None-Match": f'"{sha256}"'})
    assert (known.status_code, known.data) == (304, b"")


def test_a_rendition_is_pending_until_the_worker_has_made_it(town: Street, sha256: str) -> None:
    town.report(sha256)
    pending = get(town, sha256, town.desk, "thumbnail")
    assert (pending.status_code, slug(pending)) == (404, "rendition-pending")
    assert int(pending.headers["Retry-After"]) > 0
    derive(town, sha256)
    shown = get(town, sha256, town.desk, "thumbnail")
    assert (shown.status_code, shown.mimetype) == (200, "image/webp")
    assert max(Image.open(io.BytesIO(shown.data)).size) == 320
    assert "Content-Disposition" not in shown.headers
    assert get(town, sha256, town.desk, "preview").mimetype == "image/jpeg"


def test_an_unknown_rendition_is_refused_by_name(town: Street, sha256: str) -> None:
    town.report(sha256)
    refused = get(town, sha256, town.desk, "huge")
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["rendition"])


def test_nothing_is_shown_to_whom_it_does_not_concern(town: Street, sha256: str) -> None:
    town.report(sha256)
    assert get(town, sha256, {}).status_code == 401
    assert get(town, sha256, town.desk).status_code == 200
    assert get(town, sha256, world.signed_in(town.client, town.city.town_dispatcher)).status_code == 404
    assert get(town, sha256, world.signed_in(town.client, town.city.admin)).status_code == 403
    assert get(town, "0" * 64, town.desk).status_code == 404
    assert get(town, "x" * 63, town.desk).status_code == 404


def test_a_handset_sees_what_it_sent_and_what_its_tasks_show_while_they_do(town: Street, sha256: str) -> None:
    assert get(town, sha256, town.collector.headers).status_code == 200
    assert get(town, sha256, town.enforcer.headers).status_code == 404
    case_id, task_id = town.dispatched(sha256)
    assert get(town, sha256, town.enforcer.headers).status_code == 200
    town.answer(task_id, "declined")
    town.act(case_id, "dispatch", squad_id=town.city.town_squad_id)
    assert get(town, sha256, town.enforcer.headers).status_code == 404


def test_declaring_a_strangers_hash_shows_nothing(town: Street, sha256: str) -> None:
    thief = casework.Reporter(
        town.city.enforcer.id, town.enforcer.install_id, town.city.street_id, town.city.street_squad_id, "officer"
    )
    report = casework.Report(
        item_id=town.city.enforcer.id,
        scheme="x",
        category_code="x",
        description="",
        lon=0.0,
        lat=0.0,
        crs="wgs84",
        accuracy_m=None,
        captured_at=None,
        captured_at_corrected=None,
        source="handset",
        photos=(DeclaredPhoto("near", sha256),),
    )
    with town.app.app_context():
        transact(casework.report_cases, thief.install_id, [(thief, report)])
    assert get(town, sha256, town.enforcer.headers).status_code == 404


def test_a_picture_that_cannot_be_decoded_is_given_up_and_says_so(town: Street) -> None:
    broken = b"\xff\xd8\xff\xe0 no picture at all"
    found = digest(io.BytesIO(broken)).sha256
    with town.app.app_context():
        blobs().put(original_key(found), io.BytesIO(broken))
        transact(photos.add_photo, found, FACTS, None)
    derive(town, found)
    with town.app.app_context():
        assert read(queries.underived, RECIPE, 10) == []
        assert read(queries.photo, found).derive_error


def test_a_picture_that_kills_its_worker_is_tried_a_few_times_only(town: Street, sha256: str) -> None:
    with town.app.app_context():
        attempts = [transact(photos.begin_derive, sha256, RECIPE) for _ in range(5)]
        assert attempts == [True, True, True, True, False]
        assert read(queries.underived, RECIPE, 10) == []


def test_a_store_that_does_not_answer_costs_no_attempt(town: Street, sha256: str) -> None:
    with town.app.app_context():
        for _ in range(3):
            assert transact(photos.begin_derive, sha256, RECIPE)
            transact(photos.give_attempt_back, sha256)
        assert read(queries.underived, RECIPE, 10) == [sha256]


def test_a_derived_picture_is_not_derived_again(town: Street, sha256: str) -> None:
    derive(town, sha256)
    with town.app.app_context():
        assert not transact(photos.begin_derive, sha256, RECIPE)
        assert read(queries.underived, RECIPE, 10) == []
        assert read(queries.underived, "another", 10) == [sha256]
