"""The tests that every blob store and every upload ledger must pass, shipped with the ports they judge.

Use: in a test module, subclass a class below with a name that begins with ``Test`` and override its fixtures.
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
from photo_store.ledger import Segment, UploadLedger
from photo_store.upload_errors import OffsetMismatch, UploadUnknown

__all__ = ["BlobStoreContract", "UploadLedgerContract"]

CONTENT = b"a photo, as far as a store can tell" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
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


class UploadLedgerContract:
    """Override ``ledger`` and ``create``, which makes an open upload: ``create(length, sha256) -> upload id``."""

    @pytest.fixture
    def ledger(self) -> UploadLedger:
        raise NotImplementedError

    @pytest.fixture
    def create(self) -> Callable[[int, str | None], str]:
        raise NotImplementedError

    @pytest.fixture
    def upload_id(self, create: Callable[[int, str | None], str]) -> str:
        return create(100, SHA256)

    def test_a_new_upload_is_open_at_zero(self, ledger: UploadLedger, upload_id: str) -> None:
        state = ledger.state(upload_id)
        assert (state.upload_id, state.length, state.offset, state.sha256, state.status) == (
            upload_id,
            100,
            0,
            SHA256,
            "open",
        )
        assert list(ledger.segments(upload_id)) == []

    def test_an_upload_may_declare_no_hash(
        self, ledger: UploadLedger, create: Callable[[int, str | None], str]
    ) -> None:
        assert ledger.state(create(5, None)).sha256 is None

    def test_an_unknown_upload_is_unknown_to_every_call(self, ledger: UploadLedger) -> None:
        unknown = "00000000-0000-7000-8000-000000000000"
        asked: list[Callable[[], object]] = [
            lambda: ledger.state(unknown),
            lambda: ledger.raise_fence(unknown, at_offset=None),
            lambda: ledger.add_segment(unknown, segment="s", start=0, length=1, fence=1),
            lambda: ledger.segments(unknown),
            lambda: ledger.complete(unknown, sha256=SHA256, image=FACTS, fence=1),
            lambda: ledger.fail(unknown, reason="unknown"),
        ]
        for ask in asked:
            with pytest.raises(UploadUnknown):
                ask()

    def test_each_raise_gives_a_higher_fence(self, ledger: UploadLedger, upload_id: str) -> None:
        first = ledger.raise_fence(upload_id, at_offset=None)
        second = ledger.raise_fence(upload_id, at_offset=0)
        assert second.fence > first.fence
        assert ledger.state(upload_id) == second

    def test_a_raise_at_another_offset_stops_nobody(self, ledger: UploadLedger, upload_id: str) -> None:
        held = ledger.raise_fence(upload_id, at_offset=None)
        with pytest.raises(OffsetMismatch) as mismatch:
            ledger.raise_fence(upload_id, at_offset=7)
        assert mismatch.value.state == held
        assert ledger.add_segment(upload_id, segment="s1", start=0, length=7, fence=held.fence)

    def test_segments_move_the_offset_and_come_back_in_order(self, ledger: UploadLedger, upload_id: str) -> None:
        fence = ledger.raise_fence(upload_id, at_offset=None).fence
        assert ledger.add_segment(upload_id, segment="s1", start=0, length=60, fence=fence)
        assert ledger.add_segment(upload_id, segment="s0", start=60, length=39, fence=fence)
        assert ledger.state(upload_id).offset == 99
        assert list(ledger.segments(upload_id)) == [Segment("s1", 0, 60), Segment("s0", 60, 39)]

    def test_a_fenced_writer_adds_nothing(self, ledger: UploadLedger, upload_id: str) -> None:
        old = ledger.raise_fence(upload_id, at_offset=None).fence
        ledger.raise_fence(upload_id, at_offset=None)
        assert ledger.add_segment(upload_id, segment="s1", start=0, length=7, fence=old) is False
        assert ledger.state(upload_id).offset == 0
        assert list(ledger.segments(upload_id)) == []

    def test_a_segment_that_leaves_a_gap_or_overlaps_is_not_added(self, ledger: UploadLedger, upload_id: str) -> None:
        fence = ledger.raise_fence(upload_id, at_offset=None).fence
        assert ledger.add_segment(upload_id, segment="s1", start=0, length=10, fence=fence)
        for start in (0, 9, 11):
            assert ledger.add_segment(upload_id, segment="s2", start=start, length=5, fence=fence) is False
        assert ledger.state(upload_id).offset == 10

    def test_completing_sets_offset_hash_and_status_at_once(
        self, ledger: UploadLedger, create: Callable[[int, str | None], str]
    ) -> None:
        upload_id = create(100, None)
        fence = ledger.raise_fence(upload_id, at_offset=None).fence
        ledger.add_segment(upload_id, segment="s1", start=0, length=99, fence=fence)
        assert ledger.complete(upload_id, sha256=SHA256, image=FACTS, fence=fence) is True
        state = ledger.state(upload_id)
        assert (state.offset, state.sha256, state.status) == (100, SHA256, "complete")

    def test_a_fenced_writer_completes_nothing(self, ledger: UploadLedger, upload_id: str) -> None:
        old = ledger.raise_fence(upload_id, at_offset=None).fence
        ledger.add_segment(upload_id, segment="s1", start=0, length=99, fence=old)
        ledger.raise_fence(upload_id, at_offset=None)
        assert ledger.complete(upload_id, sha256=SHA256, image=FACTS, fence=old) is False
        assert ledger.state(upload_id).status == "open"
        assert ledger.state(upload_id).offset == 99

    def test_a_complete_upload_stays_as_it_is(self, ledger: UploadLedger, upload_id: str) -> None:
        fence = ledger.raise_fence(upload_id, at_offset=None).fence
        ledger.add_segment(upload_id, segment="s1", start=0, length=99, fence=fence)
        ledger.complete(upload_id, sha256=SHA256, image=FACTS, fence=fence)
        ledger.fail(upload_id, reason="too late")
        assert ledger.complete(upload_id, sha256=SHA256, image=FACTS, fence=fence) is False
        assert ledger.add_segment(upload_id, segment="s2", start=100, length=1, fence=fence) is False
        assert ledger.raise_fence(upload_id, at_offset=None).status == "complete"
        assert ledger.raise_fence(upload_id, at_offset=100).offset == 100
        with pytest.raises(OffsetMismatch):
            ledger.raise_fence(upload_id, at_offset=99)

    def test_a_failed_upload_stays_failed(self, ledger: UploadLedger, upload_id: str) -> None:
        fence = ledger.raise_fence(upload_id, at_offset=None).fence
        ledger.fail(upload_id, reason="not an image")
        ledger.fail(upload_id, reason="again")
        assert ledger.add_segment(upload_id, segment="s1", start=0, length=1, fence=fence) is False
        assert ledger.complete(upload_id, sha256=SHA256, image=FACTS, fence=fence) is False
        assert ledger.raise_fence(upload_id, at_offset=None).status == "failed"

    def test_of_eight_writers_at_one_offset_one_is_recorded(self, ledger: UploadLedger, upload_id: str) -> None:
        fence = ledger.raise_fence(upload_id, at_offset=None).fence
        start = threading.Barrier(8)

        def add(index: int) -> bool:
            start.wait()
            return ledger.add_segment(upload_id, segment=f"s{index}", start=0, length=10, fence=fence)

        with ThreadPoolExecutor(8) as writers:
            assert sorted(writers.map(add, range(8))) == [False] * 7 + [True]
        assert ledger.state(upload_id).offset == 10
        assert len(ledger.segments(upload_id)) == 1
