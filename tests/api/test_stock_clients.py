"""The rules that stock tus clients rely on (the design's section 6), each where a client would stumble over it."""

import io
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update
from support.field import OFFSET_STREAM, UPLOADS, FieldHandset, photo
from support.photo_pool import Pool, later
from werkzeug.test import TestResponse

from photo_store.disk import DiskBlobs
from server.clock import now
from server.evidence.models import Upload

ONE = photo(1)
SIZE = len(ONE.content)


def created(handset: FieldHandset, data: bytes = b"", **headers: str) -> TestResponse:
    """Open an upload as a client that knows nothing of hashes."""
    return handset.tus("POST", UPLOADS, data, Upload_Length=str(SIZE), **headers)


def place_of(handset: FieldHandset) -> str:
    place: str = created(handset).headers["Location"]
    return place


def durable(handset: FieldHandset, place: str) -> int:
    answer = handset.tus("HEAD", place)
    assert answer.status_code == 200
    assert (answer.headers["Upload-Length"], answer.headers["Cache-Control"]) == (str(SIZE), "no-store")
    return int(answer.headers["Upload-Offset"])


def test_a_new_upload_stands_at_zero_however_often_the_same_photograph_was_sent(collector: FieldHandset) -> None:
    for _ in range(2):
        answer = created(collector)
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "0")
        assert collector.append(answer.headers["Location"], 0, ONE.content).status_code == 204


def test_a_creation_with_bytes_tells_how_many_are_durable(collector: FieldHandset) -> None:
    for sent in (0, 1, 3000, SIZE - 1, SIZE):
        answer = created(collector, ONE.content[:sent], Content_Type=OFFSET_STREAM)
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, str(sent))
        assert durable(collector, answer.headers["Location"]) == sent


def test_a_creation_whose_bytes_are_refused_names_no_address(collector: FieldHandset) -> None:
    for status, content in ((415, b"GIF89a" + bytes(SIZE - 6)), (413, ONE.content + b"more")):
        answer = created(collector, content, Content_Type=OFFSET_STREAM)
        assert answer.status_code == status
        assert "Location" not in answer.headers


def test_an_empty_patch_at_the_end_is_a_success(collector: FieldHandset) -> None:
    place = place_of(collector)
    collector.append(place, 0, ONE.content)
    answer = collector.append(place, SIZE, b"")
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(SIZE))


def test_a_body_in_chunks_needs_no_length(collector: FieldHandset) -> None:
    place = place_of(collector)
    answer = streamed(collector, place, ONE.content[:7000])
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "7000")
    rest = streamed(collector, place, ONE.content[7000:], offset=7000)
    assert (rest.status_code, durable(collector, place)) == (204, SIZE)


def test_a_short_body_is_kept_and_is_no_success(collector: FieldHandset) -> None:
    place = place_of(collector)
    answer = streamed(collector, place, ONE.content[:7000], length=9000)
    assert answer.status_code == 400
    assert durable(collector, place) == 7000


def test_a_finished_upload_answers_for_a_week_after_its_end(pool: Pool, collector: FieldHandset) -> None:
    place = place_of(collector)
    # It was begun long ago and would expire in a moment.
    pool.do(lambda session: session.execute(update(Upload).values(expires_at=now() + timedelta(minutes=5))))
    collector.append(place, 0, ONE.content)
    with later(timedelta(days=6, hours=23)):
        answer = collector.tus("HEAD", place)
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (200, str(SIZE))
        assert parsedate_to_datetime(answer.headers["Upload-Expires"]) > now()
    with later(timedelta(days=7, minutes=1)):
        assert collector.tus("HEAD", place).status_code == 404


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
def test_what_is_unknown_failed_expired_or_terminated_is_not_found(
    collector: FieldHandset, pool: Pool, method: str
) -> None:
    def ask(place: str) -> int:
        return collector.tus(method, place, b"", Upload_Offset="0", Content_Type=OFFSET_STREAM).status_code

    failed, terminated, expired = (place_of(collector) for _ in range(3))
    collector.append(failed, 0, bytes(SIZE))
    collector.tus("DELETE", terminated)
    unknown = f"{UPLOADS}/00000000-0000-4000-8000-000000000000"
    assert [ask(place) for place in (failed, terminated, unknown)] == [404, 404, 404]
    with later(timedelta(days=8)):
        assert ask(expired) == 404


def test_a_store_that_is_down_asks_for_patience_and_never_says_gone_or_too_many(
    collector: FieldHandset, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = place_of(collector)
    collector.append(place, 0, ONE.content[:-1])
    with monkeypatch.context() as patched:
        patched.setattr(DiskBlobs, "_link", full)
        answers = [collector.append(place, SIZE - 1, ONE.content[-1:]), collector.tus("HEAD", place)]
    assert answers[0].status_code == 503
    for answer in answers:
        assert answer.status_code in {200, 503}
        assert answer.status_code == 200 or int(answer.headers["Retry-After"]) > 0
        assert "Location" not in answer.headers
    offset = durable(collector, place)
    assert collector.append(place, offset, ONE.content[offset:]).status_code == 204


def streamed(
    handset: FieldHandset, place: str, content: bytes, *, offset: int = 0, length: int | None = None
) -> TestResponse:
    """PATCH a body that ends where it ends; without a length it is chunked."""
    stream = io.BytesIO(content)
    over: dict[str, Any] = {
        "wsgi.input": stream,
        "wsgi.input_terminated": True,
        "CONTENT_LENGTH": "" if length is None else str(length),
    }
    if length is None:
        over["HTTP_TRANSFER_ENCODING"] = "chunked"
    headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": str(offset), "Content-Type": OFFSET_STREAM}
    return handset.client.patch(place, headers=headers | handset.headers, environ_overrides=over)


def full(_store: DiskBlobs, *_facts: object) -> bool:
    raise OSError(28, "No space left on device")


def test_the_address_is_found_without_any_credential_by_options_only(app: Flask) -> None:
    client = app.test_client()
    assert client.options(UPLOADS).status_code == 204
    for answer in (client.post(UPLOADS), client.head(f"{UPLOADS}/x"), client.delete(f"{UPLOADS}/x")):
        assert answer.status_code == 401
        assert "Location" not in answer.headers
