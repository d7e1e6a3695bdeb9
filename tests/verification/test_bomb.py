"""Row `bomb`: the whole of it, and that sound packed bodies of the greatest allowed size are taken."""

import json
import zlib

import pytest
import zstandard
from support.databases import ON_SQLITE_ONLY
from support.field import FieldHandset
from verification.rows.bomb import MEBIBYTE, run_in

from server.config import Settings


@ON_SQLITE_ONLY
@pytest.mark.timeout(300)
def test_bombs_are_refused_and_memory_hardly_grows(settings: Settings) -> None:
    assert run_in(settings, 1).failures == ()


@ON_SQLITE_ONLY
@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_packed_push_is_taken_up_to_the_cap(collector: FieldHandset, encoding: str) -> None:
    # Hexadecimal digits of random bytes pack to half: 8 MiB would be more than may be sent.
    filler = "ab" * 40 + "".join(f"{number:x}" for number in range(400_000))
    sent = json.dumps(collector.envelope([collector.item()], unknown=filler)).encode()
    assert len(sent) > MEBIBYTE
    packed = zlib.compress(sent, 6, 31) if encoding == "gzip" else zstandard.compress(sent)
    answer = collector.trusted(collector.post(packed, headers={"Content-Encoding": encoding}))
    assert [result["state"] for result in answer["results"]] == ["applied"]


def test_a_big_push_in_zstd_without_a_told_size_is_taken(collector: FieldHandset) -> None:
    packer = zstandard.ZstdCompressor().compressobj()
    sent = json.dumps(collector.envelope([collector.item() for _ in range(50)])).encode()
    answer = collector.trusted(
        collector.post(packer.compress(sent) + packer.flush(), headers={"Content-Encoding": "zstd"})
    )
    assert {result["state"] for result in answer["results"]} == {"applied"}
