"""tus beyond its core: checksum, expiration, and clients that can only POST."""

import base64
import hashlib
from email.utils import parsedate_to_datetime

import pytest
from support.field import OFFSET_STREAM, FieldHandset, photo, refused

from server.clock import now

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
