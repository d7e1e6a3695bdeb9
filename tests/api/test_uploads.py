"""Uploads over the wire, as tus 1.0 says: resume at the durable offset, and never a whole photo that is not checked."""

import base64
import hashlib

import pytest
import world
from flask import Flask
from sqlalchemy import update
from support.field import OFFSET_STREAM, UPLOADS, FieldHandset, Photo, handset_of, photo, refused
from werkzeug.test import TestResponse

from photo_store import original_key
from server.clock import now
from server.config import Settings
from server.db import transact
from server.evidence.models import Upload

ONE = photo(1)
SIZE = len(ONE.content)


@pytest.fixture
def handset(app: Flask, city: world.World) -> FieldHandset:
    return handset_of(app, city, city.collector)


@pytest.fixture
def other(app: Flask, city: world.World) -> FieldHandset:
    return handset_of(app, city, city.enforcer)


def opened(handset: FieldHandset, one: Photo = ONE, *, sha256: str | None = None) -> str:
    created = handset.create(one, sha256=sha256)
    assert (created.status_code, created.headers["Upload-Offset"]) == (201, "0")
    place: str = created.headers["Location"]
    assert place.startswith(f"{UPLOADS}/")
    return place


def offset(handset: FieldHandset, place: str) -> int:
    response = handset.tus("HEAD", place)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Tus-Resumable"] == "1.0.0"
    assert int(response.headers["Upload-Length"]) >= int(response.headers["Upload-Offset"])
    return int(response.headers["Upload-Offset"])


def kept(app: Flask, one: Photo = ONE) -> bytes:
    blobs = app.extensions["xuncha_blobs"]
    with blobs.open(original_key(one.sha256)) as original:
        content: bytes = original.read()
    return content


def absent(app: Flask, one: Photo = ONE) -> bool:
    return not app.extensions["xuncha_blobs"].exists(original_key(one.sha256))


def test_options_tell_what_is_spoken_here_without_any_credential(app: Flask) -> None:
    response = app.test_client().options(UPLOADS)
    assert response.status_code == 204
    assert response.headers["Tus-Version"] == "1.0.0"
    assert set(response.headers["Tus-Extension"].split(",")) == {
        "creation",
        "creation-with-upload",
        "expiration",
        "checksum",
        "termination",
    }
    assert int(response.headers["Tus-Max-Size"]) == 25 * 1024 * 1024


def test_a_photo_is_created_sent_and_kept_byte_for_byte(app: Flask, handset: FieldHandset) -> None:
    place = opened(handset)
    sent = handset.append(place, 0, ONE.content)
    assert (sent.status_code, sent.headers["Upload-Offset"], sent.data) == (204, str(SIZE), b"")
    assert kept(app) == ONE.content
    assert offset(handset, place) == SIZE


def test_an_upload_goes_on_where_it_stands(app: Flask, handset: FieldHandset) -> None:
    place = opened(handset)
    for start in range(0, SIZE, 5000):
        assert offset(handset, place) == start
        sent = handset.append(place, start, ONE.content[start : start + 5000])
        assert sent.status_code == 204
    assert offset(handset, place) == SIZE
    assert kept(app) == ONE.content


def test_nothing_is_claimed_whole_while_one_byte_is_missing(app: Flask, handset: FieldHandset) -> None:
    place = opened(handset)
    handset.append(place, 0, ONE.content[:-1])
    assert offset(handset, place) == SIZE - 1
    assert absent(app)
    assert handset.append(place, SIZE - 1, ONE.content[-1:]).status_code == 204
    assert kept(app) == ONE.content


def test_a_body_may_come_with_the_creation(app: Flask, handset: FieldHandset) -> None:
    name = base64.b64encode(ONE.sha256.encode()).decode()
    facts = {"Upload_Length": str(SIZE), "Upload_Metadata": f"sha256 {name}", "Content_Type": OFFSET_STREAM}
    begun = handset.tus("POST", UPLOADS, ONE.content[:3000], **facts)
    assert (begun.status_code, begun.headers["Upload-Offset"]) == (201, "3000")
    assert handset.append(begun.headers["Location"], 3000, ONE.content[3000:]).status_code == 204
    whole = handset.tus(
        "POST", UPLOADS, photo(2).content, Upload_Length=str(len(photo(2).content)), Content_Type=OFFSET_STREAM
    )
    assert (whole.status_code, whole.headers["Upload-Offset"]) == (201, str(len(photo(2).content)))
    assert (kept(app), kept(app, photo(2))) == (ONE.content, photo(2).content)


def test_other_metadata_and_none_at_all_are_taken(app: Flask, handset: FieldHandset) -> None:
    sha256 = base64.b64encode(ONE.sha256.encode()).decode()
    for metadata in ("", "filename YS5qcGc=", f"filename YS5qcGc=, sha256 {sha256},flag"):
        created = handset.tus("POST", Upload_Length=str(SIZE), Upload_Metadata=metadata)
        assert created.status_code == 201
        if created.headers["Upload-Offset"] == "0":
            assert handset.append(created.headers["Location"], 0, ONE.content).status_code == 204
    assert kept(app) == ONE.content


def test_bytes_that_the_same_install_sent_before_are_finished_at_once(
    handset: FieldHandset, other: FieldHandset
) -> None:
    handset.upload(ONE)
    again = handset.create(ONE)
    assert (again.status_code, again.headers["Upload-Offset"]) == (201, str(SIZE))
    assert offset(handset, again.headers["Location"]) == SIZE
    # Knowing a hash proves nothing: another install sends its bytes itself.
    assert other.create(ONE).headers["Upload-Offset"] == "0"
    assert handset.create(ONE, length=SIZE + 1).headers["Upload-Offset"] == "0"


def test_a_wrong_offset_is_refused_with_the_true_one_and_changes_nothing(app: Flask, handset: FieldHandset) -> None:
    place = opened(handset)
    handset.append(place, 0, ONE.content[:4000])
    for wrong in (0, 3999, 4001, SIZE, 10**12):
        assert refused(handset.append(place, wrong, b"xxx"), 409, "wrong-offset")["offset"] == 4000
    assert offset(handset, place) == 4000
    assert handset.append(place, 4000, ONE.content[4000:]).status_code == 204
    assert kept(app) == ONE.content


def test_an_offset_that_is_no_number_is_refused(handset: FieldHandset) -> None:
    place = opened(handset)
    for wrong in ("", "-1", "many", "1.5", "\xb2", "9" * 5000):
        refused(handset.tus("PATCH", place, b"x", Upload_Offset=wrong, Content_Type=OFFSET_STREAM), 400, "bad-request")


def test_bytes_that_are_not_the_declared_ones_fail_the_upload(app: Flask, handset: FieldHandset) -> None:
    place = opened(handset, sha256=photo(2).sha256)
    refused(handset.append(place, 0, ONE.content), 460, "hash-mismatch")
    assert absent(app)
    assert absent(app, photo(2))
    assert handset.tus("HEAD", place).status_code == 404
    refused(handset.append(place, 0, ONE.content), 404, "unknown-upload")
    # It starts over and arrives.
    assert handset.append(opened(handset), 0, ONE.content).status_code == 204


def test_what_is_no_photograph_is_refused_by_its_content(app: Flask, handset: FieldHandset) -> None:
    png = b"\x89PNG\r\n\x1a\n" + bytes(200)
    contents = {
        "PNG": png,
        "GIF": b"GIF89a" + bytes(99),
        "PDF": b"%PDF-1.7 " + bytes(99),
        "SVG": b"<svg/>",
        "": b"\xff\xd8",
    }
    for name, content in contents.items():
        one = Photo(content)
        found = refused(handset.append(opened(handset, one), 0, content), 415, "not-an-image")
        assert name in found["detail"]
        assert absent(app, one)
    cut = Photo(ONE.content[:100])
    refused(handset.append(opened(handset, cut), 0, cut.content), 415, "not-an-image")


def test_a_photograph_over_the_limit_is_refused_before_a_byte_is_sent(handset: FieldHandset) -> None:
    found = refused(handset.create(ONE, length=25 * 1024 * 1024 + 1), 413, "photo-too-large")
    assert str(25 * 1024 * 1024) in found["detail"]
    assert handset.create(ONE, length=25 * 1024 * 1024).status_code == 201


def test_more_bytes_than_declared_are_refused(app: Flask, handset: FieldHandset) -> None:
    place = opened(handset)
    refused(handset.append(place, 0, ONE.content + b"more"), 413, "upload-too-long")
    assert absent(app)
    rest = offset(handset, place)
    assert handset.append(place, rest, ONE.content[rest:]).status_code == 204


@pytest.mark.parametrize("server_says_the_end", [False, True])
def test_a_body_that_ends_early_keeps_what_arrived_and_is_no_success(
    app: Flask, handset: FieldHandset, *, server_says_the_end: bool
) -> None:
    # granian ends a body that was cut short of its Content-Length as if it were complete.
    place = opened(handset)
    cut = handset.client.patch(
        place,
        data=ONE.content[:4000],
        headers={"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": OFFSET_STREAM, **handset.headers},
        environ_overrides={"CONTENT_LENGTH": "9000", "wsgi.input_terminated": server_says_the_end},
    )
    assert "4000" in refused(cut, 400, "bad-request")["detail"]
    assert offset(handset, place) == 4000
    assert handset.append(place, 4000, ONE.content[4000:]).status_code == 204
    assert kept(app) == ONE.content


def test_a_length_that_is_no_number_of_bytes_is_refused(handset: FieldHandset) -> None:
    for wrong in ("", "0", "-5", "many", "1e3", "\xb2", "9" * 5000):
        response = handset.tus("POST", Upload_Length=wrong)
        assert response.status_code in {400, 413}, wrong
        refused(response, response.status_code, "bad-request" if response.status_code == 400 else "photo-too-large")
    refused(handset.tus("POST"), 400, "bad-request")


def test_a_hash_that_is_none_is_refused(handset: FieldHandset) -> None:
    capitals = base64.b64encode(ONE.sha256.upper().encode()).decode()
    for wrong in ("", "!!!", "\xe9", "YQ==", capitals, base64.b64encode(b"\xff" * 64).decode()):
        response = handset.tus("POST", Upload_Length="5", Upload_Metadata=f"sha256 {wrong}")
        refused(response, 400, "bad-request")


def test_anothers_upload_is_refused_exactly_like_one_that_does_not_exist(
    handset: FieldHandset, other: FieldHandset
) -> None:
    place = opened(handset)
    nowhere = [f"{UPLOADS}/{name}" for name in ("00000000-0000-0000-0000-000000000000", "nonsense", "%00", "x" * 300)]
    for path in (place, *nowhere):
        assert other.tus("HEAD", path).status_code == 404, path
        found = refused(other.append(path, 0, ONE.content), 404, "unknown-upload")
        assert place.rpartition("/")[2] not in str(found)
    assert offset(handset, place) == 0


def test_an_expired_upload_is_unknown(app: Flask, handset: FieldHandset) -> None:
    place = opened(handset)
    with app.app_context():
        transact(lambda session: session.execute(update(Upload).values(expires_at=now())))
    refused(handset.append(place, 0, ONE.content), 404, "unknown-upload")


def test_the_wrong_content_type_is_refused(handset: FieldHandset) -> None:
    place = opened(handset)
    for wrong in ("application/octet-stream", "image/jpeg", ""):
        response = handset.tus("PATCH", place, ONE.content, Upload_Offset="0", Content_Type=wrong)
        assert OFFSET_STREAM in refused(response, 415, "wrong-content-type")["detail"]


def test_another_tus_version_is_refused_with_the_one_that_is_spoken(handset: FieldHandset) -> None:
    place = opened(handset)
    requests: list[TestResponse] = [
        handset.tus("POST", Upload_Length="5", Tus_Resumable="0.2.2"),
        handset.tus("PATCH", place, b"x", Tus_Resumable="2.0.0"),
        handset.client.patch(place, headers=handset.headers),
    ]
    for response in requests:
        refused(response, 412, "tus-version")
        assert response.headers["Tus-Version"] == "1.0.0"


def test_uploads_need_a_handset(app: Flask, city: world.World, handset: FieldHandset) -> None:
    place = opened(handset)
    client = app.test_client()
    desk = world.signed_in(client, city.dispatcher)
    for headers in ({}, desk, {"Authorization": "Bearer hs_nobody"}):
        sent = {"Tus-Resumable": "1.0.0", **headers}
        refused(client.post(UPLOADS, headers=sent), 401, "unknown-handset")
        refused(client.patch(place, headers=sent, data=b"x"), 401, "unknown-handset")
        assert client.head(place, headers=sent).status_code == 401


def test_other_methods_are_refused_with_those_that_are_allowed(handset: FieldHandset) -> None:
    place = opened(handset)
    for response in (handset.tus("GET", place), handset.tus("PUT", place), handset.tus("GET", UPLOADS)):
        refused(response, 405, "method-not-allowed")
        assert response.headers["Allow"]


def test_a_store_that_fails_loses_nothing_and_asks_for_patience(
    app: Flask, settings: Settings, handset: FieldHandset
) -> None:
    place = opened(handset)
    handset.append(place, 0, ONE.content[:4000])
    away = settings.spool_dir.with_name("elsewhere")
    settings.spool_dir.rename(away)
    settings.spool_dir.write_bytes(b"no folder")
    failed = handset.append(place, 4000, ONE.content[4000:])
    refused(failed, 503, "store-unavailable")
    assert int(failed.headers["Retry-After"]) > 0
    settings.spool_dir.unlink()
    away.rename(settings.spool_dir)
    rest = offset(handset, place)
    assert handset.append(place, rest, ONE.content[rest:]).status_code == 204
    assert hashlib.sha256(kept(app)).hexdigest() == ONE.sha256
