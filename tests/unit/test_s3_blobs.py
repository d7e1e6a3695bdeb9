"""Blobs on a real S3 server, over HTTP and over TLS: the contract, and what only a server can get wrong."""

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from support.object_store import ObjectStore

from photo_store.blobs import BlobMismatch, BlobMissing, BlobUnavailable, original_key
from photo_store.contract import CONTENT, KEY, SHA256, BlobStoreContract
from photo_store.s3 import S3Blobs
from photo_store.s3_check import StoreAbilities, examine_store
from photo_store.s3_client import S3Address, s3_client
from photo_store.s3_stream import BLOCK


class TestS3OverHttp(BlobStoreContract):
    @pytest.fixture
    def store(self, object_store: ObjectStore) -> S3Blobs:
        return S3Blobs(object_store.client, object_store.bucket)

    @pytest.fixture
    def take_down(self, object_store: ObjectStore) -> Callable[[], object]:
        return object_store.kill


class TestS3OverTls(BlobStoreContract):
    @pytest.fixture
    def store(self, object_store: ObjectStore) -> S3Blobs:
        return S3Blobs(object_store.tls_client, object_store.bucket)

    @pytest.fixture
    def take_down(self, object_store: ObjectStore) -> Callable[[], object]:
        return object_store.kill


class TestS3ThatIgnoresConditions(BlobStoreContract):
    """The way round for servers that do not know If-None-Match; a race there may have two winners of equal bytes."""

    @pytest.fixture
    def store(self, object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> S3Blobs:
        blobs = S3Blobs(object_store.client, object_store.bucket)
        old = StoreAbilities(checks_sums=False, refuses_overwrite=False, keeps_versions=False, locks_objects=False)
        monkeypatch.setattr(blobs, "abilities", lambda: old)
        return blobs

    @pytest.fixture
    def take_down(self, object_store: ObjectStore) -> Callable[[], object]:
        return object_store.kill

    def test_a_race_of_sixteen_has_exactly_one_winner(self, store: S3Blobs) -> None:  # type: ignore[override]  # the weaker promise
        store.put(KEY, io.BytesIO(CONTENT), sha256=SHA256)
        assert store.put(KEY, io.BytesIO(CONTENT), sha256=SHA256) is False


@pytest.fixture(params=["client", "tls_client"], ids=["http", "tls"])
def store(request: pytest.FixtureRequest, object_store: ObjectStore) -> S3Blobs:
    return S3Blobs(getattr(object_store, request.param), object_store.bucket)


class _Changing(io.BytesIO):
    """A file that changes between the reading that hashes it and the reading that sends it."""

    changed = False

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        if not self.changed:
            self.getbuffer()[5] ^= 1
            self.changed = True
        return super().seek(offset, whence)


def test_bytes_that_change_on_the_way_are_refused_by_the_server(store: S3Blobs, object_store: ObjectStore) -> None:
    with pytest.raises(BlobUnavailable, match="BadDigest"):
        store.put(KEY, _Changing(CONTENT), sha256=SHA256)
    assert not store.exists(KEY)


def test_an_original_that_lies_there_damaged_is_not_taken_for_the_right_one(
    store: S3Blobs, object_store: ObjectStore
) -> None:
    rotten = bytes([CONTENT[0] ^ 1]) + CONTENT[1:]
    object_store.client.put_object(Bucket=object_store.bucket, Key=KEY, Body=rotten)
    with pytest.raises(BlobMismatch, match="damaged"):
        store.put(KEY, io.BytesIO(CONTENT), sha256=SHA256)


def test_the_server_enforces_what_we_rely_on(object_store: ObjectStore) -> None:
    found = examine_store(object_store.client, object_store.bucket)
    assert (found.checks_sums, found.refuses_overwrite) == (True, True)
    assert found.shortcomings() == []
    assert (found.keeps_versions, found.locks_objects) == (False, False)
    assert object_store.client.list_objects_v2(Bucket=object_store.bucket)["KeyCount"] == 0


def test_versions_and_locks_are_seen(object_store: ObjectStore) -> None:
    object_store.client.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    try:
        found = examine_store(object_store.client, "locked")
        assert (found.keeps_versions, found.locks_objects) == (True, True)
        assert (found.checks_sums, found.refuses_overwrite) == (True, True)
    finally:
        for version in object_store.client.list_object_versions(Bucket="locked").get("Versions", ()):
            object_store.client.delete_object(Bucket="locked", Key=version["Key"], VersionId=version["VersionId"])


def test_a_server_is_examined_once_and_its_finding_is_told(object_store: ObjectStore) -> None:
    told: list[StoreAbilities] = []
    store = S3Blobs(object_store.client, object_store.bucket, told.append)
    store.put("probe/one", io.BytesIO(b"x"))
    store.put("probe/two", io.BytesIO(b"x"))
    assert [found.refuses_overwrite for found in told] == [True]


def test_a_bucket_that_is_not_there_is_no_empty_bucket(object_store: ObjectStore) -> None:
    store = S3Blobs(object_store.client, "nobody-made-it")
    asked: list[Callable[[], object]] = [
        lambda: store.open(KEY),
        lambda: store.exists(KEY),
        lambda: store.size(KEY),
        lambda: store.put(KEY, io.BytesIO(CONTENT)),
        lambda: list(store.keys()),
    ]
    for ask in asked:
        with pytest.raises(BlobUnavailable):
            ask()


@pytest.mark.parametrize(
    ("endpoint", "asked"),
    [
        ("https://s3.example.gov.cn:9000", "https://s3.example.gov.cn:9000/photographs/a/b"),
        ("https://photographs.oss.example.com", "https://photographs.oss.example.com/a/b"),
    ],
    ids=["in the path", "in the host"],
)
def test_the_bucket_stands_where_the_endpoint_wants_it(endpoint: str, asked: str) -> None:
    client = s3_client(S3Address(endpoint, "photographs", "us-east-1", "key", "secret"))
    signed = client.generate_presigned_url("get_object", Params={"Bucket": "photographs", "Key": "a/b"})
    assert signed.partition("?")[0] == asked


def test_no_secret_stands_in_a_message() -> None:
    assert "secret" not in repr(S3Address("http://s3.example", "photographs", "us-east-1", "key", "a secret")).replace(
        "secret_key", ""
    )


def test_wrong_keys_are_no_empty_bucket(object_store: ObjectStore) -> None:
    store = S3Blobs(s3_client(replace(object_store.http, secret_key="wrong")), object_store.bucket)
    for ask in (store.exists, store.open, store.size):
        with pytest.raises(BlobUnavailable, match="403"):
            ask(KEY)


def test_a_server_with_a_foreign_certificate_is_not_believed(object_store: ObjectStore) -> None:
    store = S3Blobs(s3_client(replace(object_store.https, ca_file=None)), object_store.bucket)
    with pytest.raises(BlobUnavailable, match="SSL"):
        store.exists(KEY)


def test_a_long_blob_is_read_in_any_order_a_block_at_a_time(store: S3Blobs) -> None:
    content = bytes(range(256)) * (2 * BLOCK // 256) + b"the end"
    store.put("probe/long", io.BytesIO(content))
    with store.open("probe/long") as blob:
        assert blob.seek(-7, io.SEEK_END) == 2 * BLOCK
        assert blob.read() == b"the end"
        assert blob.seek(BLOCK - 3) == BLOCK - 3
        assert blob.read(6) == content[BLOCK - 3 : BLOCK + 3]
        blob.seek(0)
        assert blob.read() == content
        assert blob.read(1) == b""
    with store.open("probe/long") as blob:
        assert hashlib.sha256(blob.read(100) + blob.read()).digest() == hashlib.sha256(content).digest()


def test_a_listing_goes_on_after_the_first_page(object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    client = object_store.client
    store = S3Blobs(client, object_store.bucket)
    wanted = {f"page/{number}" for number in range(7)}
    for key in wanted:
        store.put(key, io.BytesIO(b"x"))
    whole_page = client.get_paginator
    monkeypatch.setattr(
        client,
        "get_paginator",
        lambda name: _ShortPages(whole_page(name)),
    )
    assert set(store.keys("page/")) == wanted


class _ShortPages:
    """A paginator whose pages hold three keys."""

    def __init__(self, pages: object) -> None:
        self._pages = pages

    def paginate(self, **asked: object) -> object:
        return self._pages.paginate(**asked, PaginationConfig={"PageSize": 3})  # type: ignore[attr-defined]  # boto3 makes it


def test_a_blob_that_vanishes_while_it_is_read_says_missing(store: S3Blobs, object_store: ObjectStore) -> None:
    content = bytes(3 * BLOCK)
    key = original_key(hashlib.sha256(content).hexdigest())
    store.put(key, io.BytesIO(content))
    with store.open(key) as blob:
        blob.read(10)
        object_store.client.delete_object(Bucket=object_store.bucket, Key=key)
        with pytest.raises(BlobMissing):
            blob.read()
