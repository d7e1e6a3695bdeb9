"""What the public and exports may see of a photograph: never what somebody has drawn over, never without its mark."""

import io
from uuid import UUID, uuid4

import pytest
import world
from console import console
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from street import Street, sha256_of, street
from support.custody import told
from support.showing import show
from werkzeug.test import TestResponse

from photo_store.blobs import BlobStore, original_key
from server.db import read, transact
from server.evidence.models import Redaction
from server.evidence.redacting import make_one
from server.evidence.redactions import note_failed

FACE = [0.25, 0.25, 0.5, 0.25]


@pytest.fixture
def town(app: Flask, client: FlaskClient) -> Street:
    """Return a street with one photograph that has arrived and was derived."""
    built = street(app, client)
    built.report("near")
    built.upload("near")
    show(app, "near")
    return built


@pytest.fixture
def clerk(town: Street) -> dict[str, str]:
    return world.signed_in(town.client, town.city.reviewer)


@pytest.fixture
def shot_id(town: Street, clerk: dict[str, str]) -> UUID:
    (shot,) = town.client.get("/api/v1/evidence", headers=clerk).json["evidence"]
    return UUID(shot["id"])


def redact(town: Street, headers: dict[str, str], shot_id: UUID, *regions: list[float], **more: object) -> TestResponse:
    body = {"regions": list(regions), "reason": "a face", **more}
    return town.client.post(f"/api/v1/evidence/{shot_id}/redactions", json=body, headers=headers)


def public(town: Street, headers: dict[str, str], shot_id: UUID) -> TestResponse:
    return town.client.get(f"/api/v1/evidence/{shot_id}/public", headers=headers)


def make(town: Street, redaction_id: object) -> None:
    with town.app.app_context():
        make_one(UUID(str(redaction_id)))


def original(town: Street) -> bytes:
    store: BlobStore = town.app.extensions["xuncha_blobs"]
    with store.open(original_key(sha256_of("near"))) as stream:
        return stream.read()


def pixel(answer: TestResponse, left: float, top: float) -> tuple[int, ...]:
    assert answer.status_code == 200, answer.text
    content = answer.data
    answer.close()
    with Image.open(io.BytesIO(content)) as picture:
        width, height = picture.size
        found = picture.convert("RGB").getpixel((int(width * left), int(height * top)))
    assert isinstance(found, tuple)
    return found


def slug(response: TestResponse) -> str:
    return str(response.json["type"]).rpartition("/")[2]


def test_without_a_redaction_the_public_sees_the_preview_with_a_mark(
    town: Street, clerk: dict[str, str], shot_id: UUID
) -> None:
    answer = public(town, clerk, shot_id)
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("image/jpeg", "private, no-store")
    plain = town.client.get(f"/api/v1/photos/{sha256_of('near')}?rendition=preview", headers=clerk)
    assert pixel(answer, 0.5, 0.97) != pixel(plain, 0.5, 0.97)


def test_until_the_redacted_picture_is_made_nothing_is_shown_instead(
    town: Street, clerk: dict[str, str], shot_id: UUID
) -> None:
    made = redact(town, clerk, shot_id, FACE)
    assert (made.status_code, made.json["made"]) == (201, False)
    waiting = public(town, clerk, shot_id)
    assert (waiting.status_code, slug(waiting)) == (503, "redaction-pending")
    assert int(waiting.headers["Retry-After"]) > 0
    make(town, made.json["id"])
    answer = public(town, clerk, shot_id)
    assert max(pixel(answer, 0.5, 0.4)) < 8
    assert max(pixel(answer, 0.1, 0.1)) > 8
    assert town.client.get(f"/api/v1/evidence/{shot_id}/redactions", headers=clerk).json["redactions"][0]["made"]


def test_the_original_never_changes(town: Street, clerk: dict[str, str], shot_id: UUID) -> None:
    before = original(town)
    make(town, redact(town, clerk, shot_id, FACE).json["id"])
    assert original(town) == before
    desk = town.client.get(f"/api/v1/photos/{sha256_of('near')}?rendition=preview", headers=town.desk)
    assert max(pixel(desk, 0.5, 0.4)) > 8


def test_the_newest_redaction_counts_and_none_is_changed(town: Street, clerk: dict[str, str], shot_id: UUID) -> None:
    first = redact(town, clerk, shot_id, FACE).json["id"]
    second = redact(town, clerk, shot_id, [0.0, 0.0, 0.2, 0.2], seen=first).json["id"]
    make(town, first)
    assert slug(public(town, clerk, shot_id)) == "redaction-pending"
    make(town, second)
    answer = public(town, clerk, shot_id)
    assert max(pixel(answer, 0.1, 0.1)) < 8
    assert max(pixel(answer, 0.5, 0.4)) > 8
    listed = town.client.get(f"/api/v1/evidence/{shot_id}/redactions", headers=clerk).json["redactions"]
    assert [(one["id"], one["regions"]) for one in listed] == [(second, [[0.0, 0.0, 0.2, 0.2]]), (first, [FACE])]


def test_no_regions_take_the_redaction_back(town: Street, clerk: dict[str, str], shot_id: UUID) -> None:
    first = redact(town, clerk, shot_id, FACE).json["id"]
    assert redact(town, clerk, shot_id, seen=first, reason="the poster of a film").status_code == 201
    assert public(town, clerk, shot_id).status_code == 200
    events = told(town.app, "evidence", shot_id, "redacted")
    assert [(event["regions"], event["reason"]) for event in events] == [
        ([FACE], "a face"),
        ([], "the poster of a film"),
    ]


def test_a_picture_that_cannot_be_painted_over_is_never_shown(
    town: Street, clerk: dict[str, str], shot_id: UUID
) -> None:
    redaction_id = UUID(redact(town, clerk, shot_id, FACE).json["id"])
    with town.app.app_context():
        transact(note_failed, redaction_id, "damaged")
    refused = public(town, clerk, shot_id)
    assert (refused.status_code, slug(refused)) == (404, "redaction-failed")


def test_a_dead_worker_is_forgiven_once(town: Street, clerk: dict[str, str], shot_id: UUID) -> None:
    redaction_id = UUID(redact(town, clerk, shot_id, FACE).json["id"])
    store: BlobStore = town.app.extensions["xuncha_blobs"]
    kept = original(town)
    store.delete(original_key(sha256_of("near")))
    make(town, redaction_id)
    with town.app.app_context():
        assert read(lambda session: session.get_one(Redaction, redaction_id).make_attempts) == 0
    store.put(original_key(sha256_of("near")), io.BytesIO(kept))
    make(town, redaction_id)
    assert public(town, clerk, shot_id).status_code == 200


def test_drawing_on_what_somebody_else_has_drawn_is_stale(town: Street, clerk: dict[str, str], shot_id: UUID) -> None:
    first = redact(town, clerk, shot_id, FACE)
    refused = redact(town, clerk, shot_id, FACE)
    assert (refused.status_code, slug(refused)) == (409, "stale-version")
    assert refused.json["current"]["redaction_id"] == first.json["id"]


@pytest.mark.parametrize(
    "regions", [[], [[0.5, 0.5, 0.0, 0.1]], [[1.0, 0.0, 0.5, 0.5]], [[0.1, 0.1, 0.1]], [[2.0, 0.0, 0.1, 0.1]]]
)
def test_rectangles_that_hide_nothing_are_refused(
    town: Street, clerk: dict[str, str], shot_id: UUID, regions: list[list[float]]
) -> None:
    assert redact(town, clerk, shot_id, *regions).status_code == 422


def test_only_who_may_redacts_and_only_what_is_here(town: Street, clerk: dict[str, str], shot_id: UUID) -> None:
    assert redact(town, town.desk, shot_id, FACE).status_code == 403
    assert redact(town, clerk, uuid4(), FACE).status_code == 404
    assert redact(town, clerk, shot_id, FACE, reason="  ").status_code == 422
    case_id = town.report("absent")
    (absent,) = town.case(case_id)["evidence"]
    assert slug(redact(town, clerk, UUID(absent["id"]), FACE)) == "evidence-missing"
    assert slug(public(town, clerk, UUID(absent["id"]))) == "evidence-missing"
    elsewhere = world.signed_in(town.client, town.city.town_dispatcher)
    assert public(town, elsewhere, shot_id).status_code == 404


def test_the_page_takes_percent_by_the_line_without_any_script(town: Street, shot_id: UUID) -> None:
    desk = console(town.app, town.city.reviewer)
    assert "data-redaction" in desk.text(f"/evidence/{shot_id}")
    wrong = desk.post(f"/evidence/{shot_id}/redactions", regions="25 25 fifty 25", reason="a face", seen="")
    assert wrong.status_code == 422
    assert "25 25 fifty 25" in wrong.text
    saved = desk.post(f"/evidence/{shot_id}/redactions", regions="25 25 50 25\n", reason="a face", seen="")
    assert saved.status_code == 303
    assert "25 25 50 25" in desk.text(f"/evidence/{shot_id}")
    assert desk.get(f"/evidence/{shot_id}/public").status_code == 503
    reader = console(town.app, town.city.dispatcher)
    assert "data-redaction" not in reader.text(f"/evidence/{shot_id}")
