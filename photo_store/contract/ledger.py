"""The tests that every upload ledger must pass.

Use: in a test module, subclass the class below with a name that begins with ``Test`` and override its fixtures.
Imports pytest, so nothing in the product imports this module.
"""

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from photo_store.contract.blobs import SHA256
from photo_store.inspect_image import ImageFacts
from photo_store.ledger import Segment, UploadLedger
from photo_store.upload_errors import OffsetMismatch, UploadUnknown

__all__ = ["UploadLedgerContract"]

OTHER_SHA256 = hashlib.sha256(b"other bytes").hexdigest()
FACTS = ImageFacts("image/jpeg", 10, 4, 3)


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
            lambda: ledger.refused_before(unknown, SHA256),
            lambda: ledger.claim(unknown, sha256=SHA256, fence=1),
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

    def test_a_claimed_hash_is_the_uploads_hash_before_it_is_complete(
        self, ledger: UploadLedger, create: Callable[[int, str | None], str]
    ) -> None:
        upload_id = create(100, None)
        fence = ledger.raise_fence(upload_id, at_offset=None).fence
        for _ in range(2):
            assert ledger.claim(upload_id, sha256=SHA256, fence=fence) is True
        state = ledger.state(upload_id)
        assert (state.sha256, state.status, state.fence) == (SHA256, "open", fence)

    def test_a_fenced_writer_claims_nothing(
        self, ledger: UploadLedger, create: Callable[[int, str | None], str]
    ) -> None:
        upload_id = create(100, None)
        old = ledger.raise_fence(upload_id, at_offset=None).fence
        fence = ledger.raise_fence(upload_id, at_offset=None).fence
        assert ledger.claim(upload_id, sha256=SHA256, fence=old) is False
        assert ledger.state(upload_id).sha256 is None
        ledger.fail(upload_id, reason="given up")
        assert ledger.claim(upload_id, sha256=SHA256, fence=fence) is False

    def test_other_bytes_than_declared_are_known_again_under_the_same_declared_hash_only(
        self, ledger: UploadLedger, create: Callable[[int, str | None], str]
    ) -> None:
        first = create(100, SHA256)
        assert ledger.refused_before(first, OTHER_SHA256) is False
        ledger.fail(first, reason="other bytes", found=OTHER_SHA256)
        again, elsewhere, hashless = create(100, SHA256), create(100, OTHER_SHA256), create(100, None)
        assert ledger.refused_before(again, OTHER_SHA256) is True
        assert ledger.refused_before(again, SHA256) is False
        assert ledger.refused_before(elsewhere, OTHER_SHA256) is False
        assert ledger.refused_before(hashless, OTHER_SHA256) is False

    def test_a_failure_of_another_kind_says_nothing_of_the_bytes(
        self, ledger: UploadLedger, create: Callable[[int, str | None], str]
    ) -> None:
        ledger.fail(create(100, SHA256), reason="not an image")
        assert ledger.refused_before(create(100, SHA256), OTHER_SHA256) is False

    def test_bytes_kept_under_another_hash_than_declared_have_their_true_one(
        self, ledger: UploadLedger, upload_id: str
    ) -> None:
        fence = ledger.raise_fence(upload_id, at_offset=None).fence
        ledger.add_segment(upload_id, segment="s1", start=0, length=99, fence=fence)
        assert ledger.claim(upload_id, sha256=OTHER_SHA256, fence=fence)
        assert ledger.complete(upload_id, sha256=OTHER_SHA256, image=FACTS, fence=fence)
        state = ledger.state(upload_id)
        assert (state.offset, state.sha256, state.status) == (100, OTHER_SHA256, "complete")

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
