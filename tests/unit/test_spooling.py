"""A store that takes photographs in while the one behind it is down, and the copies of renditions beside it."""

import hashlib
import io
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest
from support.object_store import ObjectStore

from photo_store.blobs import BlobMismatch, BlobMissing, BlobStore, BlobUnavailable, original_key, rendition_key
from photo_store.breaker import REST_S, Breaker
from photo_store.contract import CONTENT, KEY, SHA256, BlobStoreContract
from photo_store.disk import DiskBlobs
from photo_store.memory import MemoryBlobs
from photo_store.rendition_cache import LONGEST_S, RenditionCache
from photo_store.s3 import S3Blobs
from photo_store.spooling import SpoolingBlobs

THUMBNAIL = rendition_key(SHA256, "thumbnail", "r1")


class _Clock:
    """A clock that only a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def primary() -> MemoryBlobs:
    return MemoryBlobs()


@pytest.fixture
def recoveries() -> list[str]:
    return []


@pytest.fixture
def store(primary: MemoryBlobs, tmp_path: Path, recoveries: list[str], clock: _Clock) -> SpoolingBlobs:
    breaker = Breaker(lambda: recoveries.append("recovered"), clock=clock)
    return SpoolingBlobs(primary, DiskBlobs(tmp_path / "waiting"), breaker)


class TestSpoolingInMemory(BlobStoreContract):
    """Down means both: with the disk there, a blob finds a place."""

    @pytest.fixture
    def store(self, primary: MemoryBlobs, tmp_path: Path) -> SpoolingBlobs:
        return SpoolingBlobs(primary, DiskBlobs(tmp_path / "waiting"))

    @pytest.fixture
    def take_down(self, primary: MemoryBlobs, tmp_path: Path) -> Callable[[], object]:
        def down() -> None:
            primary.available = False
            shutil.rmtree(tmp_path / "waiting")

        return down


class TestSpoolingAroundS3(BlobStoreContract):
    @pytest.fixture
    def store(self, object_store: ObjectStore, tmp_path: Path) -> SpoolingBlobs:
        return SpoolingBlobs(S3Blobs(object_store.client, object_store.bucket), DiskBlobs(tmp_path / "waiting"))

    @pytest.fixture
    def take_down(self, object_store: ObjectStore, tmp_path: Path) -> Callable[[], object]:
        def down() -> None:
            object_store.kill()
            shutil.rmtree(tmp_path / "waiting")

        return down


class TestWhatWaits(BlobStoreContract):
    """Everything put while the primary is down behaves as in any store, but for deletion and lists."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> BlobStore:
        return _OnlyWaiting(MemoryBlobs(), DiskBlobs(tmp_path / "waiting"))

    @pytest.fixture
    def take_down(self, tmp_path: Path) -> Callable[[], object]:
        return lambda: shutil.rmtree(tmp_path / "waiting")


class _OnlyWaiting(SpoolingBlobs):
    """The primary is down at every put and back right after it."""

    def put(self, key: str, source: BinaryIO, *, sha256: str | None = None, size: int | None = None) -> bool:
        assert isinstance(self.primary, MemoryBlobs)
        self.primary.available = False
        try:
            return super().put(key, source, sha256=sha256, size=size)
        finally:
            self.primary.available = True
            self.breaker = Breaker(rest_s=0)


class TestCacheAroundDisk(BlobStoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> RenditionCache:
        return RenditionCache(DiskBlobs(tmp_path / "blobs"), tmp_path / "cache", 1_000_000)

    @pytest.fixture
    def take_down(self, tmp_path: Path) -> Callable[[], object]:
        return lambda: shutil.rmtree(tmp_path / "blobs")


def silent(_stage: str, _done: int, _of: int) -> None:
    """Tell nobody."""


def wait_for_the_next_try(clock: _Clock) -> None:
    clock.now += REST_S + 1


def put_original(store: BlobStore, content: bytes = CONTENT) -> str:
    sha256 = hashlib.sha256(content).hexdigest()
    store.put(original_key(sha256), io.BytesIO(content), sha256=sha256)
    return original_key(sha256)


def test_a_photograph_is_taken_in_and_read_while_the_store_is_down(store: SpoolingBlobs, primary: MemoryBlobs) -> None:
    primary.available = False
    assert store.put(KEY, io.BytesIO(CONTENT), sha256=SHA256) is True
    assert store.put(KEY, io.BytesIO(CONTENT), sha256=SHA256) is False
    assert store.waiting(KEY)
    assert store.exists(KEY)
    assert store.size(KEY) == len(CONTENT)
    with store.open(KEY) as blob:
        assert blob.read() == CONTENT


def test_a_source_that_cannot_seek_is_taken_in_too(store: SpoolingBlobs, primary: MemoryBlobs) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    primary.available = False
    assert store.put(KEY, Pipe(CONTENT), sha256=SHA256) is True
    with store.open(KEY) as blob:
        assert blob.read() == CONTENT


def test_wrong_bytes_do_not_get_in_while_the_store_is_down(store: SpoolingBlobs, primary: MemoryBlobs) -> None:
    primary.available = False
    with pytest.raises(BlobMismatch):
        store.put(KEY, io.BytesIO(CONTENT[::-1]), sha256=SHA256)
    assert not store.waiting(KEY)


def test_what_is_not_here_is_not_missing_while_the_store_is_down(store: SpoolingBlobs, primary: MemoryBlobs) -> None:
    put_original(store)
    primary.available = False
    for ask in (store.open, store.exists, store.size, store.delete):
        with pytest.raises(BlobUnavailable):
            ask(KEY)


def test_what_waited_is_moved_and_then_lies_in_the_store_only(
    store: SpoolingBlobs, primary: MemoryBlobs, clock: _Clock
) -> None:
    primary.available = False
    keys = {put_original(store, CONTENT[:length]) for length in (10, 20, 30)}
    store.put(THUMBNAIL, io.BytesIO(b"small"))
    assert set(store.all_waiting()) == keys | {THUMBNAIL}
    primary.available = True
    wait_for_the_next_try(clock)
    assert store.drain(silent) == 4
    assert store.all_waiting() == []
    assert set(primary.keys()) == keys | {THUMBNAIL}
    assert store.drain(silent) == 0


def test_draining_into_a_store_that_is_down_moves_nothing_and_loses_nothing(
    store: SpoolingBlobs, primary: MemoryBlobs, clock: _Clock
) -> None:
    primary.available = False
    key = put_original(store)
    wait_for_the_next_try(clock)
    with pytest.raises(BlobUnavailable):
        store.drain(silent)
    assert store.all_waiting() == [key]


def test_a_drain_that_died_between_put_and_removal_is_repeated(
    store: SpoolingBlobs, primary: MemoryBlobs, clock: _Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    primary.available = False
    key = put_original(store)
    primary.available = True
    wait_for_the_next_try(clock)

    def die(_key: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(store.local, "delete", die)
        with pytest.raises(KeyboardInterrupt):
            store.drain(silent)
    assert (primary.exists(key), store.waiting(key)) == (True, True)
    assert store.drain(silent) == 1
    assert (primary.exists(key), store.waiting(key)) == (True, False)


def test_an_original_that_rotted_while_it_waited_is_kept_and_named_and_holds_nobody_back(
    store: SpoolingBlobs, primary: MemoryBlobs, clock: _Clock, tmp_path: Path
) -> None:
    primary.available = False
    good, bad = put_original(store, b"good"), put_original(store)
    (tmp_path / "waiting" / bad).chmod(0o640)
    (tmp_path / "waiting" / bad).write_bytes(CONTENT[::-1])
    primary.available = True
    wait_for_the_next_try(clock)
    with pytest.raises(BlobMismatch, match=SHA256):
        store.drain(silent)
    assert store.all_waiting() == [bad]
    assert list(primary.keys()) == [good]


def test_a_rendition_made_twice_stays_as_the_store_has_it(
    store: SpoolingBlobs, primary: MemoryBlobs, clock: _Clock
) -> None:
    primary.available = False
    store.put(THUMBNAIL, io.BytesIO(b"made here"))
    primary.available = True
    primary.put(THUMBNAIL, io.BytesIO(b"made elsewhere before"))
    wait_for_the_next_try(clock)
    assert store.drain(silent) == 1
    with store.open(THUMBNAIL) as blob:
        assert blob.read() == b"made elsewhere before"


def test_a_dead_store_is_asked_once_in_a_while_and_not_by_everybody(
    store: SpoolingBlobs, primary: MemoryBlobs, clock: _Clock, recoveries: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    really_size = primary.size

    def size(key: str) -> int:
        asked.append(key)
        return really_size(key)

    monkeypatch.setattr(primary, "size", size)
    put_original(store)
    primary.available = False
    for _ in range(5):
        with pytest.raises(BlobUnavailable):
            store.size(KEY)
    assert len(asked) == 1
    primary.available = True
    with pytest.raises(BlobUnavailable):
        store.size(KEY)
    assert recoveries == []
    wait_for_the_next_try(clock)
    assert store.size(KEY) == store.size(KEY) == len(CONTENT)
    assert recoveries == ["recovered"]


def test_deleting_removes_what_waits_as_well(store: SpoolingBlobs, primary: MemoryBlobs, clock: _Clock) -> None:
    primary.available = False
    key = put_original(store)
    primary.available = True
    wait_for_the_next_try(clock)
    store.delete(key)
    assert not store.exists(key)
    assert not store.waiting(key)


@pytest.fixture
def cache(primary: MemoryBlobs, tmp_path: Path) -> RenditionCache:
    return RenditionCache(primary, tmp_path / "cache", 250)


def test_thumbnails_are_shown_while_the_store_is_down(cache: RenditionCache, primary: MemoryBlobs) -> None:
    cache.put(THUMBNAIL, io.BytesIO(b"small"))
    primary.available = False
    assert cache.size(THUMBNAIL) == 5
    with cache.open(THUMBNAIL) as blob:
        assert blob.read() == b"small"


def test_a_rendition_is_kept_when_it_was_read_once(cache: RenditionCache, primary: MemoryBlobs) -> None:
    primary.put(THUMBNAIL, io.BytesIO(b"made elsewhere"))
    assert cache.size(THUMBNAIL) == len(b"made elsewhere")
    primary.available = False
    with cache.open(THUMBNAIL) as blob:
        assert blob.read() == b"made elsewhere"


def test_originals_are_not_kept(cache: RenditionCache, primary: MemoryBlobs) -> None:
    key = put_original(cache)
    primary.available = False
    with pytest.raises(BlobUnavailable):
        cache.open(key)


def test_a_copy_spoiled_by_a_power_cut_is_fetched_again(cache: RenditionCache, tmp_path: Path) -> None:
    cache.put(THUMBNAIL, io.BytesIO(b"small"))
    (tmp_path / "cache" / THUMBNAIL).write_bytes(b"")
    with cache.open(THUMBNAIL) as blob:
        assert blob.read() == b"small"


def test_a_deleted_rendition_is_gone_from_the_copies(cache: RenditionCache) -> None:
    cache.put(THUMBNAIL, io.BytesIO(b"small"))
    cache.delete(THUMBNAIL)
    with pytest.raises(BlobMissing):
        cache.open(THUMBNAIL)


def test_the_oldest_copies_go_when_there_are_too_many(
    cache: RenditionCache, primary: MemoryBlobs, tmp_path: Path
) -> None:
    keys = [rendition_key(f"{number:064x}", "thumbnail", "r1") for number in range(4)]
    for age, key in enumerate(reversed(keys)):
        cache.put(key, io.BytesIO(bytes(50)))
        os.utime(tmp_path / "cache" / key, (time.time() - age, time.time() - age))
    assert cache.sweep() == 1  # four times 50 bytes and a hash of 32 do not fit into 250
    primary.available = False
    assert cache.size(keys[3]) == 50
    with pytest.raises(BlobUnavailable):
        cache.size(keys[0])


def test_no_copy_outlives_a_week(cache: RenditionCache, primary: MemoryBlobs, tmp_path: Path) -> None:
    cache.put(THUMBNAIL, io.BytesIO(b"small"))
    old = time.time() - LONGEST_S - 60
    os.utime(tmp_path / "cache" / THUMBNAIL, (old, old))
    assert cache.sweep() == 1
    primary.available = False
    with pytest.raises(BlobUnavailable):
        cache.open(THUMBNAIL)
