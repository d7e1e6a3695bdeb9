"""Row `bomb`: packed and parsed bombs are refused with a clear problem, and memory grows by less than 64 MiB.

Every bomb is met by a fresh process, because a process never gives back what it once took. A trial number chooses
nothing: every trial tries them all.
"""

import json
import multiprocessing
import resource
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from multiprocessing.connection import Connection

import world
import zstandard
from support.field import FieldHandset, handset_of, slug_of
from verification.place import application, database_of, opened
from verification.rows.result import Result

from server.config import Settings
from server.db import db

ROW = "bomb"
MOST_GROWTH = 64 * 1024 * 1024
MEBIBYTE = 1024 * 1024
TOO_LARGE, DAMAGED = (413, "body-too-large"), (400, "bad-encoding")


def gzip_of(piece: bytes, count: int) -> bytes:
    """Pack ``count`` pieces as one gzip member without ever holding them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return b"".join(packer.compress(piece) for _ in range(count)) + packer.flush()


def zstd_of(piece: bytes, count: int, *, window_log: int = 21, told: int = -1) -> bytes:
    """Pack ``count`` pieces as one zstd frame; ``told``: the size that its head claims."""
    choices = zstandard.ZstdCompressionParameters.from_level(3, window_log=window_log)
    packer = zstandard.ZstdCompressor(compression_params=choices).compressobj(size=told)
    return b"".join(packer.compress(piece) for _ in range(count)) + packer.flush()


def zstd_with_dictionary() -> bytes:
    """Pack with a dictionary that has an id."""
    samples: list[bytes | bytearray | memoryview[int]] = [
        json.dumps({"id": n, "kind": "report", "text": f"sample {n * 7919}"}).encode() for n in range(2000)
    ]
    trained = zstandard.train_dictionary(4096, samples)
    return zstandard.ZstdCompressor(dict_data=trained).compress(samples[0])


def zstd_rle(blocks: int) -> bytes:
    """Write a frame of RLE blocks by hand: four bytes each that unpack to 128 KiB (RFC 8878, section 3.1.1.2)."""
    head = bytes.fromhex("28b52ffd") + bytes([0x00, 0x58])  # no size, window of 2 MiB
    block = (0b010 | 128 * 1024 << 3).to_bytes(3, "little") + b" "
    return head + block * blocks + (0b011).to_bytes(3, "little") + b" "


def json_of(piece: bytes, size: int) -> bytes:
    """Return a push whose items are ``piece`` over and over."""
    return b'{"items":[' + piece * (size // len(piece)) + b"0]}"


SPACES = b" " * MEBIBYTE
SOUND = json.dumps({"items": []}).encode()

BOMBS: dict[str, tuple[str, Callable[[], bytes], tuple[int, str]]] = {
    "gzip of 9 MiB": ("gzip", lambda: gzip_of(SPACES, 9), TOO_LARGE),
    "gzip of 200 MiB": ("gzip", lambda: gzip_of(SPACES, 200), TOO_LARGE),
    "gzip in gzip": ("gzip", lambda: zlib.compress(gzip_of(SPACES, 50), 9, 31), (400, "bad-request")),
    "gzip cut short": ("gzip", lambda: gzip_of(SOUND, 1)[:-5], DAMAGED),
    "gzip twice in a row": ("gzip", lambda: gzip_of(SOUND, 1) * 2, DAMAGED),
    "zstd of 9 MiB": ("zstd", lambda: zstd_of(SPACES, 9), TOO_LARGE),
    "zstd of 500 MiB": ("zstd", lambda: zstd_of(SPACES, 500), TOO_LARGE),
    "zstd that tells 100 MiB": ("zstd", lambda: zstd_of(SPACES, 100, told=100 * MEBIBYTE), TOO_LARGE),
    "zstd of 24 GiB in run-length blocks": ("zstd", lambda: zstd_rle(200_000), TOO_LARGE),
    "zstd with a window of 128 MiB": ("zstd", lambda: zstd_of(SOUND, 1, window_log=27), DAMAGED),
    "zstd cut short": ("zstd", lambda: zstd_of(SOUND, 1)[:-3], DAMAGED),
    "zstd twice in a row": ("zstd", lambda: zstd_of(SOUND, 1) * 2, DAMAGED),
    "zstd behind a skippable frame": ("zstd", lambda: bytes.fromhex("502a4d1804000000") + bytes(4), DAMAGED),
    "zstd with a dictionary": ("zstd", zstd_with_dictionary, DAMAGED),
    "zstd of nothing": ("zstd", lambda: b"", DAMAGED),
    "no zstd": ("zstd", lambda: SOUND, DAMAGED),
    "two million lists": ("gzip", lambda: gzip_of(json_of(b"[],", 6 * MEBIBYTE), 1), TOO_LARGE),
    "a million objects": ("zstd", lambda: zstd_of(json_of(b'{"a":0},', 7 * MEBIBYTE), 1), TOO_LARGE),
    "a million floats": ("zstd", lambda: zstd_of(json_of(b"1.5,", 7 * MEBIBYTE), 1), TOO_LARGE),
    "more than a mebibyte as sent": ("identity", lambda: SPACES + SOUND, TOO_LARGE),
}


def run(count: int, start: int = 0, database: str = "sqlite") -> Result:
    """Try every bomb ``count`` times."""
    with opened(database) as settings:
        return run_in(settings, count, start)


def run_in(settings: Settings, count: int, start: int = 0) -> Result:
    """Try every bomb on the migrated, empty database of ``settings``."""
    began, failures = time.monotonic(), list[str]()
    with application(settings) as app:
        handset = handset_of(app, people := world.city(app), people.collector)
        handset.push(handset.item())
        for _ in range(count):
            failures += [f"{name}: {finding}" for name in BOMBS for finding in _met(handset, name)]
    return Result(ROW, database_of(settings), start, count, tuple(failures), time.monotonic() - began)


def _met(handset: FieldHandset, name: str) -> Iterator[str]:
    """Let a fork of this process meet the bomb, which is made before its memory is measured."""
    encoding, make, (status, slug) = BOMBS[name]
    content = make()
    ours, theirs = multiprocessing.get_context("fork").Pipe()
    process = multiprocessing.get_context("fork").Process(target=_meet, args=(handset, content, encoding, theirs))
    process.start()
    theirs.close()
    try:
        told: Mapping[str, object] = ours.recv()
    except EOFError:
        yield f"the process died with {process.exitcode}"
        return
    finally:
        process.join()
    if (told["status"], told["slug"]) != (status, slug):
        yield f"answered {told['status']} {told['slug']} instead of {status} {slug}"
    if int(str(told["growth"])) >= MOST_GROWTH:
        yield f"memory grew by {told['growth']} bytes"


def _meet(handset: FieldHandset, content: bytes, encoding: str, answer: Connection) -> None:
    with handset.app.app_context():
        db.engine.dispose(close=False)  # the connections are the parent's
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    response = handset.post(content, headers={"Content-Encoding": encoding})
    growth = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    slug = slug_of(response.json) if response.json and "type" in response.json else "none"
    answer.send({"status": response.status_code, "slug": slug, "growth": growth})
