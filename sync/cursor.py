"""The pull's cursor: an opaque token with the last number seen per scope, sealed so that nobody edits it.

Numbers travel as text inside: a 64-bit counter would lose digits in a client's floating point.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass

PREFIX = "c1."
_MAC_BYTES = 16


class CursorError(ValueError):
    """The token was not made here, or was damaged."""


@dataclass(frozen=True)
class Cursor:
    """Where a handset's officer stands in each scope of one epoch."""

    epoch: str
    officer_id: str
    positions: Mapping[str, int]

    def seal(self, secret: str) -> str:
        """Return the token."""
        positions = {scope: str(seq) for scope, seq in sorted(self.positions.items())}
        content = json.dumps([self.epoch, self.officer_id, positions], separators=(",", ":")).encode()
        return PREFIX + _encode(_mac(secret, content) + content)

    @classmethod
    def unseal(cls, token: str, secret: str) -> "Cursor":
        """Read a token; raises CursorError."""
        if not token.startswith(PREFIX):
            msg = "the cursor has an unknown form"
            raise CursorError(msg)
        text = token.removeprefix(PREFIX)
        try:
            # Strict decoding takes exactly the padding that is missing, no more.
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            msg = "the cursor is damaged"
            raise CursorError(msg) from error
        mac, content = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not hmac.compare_digest(mac, _mac(secret, content)):
            msg = "the cursor was not made by this server"
            raise CursorError(msg)
        epoch, officer_id, positions = json.loads(content)
        return cls(epoch, officer_id, {scope: int(seq) for scope, seq in positions.items()})


def _mac(secret: str, content: bytes) -> bytes:
    return hmac.new(secret.encode(), b"cursor\0" + content, hashlib.sha256).digest()[:_MAC_BYTES]


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
