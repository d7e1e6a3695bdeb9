"""Reads a handset's JSON body: plain or gzip, under caps that hold while it streams."""

import json
import zlib
from typing import Any

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from server.problems import Problem
from sync.limits import LIMITS

UNPACKED_BYTES = 8 * 1024 * 1024
MOST_RATIO = 100
_PIECE = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS


def read_json(request: Request) -> Any:  # noqa: ANN401 (any JSON)
    """Return the parsed body; raises a problem about the envelope, never about an item inside."""
    if request.mimetype != "application/json":
        raise Problem("wrong-content-type", "Send Content-Type: application/json.")
    try:
        raw = request.get_data(cache=False)
    except RequestEntityTooLarge as error:
        raise Problem("body-too-large", f"A request may have {LIMITS.max_bytes} bytes.") from error
    if len(raw) > LIMITS.max_bytes:
        raise Problem("body-too-large", f"A request may have {LIMITS.max_bytes} bytes; this one has {len(raw)}.")
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if encoding == "gzip":
        raw = _unpack(raw)
    elif encoding != "identity":
        raise Problem("bad-encoding", "Content-Encoding may be gzip or identity.")
    try:
        return json.loads(raw, parse_int=_whole)
    except RecursionError as error:
        raise Problem("bad-request", "The JSON is nested too deeply.") from error
    except ValueError as error:
        raise Problem("bad-request", f"The body is not JSON: {error}") from error


def _whole(digits: str) -> int | float:
    """Read a number too long for Python's int as infinity: it is wrong in its own item, not in the request."""
    try:
        return int(digits)
    except ValueError:
        return float(digits)


def _unpack(packed: bytes) -> bytes:
    """Inflate piece by piece, so that a bomb is refused long before it is whole."""
    most = min(UNPACKED_BYTES, max(len(packed) * MOST_RATIO, _PIECE))
    inflate = zlib.decompressobj(_GZIP)
    unpacked = bytearray()
    try:
        while not inflate.eof:
            piece = inflate.decompress(packed, _PIECE)
            packed = inflate.unconsumed_tail
            if not piece and not packed:
                break
            unpacked += piece
            if len(unpacked) > most:
                raise Problem("body-too-large", f"The body unpacks to more than {most} bytes.")
    except zlib.error as error:
        raise Problem("bad-encoding", "The gzip body is damaged.") from error
    if not inflate.eof:
        raise Problem("bad-encoding", "The gzip body ends early.")
    return bytes(unpacked)
