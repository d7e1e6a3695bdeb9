"""Unpacks gzip and zstd bodies piece by piece under a cap, so that a bomb is refused long before it is whole.

Knows bytes and their limits, nothing of JSON or of what a body means.
"""

import zlib
from collections.abc import Callable

import zstandard

from server.problems import Problem

UNPACKED_BYTES = 8 * 1024 * 1024
MOST_RATIO = 100
# A decoder must keep this much of what it unpacked; a frame may ask for gigabytes.
_MOST_WINDOW = 8 * 1024 * 1024
_PIECE = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS
# Four bytes of zstd may unpack to a block of 128 KiB, and the decoder gives out all that a slice holds at once.
_ZSTD_SLICE = 32


def most_unpacked(packed: bytes) -> int:
    """Return how many bytes these packed bytes may become."""
    return min(UNPACKED_BYTES, max(len(packed) * MOST_RATIO, _PIECE))


def gunzip(packed: bytes) -> bytes:
    """Unpack one gzip member; raises the problems bad-encoding and body-too-large."""
    most, inflate, unpacked = most_unpacked(packed), zlib.decompressobj(_GZIP), bytearray()
    rest = packed
    try:
        while not inflate.eof:
            piece = inflate.decompress(rest, _PIECE)
            rest = inflate.unconsumed_tail
            if not piece and not rest:
                break
            _grow(unpacked, piece, most)
    except zlib.error as error:
        raise _damaged("gzip") from error
    return _whole("gzip", unpacked, is_ended=inflate.eof, after=inflate.unused_data)


def unzstd(packed: bytes) -> bytes:
    """Unpack one zstd frame without a dictionary; raises the problems bad-encoding and body-too-large."""
    most, unpacked = most_unpacked(packed), bytearray()
    _demand_plain_frame(packed, most)
    inflate = zstandard.ZstdDecompressor(max_window_size=_MOST_WINDOW).decompressobj()
    at = 0
    try:
        while not inflate.eof and at < len(packed):
            _grow(unpacked, inflate.decompress(packed[at : at + _ZSTD_SLICE]), most)
            at += _ZSTD_SLICE
    except zstandard.ZstdError as error:
        raise _damaged("zstd") from error
    return _whole("zstd", unpacked, is_ended=inflate.eof, after=inflate.unused_data + packed[at:])


UNPACKERS: dict[str, Callable[[bytes], bytes]] = {"gzip": gunzip, "zstd": unzstd}


def _demand_plain_frame(packed: bytes, most: int) -> None:
    """Refuse by its head what cannot be unpacked here: another format, a dictionary, a window or size beyond limits."""
    try:
        frame = zstandard.get_frame_parameters(packed)
    except zstandard.ZstdError as error:
        raise _damaged("zstd") from error
    if not packed.startswith(zstandard.FRAME_HEADER):
        raise _damaged("zstd")  # a frame to be skipped, which holds nothing
    if frame.dict_id:
        raise Problem("bad-encoding", "The zstd body needs a dictionary: pack it without one.")
    told = frame.content_size
    if told not in (zstandard.CONTENTSIZE_UNKNOWN, zstandard.CONTENTSIZE_ERROR) and told > most:
        raise _too_large(most)
    if frame.window_size > _MOST_WINDOW:
        raise Problem("bad-encoding", f"The zstd body asks for a window of more than {_MOST_WINDOW} bytes.")


def _grow(unpacked: bytearray, piece: bytes, most: int) -> None:
    if len(unpacked) + len(piece) > most:
        raise _too_large(most)
    unpacked += piece


def _whole(name: str, unpacked: bytearray, *, is_ended: bool, after: bytes) -> bytes:
    if not is_ended:
        raise Problem("bad-encoding", f"The {name} body ends early.")
    if after:
        raise Problem("bad-encoding", f"Something follows the {name} body: send one frame.")
    return bytes(unpacked)


def _too_large(most: int) -> Problem:
    return Problem("body-too-large", f"The body unpacks to more than {most} bytes.")


def _damaged(name: str) -> Problem:
    return Problem("bad-encoding", f"The {name} body is damaged.")
