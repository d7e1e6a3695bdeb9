"""Reads an item's body and checks it against its head and its signature: the officer's own word or not.

A flaw is raised as BodyError with the slug of a problem; the item then waits in quarantine for a human.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn
from uuid import UUID

from sync.handset_time import counter
from sync.item import Captured, Item, RawItem
from sync.signature import SIGNATURE_BYTES, signed_by

SIGNED_PREFIX = b"fieldsync1\0"
KIND = re.compile(r"[ -~]{1,32}")
_INDEXED = ("id", "dseq", "kind", "kv", "officer_id")


class BodyError(ValueError):
    """What is wrong with an item: ``slug`` of the problem, and a sentence that names the member."""

    def __init__(self, slug: str, detail: str) -> None:
        super().__init__(detail)
        self.slug = slug
        self.detail = detail


def read_body(raw: RawItem, install_id: UUID) -> Item:
    """Parse the body and compare it with the head; raises BodyError."""
    document = _parse(raw.body)
    _compare(raw, document)
    captured, payload = document.get("captured"), document.get("payload")
    if not isinstance(payload, Mapping):
        _flawed("not-an-item", "payload must be an object.")
    prev = document.get("prev")
    return Item(
        key=raw.key,
        install_id=install_id,
        officer_id=_officer(document.get("officer_id")),
        kind=_kind(document.get("kind")),
        kv=_number(document, "kv"),
        dseq=_number(document, "dseq"),
        prev=prev if isinstance(prev, str) else None,
        captured=_captured(captured if isinstance(captured, Mapping) else {}),
        payload=payload,
    )


def check_signature(item: Item, signature: str | None, public_key: bytes) -> None:
    """Check the ES256 signature over prefix, install id and fingerprint; raises BodyError ``bad-signature``."""
    given = json.loads(signature) if signature else None
    if not isinstance(given, Mapping) or given.get("alg") != "ES256" or not isinstance(given.get("value"), str):
        _flawed("bad-signature", 'sig must be {"alg": "ES256", "value": base64url of r and s}.')
    try:
        value = base64.urlsafe_b64decode(given["value"] + "==")
    except (binascii.Error, ValueError):
        _flawed("bad-signature", "sig.value is not base64url.")
    if len(value) != SIGNATURE_BYTES:
        _flawed("bad-signature", "sig.value must be the 64 bytes of r and s.")
    signed = SIGNED_PREFIX + str(item.install_id).encode() + item.key.fingerprint.encode()
    try:
        right = signed_by(public_key, signed, value)
    except TypeError:
        _flawed("bad-signature", "The install's key is not an elliptic curve key.")
    if not right:
        _flawed("bad-signature", "The signature was not made by this install's key over this item.")


def _parse(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except UnicodeDecodeError:
        _flawed("not-an-item", "The body holds a lone surrogate, which is no text.")
    except RecursionError:
        _flawed("not-an-item", "The body is nested too deeply.")
    except ValueError as error:
        _flawed("not-an-item", f"The body is not JSON: {error}")
    if not isinstance(document, dict):
        _flawed("not-an-item", "The body must be a JSON object.")
    return document


def _compare(raw: RawItem, document: Mapping[str, Any]) -> None:
    if not raw.head:
        return  # repaired by a person: the head belongs to the text that it once came with
    try:
        head = json.loads(raw.head) if raw.indexed is None else raw.indexed
        differing = [member for member in _INDEXED if head.get(member) != document.get(member)]
    except RecursionError:
        _flawed("not-an-item", "The item is nested too deeply.")
    if differing:
        _flawed("head-mismatch", f"{differing[0]} outside the body differs from {differing[0]} inside.")


def _no_constant(name: str) -> NoReturn:
    msg = f"{name} is not JSON"
    raise ValueError(msg)


def _officer(value: object) -> UUID:
    try:
        return UUID(value if isinstance(value, str) else "")
    except ValueError:
        _flawed("not-an-item", "officer_id must be a UUID.")


def _kind(value: object) -> str:
    # An unknown kind waits for a newer release; what no release could ever name would wait for ever.
    if not isinstance(value, str) or not KIND.fullmatch(value):
        _flawed("not-an-item", "kind must be a text of 1 to 32 printable ASCII characters.")
    return value


def _number(document: Mapping[str, Any], member: str) -> int:
    value = document.get(member)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        _flawed("not-an-item", f"{member} must be a whole number, zero or more.")
    return value


def _captured(given: Mapping[str, Any]) -> Captured:
    wall, boot_id, mono_ms, gnss = (given.get(name) for name in ("wall", "boot_id", "mono_ms", "gnss_time"))
    return Captured(
        wall=wall if isinstance(wall, str) else "",
        boot_id=boot_id if isinstance(boot_id, str) else None,
        mono_ms=counter(mono_ms),
        gnss_time=gnss if isinstance(gnss, str) else None,
    )


def _flawed(slug: str, detail: str) -> NoReturn:
    raise BodyError(slug, detail)
