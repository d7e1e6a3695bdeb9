"""The upload engine: bytes in pieces, over breaks and takeovers, become one checked photo."""

import hashlib
import io
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from photo_store.blobs import BlobUnavailable, original_key
from photo_store.contract import UploadLedgerContract
from photo_store.inspect_image import ImageLimits, NotAnImage, PhotoTooLarge
from photo_store.ledger import Segment
from photo_store.memory import MemoryBlobs, MemoryLedger
from photo_store.spool import Spool
from photo_store.upload_errors import (
    BodyInterrupted,
    HashMismatch,
    OffsetMismatch,
    SpoolUnavailable,
    TooMuchData,
    UploadComplete,
    UploadError,
    UploadFenced,
    UploadUnknown,
)
from photo_store.uploads import UploadEngine

KIB = 1024


def noise_jpeg(side: int = 400) -> bytes:
    pixels = np.random.default_rng(7).integers(0, 256, (side, side, 3), dtype=np.uint8)
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, "JPEG", quality=90)
    return target.getvalue()


PHOTO = noise_jpeg()
SHA256 = hashlib.sha256(PHOTO).hexdigest()


class TestMemoryLedger(UploadLedgerContract):
    @pytest.fixture
    def ledger(self) -> MemoryLedger:
        return MemoryLedger()

    @pytest.fixture
    def create(self, ledger: MemoryLedger) -> Callable[[int, str | None], str]:
        return lambda length, sha256: ledger.create(length=length, sha256=sha256)


class Bench:
    """An engine on fakes, with its parts in reach."""

    def __init__(self, spool: Path) -> None:
        self.ledger = MemoryLedger()
        self.blobs = MemoryBlobs()
        self.spool = spool
        self.now = 0.0
        self.engine = self.restarted()

    def restarted(self, **limits: int) -> UploadEngine:
        return UploadEngine(self.ledger, self.blobs, self.spool, limits=ImageLimits(**limits), clock=lambda: self.now)

    def create(self, content: bytes = PHOTO, sha256: str | None = SHA256) -> str:
        return self.ledger.create(length=len(content), sha256=sha256)

    def stored(self, sha256: str = SHA256) -> bytes:
        return self.blobs.open(original_key(sha256)).read()

    def spooled(self) -> list[int]:
        return sorted(path.stat().st_size for path in self.spool.iterdir())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "spool")


def pieces(content: bytes, size: int = 16 * KIB) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def broken(content: bytes) -> Iterator[bytes]:
    yield from pieces(content)
    message = "handset gone"
    raise ConnectionResetError(message)


def test_one_body_becomes_a_complete_photo(bench: Bench) -> None:
    upload_id = bench.create()
    state = bench.engine.append(upload_id, 0, pieces(PHOTO))
    assert (state.status, state.offset, state.sha256) == ("complete", len(PHOTO), SHA256)
    assert bench.stored() == PHOTO
    assert bench.ledger.images[upload_id].width == 400
    assert bench.spooled() == []


def test_without_a_declared_hash_the_true_one_is_recorded(bench: Bench) -> None:
    upload_id = bench.create(sha256=None)
    assert bench.engine.append(upload_id, 0, [PHOTO]).sha256 == SHA256
    assert bench.stored() == PHOTO


def test_a_body_that_ends_early_keeps_what_arrived(bench: Bench) -> None:
    upload_id = bench.create()
    assert bench.engine.append(upload_id, 0, [PHOTO[:1000]]).offset == 1000
    assert bench.engine.head(upload_id).offset == 1000
    assert bench.restarted().append(upload_id, 1000, [PHOTO[1000:]]).status == "complete"
    assert bench.stored() == PHOTO


def test_a_body_that_breaks_keeps_what_arrived_and_says_how_far(bench: Bench) -> None:
    upload_id = bench.create()
    with pytest.raises(BodyInterrupted) as interrupted:
        bench.engine.append(upload_id, 0, broken(PHOTO[:70_001]))
    assert interrupted.value.state.offset == 70_001
    assert bench.engine.head(upload_id).offset == 70_001


def test_a_body_that_breaks_after_the_last_byte_is_complete(bench: Bench) -> None:
    upload_id = bench.create()
    assert bench.engine.append(upload_id, 0, broken(PHOTO)).status == "complete"


@pytest.mark.parametrize("cut", [1, 2, len(PHOTO) - 2, len(PHOTO) - 1])
def test_a_cut_anywhere_gives_the_same_photo(bench: Bench, cut: int) -> None:
    upload_id = bench.create()
    assert bench.engine.append(upload_id, 0, [PHOTO[:cut]]).offset == cut
    assert bench.engine.head(upload_id).offset == cut
    assert bench.engine.append(upload_id, cut, [PHOTO[cut:]]).status == "complete"
    assert bench.stored() == PHOTO
    assert bench.spooled() == []


def test_fast_bytes_are_flushed_in_segments_of_4_mib(bench: Bench) -> None:
    upload_id = bench.ledger.create(length=20_000 * KIB)
    bench.engine.append(upload_id, 0, (bytes(64 * KIB) for _ in range(150)))
    lengths = [segment.length // KIB for segment in bench.ledger.segments(upload_id)]
    assert lengths == [4096, 4096, 1408]


def test_a_photo_that_comes_whole_and_fast_goes_to_the_store_without_a_segment(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Spool, "write", None)
    assert bench.engine.append(bench.create(), 0, pieces(PHOTO)).status == "complete"
    assert bench.stored() == PHOTO


def test_a_photo_that_comes_whole_is_kept_when_the_ledger_cannot_finish_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_upload: object, **_facts: object) -> bool:
        message = "the database is busy"
        raise RuntimeError(message)

    upload_id = bench.create()
    monkeypatch.setattr(MemoryLedger, "complete", busy)
    with pytest.raises(RuntimeError, match="busy"):
        bench.engine.append(upload_id, 0, pieces(PHOTO))
    monkeypatch.undo()
    assert bench.ledger.state(upload_id).offset == len(PHOTO) - 1
    assert bench.engine.head(upload_id).status == "complete"
    assert bench.stored() == PHOTO


def test_a_photo_that_comes_whole_while_another_takes_over_is_recorded_once(bench: Bench) -> None:
    upload_id = bench.create(sha256=None)

    def overtaken() -> Iterator[bytes]:
        yield PHOTO[:-1]
        assert bench.engine.append(upload_id, 0, [PHOTO]).status == "complete"
        yield b"\x00"

    with pytest.raises(UploadFenced):
        bench.engine.append(upload_id, 0, overtaken())
    assert bench.engine.head(upload_id).sha256 == SHA256
    assert list(bench.blobs.keys()) == [original_key(SHA256)]


def test_who_made_an_upload_sends_to_it_until_another_asks_for_it(bench: Bench) -> None:
    upload_id = bench.create()
    made = bench.ledger.state(upload_id)
    assert bench.engine.take(made, [PHOTO[:500]]).offset == 500
    asked = bench.create()
    made = bench.ledger.state(asked)
    bench.engine.head(asked)
    with pytest.raises(UploadFenced):
        bench.engine.take(made, [PHOTO[:500]])
    assert bench.engine.head(asked).offset == 0


def test_slow_bytes_are_flushed_after_1_s_doubling_to_5_s(bench: Bench) -> None:
    upload_id = bench.ledger.create(length=10_000 * KIB)

    def trickle() -> Iterator[bytes]:
        for _ in range(40):
            bench.now += 0.5
            yield bytes(100)

    bench.engine.append(upload_id, 0, trickle())
    assert [segment.length // 100 for segment in bench.ledger.segments(upload_id)] == [2, 4, 8, 10, 10, 6]


def test_a_wrong_offset_is_refused_and_says_where_the_upload_stands(bench: Bench) -> None:
    upload_id = bench.create()
    bench.engine.append(upload_id, 0, [PHOTO[:500]])
    for offset in (0, 499, 501, len(PHOTO)):
        with pytest.raises(OffsetMismatch) as mismatch:
            bench.engine.append(upload_id, offset, [b"x"])
        assert mismatch.value.state.offset == 500


def test_an_unknown_upload_is_unknown(bench: Bench) -> None:
    with pytest.raises(UploadUnknown):
        bench.engine.head("nobody")
    with pytest.raises(UploadUnknown):
        bench.engine.append("nobody", 0, [b"x"])


def test_head_stops_the_writer_before_it(bench: Bench) -> None:
    upload_id = bench.create()

    def overtaken() -> Iterator[bytes]:
        bench.now += 1.0
        yield PHOTO[: 70 * KIB]
        assert bench.engine.head(upload_id).offset == 70 * KIB
        yield PHOTO[70 * KIB :]

    with pytest.raises(UploadFenced):
        bench.engine.append(upload_id, 0, overtaken())
    assert bench.engine.head(upload_id).offset == 70 * KIB
    assert bench.spooled() == [70 * KIB]


def test_a_stale_append_cannot_stop_a_live_one(bench: Bench) -> None:
    upload_id = bench.create()

    def disturbed() -> Iterator[bytes]:
        bench.now += 1.0
        yield PHOTO[: 70 * KIB]
        with pytest.raises(OffsetMismatch):
            bench.engine.append(upload_id, 0, [PHOTO])
        yield PHOTO[70 * KIB :]

    assert bench.engine.append(upload_id, 0, disturbed()).status == "complete"
    assert bench.stored() == PHOTO


def test_a_takeover_of_the_last_byte_never_mixes_two_senders(bench: Bench) -> None:
    upload_id = bench.create()
    bench.engine.append(upload_id, 0, [PHOTO[:-1]])

    def overtaken() -> Iterator[bytes]:
        yield b"\x00"
        assert bench.engine.append(upload_id, len(PHOTO) - 1, [PHOTO[-1:]]).status == "complete"

    with pytest.raises(UploadFenced):
        bench.engine.append(upload_id, len(PHOTO) - 1, overtaken())
    assert bench.engine.head(upload_id).status == "complete"
    assert bench.stored() == PHOTO


@pytest.mark.parametrize("body", [[PHOTO + b"x"], [PHOTO, b"x"], [PHOTO[:100], PHOTO]], ids=["one", "after", "mid"])
def test_bytes_beyond_the_length_are_never_kept(bench: Bench, body: list[bytes]) -> None:
    upload_id = bench.create()
    with pytest.raises(TooMuchData):
        bench.engine.append(upload_id, 0, body)
    offset = bench.engine.head(upload_id).offset
    assert offset < len(PHOTO)
    assert bench.engine.append(upload_id, offset, [PHOTO[offset:]]).status == "complete"
    assert bench.stored() == PHOTO


def test_a_zero_byte_append_is_fine_anywhere(bench: Bench) -> None:
    upload_id = bench.create()
    assert bench.engine.append(upload_id, 0, []).offset == 0
    assert bench.engine.append(upload_id, 0, [b""]).offset == 0
    bench.engine.append(upload_id, 0, [PHOTO])
    assert bench.engine.append(upload_id, len(PHOTO), []).status == "complete"
    with pytest.raises(TooMuchData):
        bench.engine.append(upload_id, len(PHOTO), [b"x"])


@pytest.mark.parametrize("wrong", [b"\xff" + PHOTO[1:-1] + b"\x00", b"X" * len(PHOTO)], ids=["flipped", "garbage"])
def test_bytes_with_another_hash_fail_the_upload(bench: Bench, wrong: bytes) -> None:
    upload_id = bench.create()
    with pytest.raises(HashMismatch):
        bench.engine.append(upload_id, 0, pieces(wrong))
    assert bench.ledger.state(upload_id).status == "failed"
    with pytest.raises(UploadUnknown):
        bench.engine.head(upload_id)
    assert list(bench.blobs.keys()) == []
    assert bench.spooled() == []


def test_what_is_not_an_image_fails_the_upload_and_says_why(bench: Bench) -> None:
    content = b"%PDF-1.7 " + bytes(5000)
    upload_id = bench.create(content, hashlib.sha256(content).hexdigest())
    with pytest.raises(NotAnImage, match="PDF"):
        bench.engine.append(upload_id, 0, [content])
    assert "PDF" in bench.ledger.reasons[upload_id]
    assert list(bench.blobs.keys()) == []
    assert bench.spooled() == []


def test_a_picture_over_the_limits_fails_the_upload(bench: Bench) -> None:
    upload_id = bench.create()
    with pytest.raises(PhotoTooLarge):
        bench.restarted(max_pixels=1000).append(upload_id, 0, [PHOTO])
    assert bench.ledger.state(upload_id).status == "failed"


def test_a_full_upload_is_never_shown_full_before_it_is_finished(bench: Bench) -> None:
    upload_id = bench.create()
    bench.blobs.available = False
    with pytest.raises(BlobUnavailable):
        bench.engine.append(upload_id, 0, [PHOTO])
    assert bench.ledger.state(upload_id).offset < len(PHOTO)
    with pytest.raises(BlobUnavailable):
        bench.engine.head(upload_id)


@pytest.mark.parametrize("ask", ["head", "end", "again"])
def test_the_next_request_finishes_a_full_upload(bench: Bench, ask: str) -> None:
    upload_id = bench.create()
    bench.blobs.available = False
    with pytest.raises(BlobUnavailable):
        bench.engine.append(upload_id, 0, [PHOTO])
    bench.blobs.available = True
    engine = bench.restarted()
    if ask == "head":
        assert engine.head(upload_id).status == "complete"
    elif ask == "end":
        assert engine.append(upload_id, len(PHOTO), []).status == "complete"
    else:
        with pytest.raises(OffsetMismatch) as mismatch:
            engine.append(upload_id, 0, [PHOTO])
        assert mismatch.value.state.status == "complete"
    assert bench.stored() == PHOTO
    assert bench.spooled() == []


def test_a_single_last_byte_is_asked_for_again_when_the_store_was_down(bench: Bench) -> None:
    upload_id = bench.create()
    bench.engine.append(upload_id, 0, [PHOTO[:-1]])
    bench.blobs.available = False
    with pytest.raises(BlobUnavailable):
        bench.engine.append(upload_id, len(PHOTO) - 1, [PHOTO[-1:]])
    bench.blobs.available = True
    assert bench.engine.head(upload_id).offset == len(PHOTO) - 1
    assert bench.engine.append(upload_id, len(PHOTO) - 1, [PHOTO[-1:]]).status == "complete"
    assert bench.spooled() == []


def test_a_segment_that_is_not_on_this_machine_is_unavailable_not_unknown(bench: Bench) -> None:
    upload_id = bench.create()
    bench.engine.append(upload_id, 0, [PHOTO[:-1]])
    for path in bench.spool.iterdir():
        path.unlink()
    with pytest.raises(SpoolUnavailable):
        bench.engine.head(upload_id)
    assert bench.ledger.state(upload_id).status == "open"


def test_two_uploads_of_one_photo_share_a_blob(bench: Bench) -> None:
    for _ in range(2):
        assert bench.engine.append(bench.create(), 0, [PHOTO]).status == "complete"
    assert list(bench.blobs.keys()) == [original_key(SHA256)]


def test_a_terminated_upload_is_gone_with_its_segments(bench: Bench) -> None:
    upload_id = bench.create()
    bench.engine.append(upload_id, 0, [PHOTO[:5000]])
    bench.engine.terminate(upload_id, reason="taken back")
    assert bench.spooled() == []
    with pytest.raises(UploadUnknown):
        bench.engine.head(upload_id)
    with pytest.raises(UploadUnknown):
        bench.engine.terminate(upload_id, reason="taken back twice")


def test_a_complete_upload_is_not_taken_back(bench: Bench) -> None:
    upload_id = bench.create()
    bench.engine.append(upload_id, 0, [PHOTO])
    with pytest.raises(UploadComplete):
        bench.engine.terminate(upload_id, reason="taken back")
    assert bench.engine.head(upload_id).status == "complete"
    assert bench.stored() == PHOTO


@pytest.mark.parametrize("sent", [5000, len(PHOTO)], ids=["in the middle", "at its last byte"])
def test_a_writer_whose_upload_is_terminated_meanwhile_stops_and_leaves_nothing(bench: Bench, sent: int) -> None:
    upload_id = bench.create()

    def body() -> Iterator[bytes]:
        yield PHOTO[:sent]
        bench.engine.terminate(upload_id, reason="taken back")

    with pytest.raises(UploadError):
        bench.engine.append(upload_id, 0, body())
    with pytest.raises(UploadUnknown):
        bench.engine.head(upload_id)
    assert bench.spooled() == []
    assert not bench.blobs.exists(original_key(SHA256))


def test_other_bytes_than_declared_are_refused_once_and_kept_under_their_own_hash_when_they_come_again(
    bench: Bench,
) -> None:
    declared = hashlib.sha256(b"hashed before the handset stripped its Exif").hexdigest()
    first = bench.create(sha256=declared)
    with pytest.raises(HashMismatch):
        bench.engine.append(first, 0, [PHOTO])
    assert list(bench.blobs.keys()) == []
    second = bench.create(sha256=declared)
    state = bench.engine.append(second, 0, [PHOTO])
    assert (state.status, state.sha256) == ("complete", SHA256)
    assert bench.stored() == PHOTO


def test_bytes_hurt_on_the_way_twice_are_refused_twice(bench: Bench) -> None:
    for place in (1000, 2000):
        hurt = PHOTO[:place] + bytes([PHOTO[place] ^ 1]) + PHOTO[place + 1 :]
        with pytest.raises(HashMismatch):
            bench.engine.append(bench.create(), 0, [hurt])
    assert bench.engine.append(bench.create(), 0, [PHOTO]).status == "complete"
    assert list(bench.blobs.keys()) == [original_key(SHA256)]


def test_what_is_no_picture_is_not_kept_however_often_it_comes(bench: Bench) -> None:
    content, declared = b"GIF89a" + bytes(3000), SHA256
    with pytest.raises(HashMismatch):
        bench.engine.append(bench.create(content, declared), 0, [content])
    with pytest.raises(NotAnImage):
        bench.engine.append(bench.create(content, declared), 0, [content])
    assert list(bench.blobs.keys()) == []


@pytest.mark.parametrize("declared", [SHA256, None])
def test_a_photo_that_is_being_deleted_waits_until_it_is_gone(bench: Bench, declared: str | None) -> None:
    bench.ledger.deleting.add(SHA256)
    upload_id = bench.create(sha256=declared)
    with pytest.raises(BlobUnavailable):
        bench.engine.append(upload_id, 0, [PHOTO])
    assert list(bench.blobs.keys()) == []
    bench.ledger.deleting.clear()
    assert bench.engine.head(upload_id).status == "complete"
    assert bench.stored() == PHOTO


def test_the_hash_is_claimed_before_the_bytes_go_to_the_store(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    claimed: list[str | None] = []
    really_put = MemoryBlobs.put

    def put(store: MemoryBlobs, key: str, *rest: Any, **options: Any) -> bool:  # noqa: ANN401 (the port's own)
        claimed.append(bench.ledger.state(upload_id).sha256)
        return really_put(store, key, *rest, **options)

    monkeypatch.setattr(MemoryBlobs, "put", put)
    upload_id = bench.create(sha256=None)
    bench.engine.append(upload_id, 0, [PHOTO])
    assert claimed == [SHA256]


def test_the_segment_is_durable_before_the_ledger_moves(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    really_write, really_add = Spool.write, MemoryLedger.add_segment

    def write(spool: Spool, content: bytes | bytearray) -> str:
        name = really_write(spool, content)
        order.append(f"durable {name}")
        return name

    def add_segment(ledger: MemoryLedger, upload_id: str, *, segment: str, start: int, length: int, fence: int) -> bool:
        order.append(f"recorded {segment}")
        return really_add(ledger, upload_id, segment=segment, start=start, length=length, fence=fence)

    monkeypatch.setattr(Spool, "write", write)
    monkeypatch.setattr(MemoryLedger, "add_segment", add_segment)
    bench.engine.append(bench.create(), 0, [PHOTO[:500]])
    assert [step.split()[0] for step in order] == ["durable", "recorded"]
    assert order[0].split()[1] == order[1].split()[1]


def test_a_head_that_loses_the_race_to_finish_shows_the_finished_photo(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = bench.create()
    bench.blobs.available = False
    with pytest.raises(BlobUnavailable):
        bench.engine.append(upload_id, 0, [PHOTO])
    bench.blobs.available = True
    really_list = MemoryLedger.segments

    def overtaken(ledger: MemoryLedger, upload_id: str) -> Sequence[Segment]:
        seen = really_list(ledger, upload_id)
        monkeypatch.setattr(MemoryLedger, "segments", really_list)
        bench.restarted().head(upload_id)
        return seen

    monkeypatch.setattr(MemoryLedger, "segments", overtaken)
    assert bench.engine.head(upload_id).status == "complete"


def hammer(bench: Bench, upload_id: str, seed: int, stop: threading.Event) -> None:
    """Do what an impatient handset does: ask, send a random part, give up half-way, all over again."""
    dice = random.Random(seed)  # noqa: S311  # a seeded trace, no secret
    while not stop.is_set():
        try:
            offset = bench.engine.head(upload_id).offset
            if offset == len(PHOTO):
                stop.set()
            part = PHOTO[offset : offset + dice.randint(1, len(PHOTO) // 3)]
            bench.engine.append(upload_id, offset, (broken if dice.random() < 0.3 else pieces)(part))
        except (OffsetMismatch, UploadFenced, BodyInterrupted):
            continue
        except UploadError:
            stop.set()
            raise


def test_eight_hammering_senders_produce_the_photo_byte_for_byte(bench: Bench) -> None:
    upload_id = bench.create(sha256=None)
    stop = threading.Event()
    with ThreadPoolExecutor(8) as senders:
        for sender in [senders.submit(hammer, bench, upload_id, seed, stop) for seed in range(8)]:
            sender.result(timeout=60)
    assert bench.engine.head(upload_id).status == "complete"
    assert bench.stored() == PHOTO
    assert bench.spooled() == []
