"""An item as it travels: raw as received, read once its text is believed, and the verdict on it.

Knows nothing of cases or databases. The body is a JSON text written once on the handset and resent byte for
byte; its fingerprint is the SHA-256 of its UTF-8 bytes. There is no canonical JSON anywhere: surrogates, 1e400,
duplicate keys and float spellings have no agreed form.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID


class State(StrEnum):
    """What became of an item. All but RETRY acknowledge: the item is stored and will not be lost."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    WAITING = "waiting"
    QUARANTINED = "quarantined"
    SUPERSEDED = "superseded"
    CONFLICT = "conflict"
    RETRY = "retry"
    INTERPRETING = "interpreting"  # stored, verdict still to come; the wire says waiting for `interpretation`


class Key(NamedTuple):
    """The identity of an item's content: client id and fingerprint."""

    item_id: UUID
    fingerprint: str


@dataclass(frozen=True)
class RawItem:
    """One item as received, storable whatever its content.

    ``flaw`` is the slug and detail of what is already known to be wrong; such an item goes to quarantine
    without being interpreted. ``head`` is the index beside the body, as JSON text; ``indexed`` is the same read,
    where it is at hand. ``claimed_by`` is the officer that the head names, not yet believed.
    """

    index: int
    key: Key
    body: bytes
    head: str
    signature: str | None
    dseq: int | None
    kind: str | None
    kv: int | None
    flaw: tuple[str, str] | None = None
    indexed: Mapping[str, Any] | None = None
    claimed_by: UUID | None = None


@dataclass(frozen=True)
class Refused:
    """An item that cannot be stored as it arrived: its fingerprint does not fit its body. Answered ``retry``."""

    index: int
    item_id: str


@dataclass(frozen=True)
class Captured:
    """The handset's clocks at the moment of recording; evidence, never an order."""

    wall: str
    boot_id: str | None
    mono_ms: int | None
    gnss_time: str | None


@dataclass(frozen=True)
class Item:
    """An item whose body could be read and whose head and signature fit."""

    key: Key
    install_id: UUID
    officer_id: UUID
    kind: str
    kv: int
    dseq: int
    prev: str | None
    captured: Captured
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """State of an item and the members that go with it: problem, case_id, needs.

    ``missing_photos`` are hashes that the item declared and whose bytes are not here yet; it changes with every
    upload and is therefore no member, which would be kept.
    """

    state: State
    members: Mapping[str, Any] = field(default_factory=dict)
    missing_photos: tuple[str, ...] = ()


@dataclass(frozen=True)
class Receipt:
    """What storing one item gave: its number on this install, and whether it is new or was known before.

    A known item carries ``known``, the verdict it has now; a new one with a flaw carries its final verdict there.
    """

    raw: RawItem
    n: int
    fresh: bool
    known: Verdict | None = None


SUM_MODULUS = 2**128


def summand(fingerprint: str) -> int:
    """Return what an item adds to the running sum that handset and server compare: its first 16 bytes."""
    return int(fingerprint[:32], 16)


def sum_text(total: int) -> str:
    """Write a running sum as the wire does: 32 hex digits."""
    return f"{total % SUM_MODULUS:032x}"


def fingerprint_of(body: bytes) -> str:
    """Return the lower-case hex SHA-256 of a body's bytes."""
    return hashlib.sha256(body).hexdigest()
