"""Reads the envelope of a push. A flaw in one item never becomes an error of the request.

Only two things refuse a whole request: no JSON object, or no list ``items``. ``clock``, ``on_handset`` and
unknown members are advisory; wrong values are ignored.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from sync.item import Key, RawItem, Refused, fingerprint_of
from sync.limits import LIMITS

HEX256 = re.compile(r"[0-9a-f]{64}")
_INT64 = 2**63
# Kept in columns of their own, or found again from the body.
_BESIDE = frozenset({"body", "sig", "h"})


class EnvelopeError(ValueError):
    """The request is no push at all; the text says what is missing."""


@dataclass(frozen=True)
class Push:
    """A push as far as it can be read."""

    batch_id: str | None
    items: Sequence[RawItem | Refused]
    clock: Mapping[str, Any]
    on_handset: Mapping[str, Any]
    pull: Mapping[str, Any] | None


def read_push(document: object) -> Push:
    """Read a parsed push; raises EnvelopeError when ``items`` cannot be found or are too many."""
    if not isinstance(document, Mapping):
        msg = "The body must be a JSON object."
        raise EnvelopeError(msg)
    items = document.get("items", [])
    if not isinstance(items, list):
        msg = "The member items must be a list."
        raise EnvelopeError(msg)
    if len(items) > LIMITS.max_items:
        msg = f"A push may carry {LIMITS.max_items} items; this one carries {len(items)}. Send them in several pushes."
        raise EnvelopeError(msg)
    batch_id = document.get("batch_id")
    try:
        read = [read_item(index, item) for index, item in enumerate(items)]
    except RecursionError as error:
        # The parser refuses what is a little deeper still; an item's body may be as deep as it likes, it is a text.
        msg = "The JSON is nested too deeply."
        raise EnvelopeError(msg) from error
    return Push(
        # What no table and no answer can hold (NUL, half a surrogate pair) cannot be echoed.
        batch_id=batch_id[:64] if isinstance(batch_id, str) and batch_id.isprintable() else None,
        items=read,
        clock=_mapping(document.get("clock")),
        on_handset=_mapping(document.get("on_handset")),
        pull=_mapping(document["pull"]) if isinstance(document.get("pull"), Mapping) else None,
    )


def read_item(index: int, item: object) -> RawItem | Refused:
    """Read one element of ``items``, whatever it is."""
    if not isinstance(item, Mapping):
        return _unreadable(index, item, "The item is not a JSON object.")
    item_id, body = _uuid(item.get("id")), item.get("body")
    if item_id is None:
        return _unreadable(index, item, "The item has no UUID as its id.")
    if not isinstance(body, str):
        return _unreadable(index, item, "The item's body is not a text.")
    # A lone surrogate has no UTF-8; it is kept as it came, for a human to read.
    content = body.encode("utf-8", "surrogatepass")
    fingerprint, claimed = fingerprint_of(content), item.get("h")
    if isinstance(claimed, str) and HEX256.fullmatch(claimed) and claimed != fingerprint:
        return Refused(index, str(item_id))
    flaw = None
    if claimed != fingerprint:
        flaw = ("not-an-item", "The item has no fingerprint h (SHA-256 of its body, lower-case hex).")
    elif len(content) > LIMITS.max_item_bytes:
        flaw = ("item-too-large", f"The body has {len(content)} bytes; {LIMITS.max_item_bytes} are allowed.")
    return _raw(index, Key(item_id, fingerprint), content, item, flaw)


def _raw(index: int, key: Key, content: bytes, item: Mapping[str, Any], flaw: tuple[str, str] | None) -> RawItem:
    kind, signature = item.get("kind"), item.get("sig")
    indexed = {name: value for name, value in item.items() if name not in _BESIDE}
    return RawItem(
        index=index,
        key=key,
        body=content,
        head=json.dumps(indexed),
        signature=json.dumps(signature) if isinstance(signature, Mapping) else None,
        dseq=_integer(item.get("dseq"), _INT64),
        kind=kind[:32] if isinstance(kind, str) and kind.isascii() and kind.isprintable() else None,
        kv=_integer(item.get("kv"), 2**31),
        flaw=flaw,
        indexed=indexed,
        claimed_by=_uuid(item.get("officer_id")),
    )


def _unreadable(index: int, item: object, why: str) -> RawItem:
    """Keep what cannot be read under an id made from its content, so that a resend is still a duplicate."""
    content = json.dumps(item).encode()
    fingerprint = fingerprint_of(content)
    given = _uuid(item.get("id")) if isinstance(item, Mapping) else None
    key = Key(given or uuid5(NAMESPACE_OID, fingerprint), fingerprint)
    return _raw(index, key, content, {}, ("not-an-item", why))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _uuid(value: object) -> UUID | None:
    if not isinstance(value, str):
        return None
    try:
        return UUID(value)
    except ValueError:
        return None


def _integer(value: object, below: int) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < below else None
