"""Reads a handset's JSON body: plain, gzip or zstd, under caps on what was sent, unpacked and parsed."""

import json
import re
from typing import Any

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from server.gateway.unpacking import UNPACKERS
from server.problems import Problem
from sync.limits import LIMITS

# Parsed, an empty list or object takes twenty times its text. 200 items with tracks of 120 points have far fewer.
MOST_CONTAINERS = 150_000
MOST_MEMBERS = 400_000
_TEXTS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


def read_json(request: Request) -> Any:  # noqa: ANN401 (any JSON)
    """Return the parsed body; raises a problem about the envelope, never about an item inside."""
    if request.mimetype != "application/json":
        raise Problem("wrong-content-type", "Send Content-Type: application/json.")
    raw = _unpacked(request, _sent(request))
    _demand_few_members(raw)
    try:
        return json.loads(raw, parse_int=_whole)
    except RecursionError as error:
        raise Problem("bad-request", "The JSON is nested too deeply.") from error
    except ValueError as error:
        raise Problem("bad-request", f"The body is not JSON: {error}") from error


def _sent(request: Request) -> bytes:
    try:
        raw = request.get_data(cache=False)
    except RequestEntityTooLarge as error:
        raise Problem("body-too-large", f"A request may have {LIMITS.max_bytes} bytes.") from error
    if len(raw) > LIMITS.max_bytes:
        raise Problem("body-too-large", f"A request may have {LIMITS.max_bytes} bytes; this one has {len(raw)}.")
    return raw


def _unpacked(request: Request, raw: bytes) -> bytes:
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if encoding == "identity":
        return raw
    unpack = UNPACKERS.get(encoding)
    if unpack is None:
        raise Problem("bad-encoding", "Content-Encoding may be gzip, zstd or identity.")
    return unpack(raw)


def _demand_few_members(raw: bytes) -> None:
    """Refuse a body that would fill the memory once it is parsed; items' own texts are strings and do not count."""
    if _is_small(raw):
        return
    if not _is_small(_TEXTS.sub(b"", raw)):
        raise Problem("body-too-large", f"The JSON has more than {MOST_MEMBERS} members or {MOST_CONTAINERS} lists.")


def _is_small(raw: bytes) -> bool:
    return raw.count(b"[") + raw.count(b"{") <= MOST_CONTAINERS and raw.count(b",") <= MOST_MEMBERS


def _whole(digits: str) -> int | float:
    """Read a number too long for Python's int as infinity: it is wrong in its own item, not in the request."""
    try:
        return int(digits)
    except ValueError:
        return float(digits)
