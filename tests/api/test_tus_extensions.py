"""tus beyond its core: checksum, expiration, termination, and clients that can only POST."""

import base64
import hashlib
from email.utils import parsedate_to_datetime
from functools import partial

import pytest
from support.field import OFFSET_STREAM, UPLOADS, FieldHandset, photo, refused
from support.forced_points import at_once

from server.clock import now
from server.config import Settings

A = photo(1)


def checksum(piece: bytes, name: str = "sha1") -> str:
    return f"{name} {base64.b64encode(hashlib.new(name, piece).digest()).decode()}"


@pytest.mark.parametrize("name", ["sha1", "sha256", "md5"])
def test_a_piece_that_fits_its_checksum_is_taken(collector: FieldHandset, name: str) -> None:
    path = collector.create(A).headers["Location"]
    half = len(A.content) // 2
    for offset, piece in ((0, A.content[:half]), (half, A.content[half:])):
        headers = {
            "Upload_Offset": str(offset),
            "Content_Type": OFFSET_STREAM,
            "Upload_Checksum": checksum(piece, name),
        }
        assert collector.tus("PATCH", path, piece, **headers).status_code == 204
    assert collector.tus("HEAD", path).headers["Upload-Offset"] == str(len(A.content))


def test_a_piece_that_does_not_fit_its_checksum_leaves_the_upload_as_it_was(collector: FieldHandset) -> None:
    path = collector.create(A).headers["Location"]
    headers = {"Upload_Offset": "0", "Content_Type": OFFSET_STREAM, "Upload_Checksum": checksum(b"other bytes")}
    refused(collector.tus("PATCH", path, A.content, **headers), 460, "hash-mismatch")
    assert collector.tus("HEAD", path).headers["Upload-Offset"] == "0"
    assert collector.append(path, 0, A.content).status_code == 204


@pytest.mark.parametrize("header", ["", "sha1", "sha1 !", "crc32 AAAA", "sha512 AAAA", "\xff"])
def test_a_checksum_that_cannot_be_read_is_refused(collector: FieldHandset, header: str) -> None:
    path = collector.create(A).headers["Location"]
    headers = {"Upload_Offset": "0", "Content_Type": OFFSET_STREAM, "Upload_Checksum": header}
    answer = collector.tus("PATCH", path, A.content, **headers)
    assert answer.status_code in {400, 460}
    assert collector.tus("HEAD", path).headers["Upload-Offset"] == "0"


def test_every_answer_about_an_upload_says_when_it_expires(collector: FieldHandset) -> None:
    created = collector.create(A)
    path = created.headers["Location"]
    for answer in (created, collector.tus("HEAD", path), collector.append(path, 0, A.content)):
        assert parsedate_to_datetime(answer.headers["Upload-Expires"]) > now()


def test_a_client_that_can_only_post_overrides_the_method(collector: FieldHandset) -> None:
    path = collector.create(A).headers["Location"]
    headers = {"Upload_Offset": "0", "Content_Type": OFFSET_STREAM}
    refused(collector.tus("POST", path, A.content, **headers), 405, "method-not-allowed")
    answer = collector.tus("POST", path, A.content, X_HTTP_Method_Override="PATCH", **headers)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(len(A.content)))


def test_a_terminated_upload_is_gone_and_its_bytes_with_it(collector: FieldHandset, settings: Settings) -> None:
    path = collector.create(A).headers["Location"]
    collector.append(path, 0, A.content[:5000])
    answer = collector.tus("DELETE", path)
    assert (answer.status_code, answer.data, answer.headers["Tus-Resumable"]) == (204, b"", "1.0.0")
    assert list(settings.spool_dir.iterdir()) == []
    for method in ("HEAD", "DELETE"):
        assert collector.tus(method, path).status_code == 404
    refused(collector.append(path, 5000, A.content[5000:]), 404, "unknown-upload")
    collector.upload(A)


def test_a_complete_upload_is_not_taken_back(collector: FieldHandset) -> None:
    path = collector.create(A).headers["Location"]
    collector.append(path, 0, A.content)
    refused(collector.tus("DELETE", path), 403, "upload-complete")
    assert collector.tus("HEAD", path).headers["Upload-Offset"] == str(len(A.content))


def test_nobody_terminates_anothers_upload(collector: FieldHandset, enforcer: FieldHandset) -> None:
    path = collector.create(A).headers["Location"]
    refused(enforcer.tus("DELETE", path), 404, "unknown-upload")
    refused(collector.tus("DELETE", f"{UPLOADS}/nonsense"), 404, "unknown-upload")
    assert collector.append(path, 0, A.content).status_code == 204


def test_of_a_termination_and_a_last_byte_at_once_the_first_one_counts(collector: FieldHandset) -> None:
    for _ in range(5):
        path = collector.tus("POST", Upload_Length=str(len(A.content))).headers["Location"]
        sent, ended = at_once(partial(send_or_terminate, collector, path), 2)
        assert (sent, ended) in {(204, 403), (423, 204), (404, 204)}
        assert collector.tus("HEAD", path).status_code == (404 if ended == 204 else 200)


def send_or_terminate(handset: FieldHandset, path: str, number: int) -> int:
    if number:
        return handset.tus("DELETE", path).status_code
    return handset.append(path, 0, A.content).status_code


def test_a_client_that_can_only_post_overrides_head_and_delete_too(collector: FieldHandset) -> None:
    path = collector.create(A).headers["Location"]
    told = collector.tus("POST", path, X_HTTP_Method_Override="HEAD")
    assert (told.status_code, told.data) == (200, b"")
    assert (told.headers["Upload-Offset"], told.headers["Upload-Length"]) == ("0", str(len(A.content)))
    assert told.headers["Cache-Control"] == "no-store"
    refused(collector.tus("POST", path, X_HTTP_Method_Override="PUT"), 405, "method-not-allowed")
    assert collector.tus("POST", path, X_HTTP_Method_Override="DELETE").status_code == 204
    assert collector.tus("HEAD", path).status_code == 404
