"""Sealed tokens: JSON that travels through a client and comes back unchanged, or is refused.

The seal proves that this server wrote the token; it does not hide the content.
"""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

_MAC_BYTES = 16


class CursorError(ValueError):
    """The token was not made here, or was damaged."""


@dataclass(frozen=True)
class Seal:
    """One kind of token; ``purpose`` enters the MAC, so that one kind is never taken for another."""

    prefix: str
    purpose: str

    def close(self, content: Any, secret: str) -> str:  # noqa: ANN401 (any JSON)
        """Return the token for ``content``, fit for a query string."""
        text = json.dumps(content, separators=(",", ":")).encode()
        return self.prefix + base64.urlsafe_b64encode(self._mac(secret, text) + text).decode().rstrip("=")

    def open(self, token: str, secret: str) -> Any:  # noqa: ANN401 (any JSON)
        """Return the content of a token; raises CursorError."""
        if not token.startswith(self.prefix):
            raise CursorError("the token has an unknown form")
        text = token.removeprefix(self.prefix)
        try:
            # Strict decoding takes exactly the padding that is missing, no more.
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise CursorError("the token is damaged") from error
        mac, content = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(secret, content)):
            raise CursorError("the token was not made by this server")
        return json.loads(content)

    def _mac(self, secret: str, content: bytes) -> bytes:
        return hmac.new(secret.encode(), self.purpose.encode() + b"\0" + content, hashlib.sha256).digest()[:_MAC_BYTES]
