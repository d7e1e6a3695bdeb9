"""The digest that handset and server compare: a sum over what a mirror holds, in any order.

docs/protocol.md section 6. A sum can be kept up to date by both sides entity by entity.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

MODULUS = 2**128


def summand(kind: str, entity_id: str, version: str) -> int:
    """Return what one entity adds: the first 16 bytes of SHA-256 of ``type|id|v``, big-endian."""
    return int.from_bytes(hashlib.sha256(f"{kind}|{entity_id}|{version}".encode()).digest()[:16])


def digest_of(entities: Iterable[tuple[str, str, str]]) -> dict[str, Any]:
    """Return the wire's digest of (type, id, version) triples, each entity once."""
    number, total = 0, 0
    for entity in entities:
        number += 1
        total += summand(*entity)
    return {"alg": "sum128", "n": number, "value": f"{total % MODULUS:032x}"}
