"""The tests that every blob store must pass.

Use: in a test module, subclass the class below with a name that begins with ``Test`` and override its fixtures.
Imports pytest, so nothing in the product imports this module.
"""

import hashlib
import io
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO

import pytest

from photo_store.blobs import BlobMismatch, BlobMissing, BlobStore, BlobUnavailable, original_key
from photo_store.inspect_image import ImageFacts

__all__ = ["CONTENT", "KEY", "SHA256", "BlobStoreContract"]

CONTENT = b"a photo, as far as a store can tell" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
OTHER_SHA256 = hashlib.sha256(b"other bytes").hexdigest()
KEY = original_key(SHA256)
RACERS = 16
FACTS = ImageFacts("image/jpeg", 10, 4, 3)


class _BreakingSource(io.RawIOBase):
    """A stream that delivers some bytes and then fails, like a handset that is gone."""

    def __init__(self) -> None:
        super().__init__()
        self._rest = [CONTENT[:1000]]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # typeshed's Buffer has no length
        if not self._rest:
            message = "gone"
            raise ConnectionResetError(message)
        block = self._rest.pop()
        buffer[: len(block)] = block
        return len(block)


class BlobStoreContract:
    """Override ``store`` (an empty store) and ``take_down`` (makes that store unreachable)."""

    @pytest.fixture
    def store(self) -> BlobStore:
        raise NotImplementedError

    @pytest.fixture
    def take_down(self) -> Callable[[], object]:
        raise NotImplementedError

    def test_a_stored_blob_is_read_back_byte_for_byte(self, store: BlobStore) -> None:
        assert store.put(KEY, io.BytesIO(CONTENT), sha256=SHA256, size=len(CONTENT)) is True
        with store.open(KEY) as blob:
            assert blob.read(10) == CONTENT[:10]
            blob.seek(0)
            assert blob.read() == CONTENT
        assert store.exists(KEY)
        assert store.size(KEY) == len(CONTENT)

    def test_an_empty_blob_is_a_blob(self, store: BlobStore) -> None:
        assert store.put("probe/empty", io.BytesIO(b"")) is True
        assert store.size("probe/empty") == 0

    def test_the_second_put_of_the_same_bytes_changes_nothing(self, store: BlobStore) -> None:
        store.put(KEY, io.BytesIO(CONTENT))
        assert store.put(KEY, io.BytesIO(CONTENT)) is False
        assert list(store.keys()) == [KEY]

    def test_a_taken_key_never_changes_its_content(self, store: BlobStore) -> None:
        store.put("probe/taken", io.BytesIO(b"first"))
        with pytest.raises(BlobMismatch):
            store.put("probe/taken", io.BytesIO(b"longer second"))
        assert store.put("probe/taken", io.BytesIO(b"other")) is False
        with store.open("probe/taken") as blob:
            assert blob.read() == b"first"

    @pytest.mark.parametrize("declared", [{"sha256": "0" * 64}, {"size": 3}], ids=["hash", "size"])
    def test_bytes_that_are_not_what_was_declared_are_refused(
        self, store: BlobStore, declared: dict[str, str | int]
    ) -> None:
        with pytest.raises(BlobMismatch):
            store.put(KEY, io.BytesIO(CONTENT), **declared)  # type: ignore[arg-type]  # one keyword at a time
        assert not store.exists(KEY)
        assert list(store.keys()) == []

    def test_wrong_bytes_are_refused_even_when_the_right_ones_are_there(self, store: BlobStore) -> None:
        store.put(KEY, io.BytesIO(CONTENT))
        with pytest.raises(BlobMismatch):
            store.put(KEY, io.BytesIO(CONTENT[::-1]), sha256=SHA256)

    def test_a_source_that_breaks_leaves_nothing_half_written(self, store: BlobStore) -> None:
        with pytest.raises(ConnectionResetError):
            store.put(KEY, io.BufferedReader(_BreakingSource()))
        assert not store.exists(KEY)
        assert list(store.keys()) == []

    def test_a_race_of_sixteen_has_exactly_one_winner(self, store: BlobStore) -> None:
        start = threading.Barrier(RACERS)

        def put(_: int) -> bool:
            start.wait()
            return store.put(KEY, io.BytesIO(CONTENT), sha256=SHA256)

        with ThreadPoolExecutor(RACERS) as racers:
            assert sorted(racers.map(put, range(RACERS))) == [False] * (RACERS - 1) + [True]
        with store.open(KEY) as blob:
            assert blob.read() == CONTENT

    def test_a_missing_blob_says_so(self, store: BlobStore) -> None:
        assert not store.exists(KEY)
        with pytest.raises(BlobMissing):
            store.open(KEY)
        with pytest.raises(BlobMissing):
            store.size(KEY)

    def test_a_store_that_is_down_never_says_missing(self, store: BlobStore, take_down: Callable[[], object]) -> None:
        store.put(KEY, io.BytesIO(CONTENT))
        take_down()
        asked: list[Callable[[], object]] = [
            lambda: store.open(KEY),
            lambda: store.exists(KEY),
            lambda: store.size(KEY),
            lambda: store.delete(KEY),
            lambda: store.put("probe/new", io.BytesIO(b"x")),
            lambda: list(store.keys()),
        ]
        for ask in asked:
            with pytest.raises(BlobUnavailable):
                ask()

    def test_deleting_twice_is_deleting_once(self, store: BlobStore) -> None:
        store.put(KEY, io.BytesIO(CONTENT))
        store.delete(KEY)
        store.delete(KEY)
        assert not store.exists(KEY)

    def test_keys_are_listed_by_any_prefix(self, store: BlobStore) -> None:
        for key in ("a/b/one", "a/bc/two", "d/three"):
            store.put(key, io.BytesIO(b"x"))
        assert sorted(store.keys()) == ["a/b/one", "a/bc/two", "d/three"]
        assert sorted(store.keys("a/b")) == ["a/b/one", "a/bc/two"]
        assert sorted(store.keys("a/b/")) == ["a/b/one"]
        assert list(store.keys("nothing")) == []

    @pytest.mark.parametrize("key", ["", "/etc/passwd", "../out", "a/../../out", "a//b", ".tmp/x", "a/.hidden", "a\0b"])
    def test_a_key_that_could_leave_the_store_is_refused(self, store: BlobStore, key: str) -> None:
        source: BinaryIO = io.BytesIO(b"x")
        with pytest.raises(ValueError, match="not a blob key"):
            store.put(key, source)
        with pytest.raises(ValueError, match="not a blob key"):
            store.open(key)
