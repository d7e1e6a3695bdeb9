"""Answers to handsets: the members that all of them carry, and the MAC that proves a push's answer is ours."""

import base64
import hashlib
import hmac
import json
from typing import Any

from flask import Response

from server.clock import now, stamp
from server.db import read
from server.ledger.queries import epoch
from sync.limits import PROTOCOL


def envelope(**members: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON values)
    """Return ``members`` with protocol, epoch and server_time."""
    return {"protocol": PROTOCOL, "epoch": read(epoch), "server_time": stamp(now()), **members}


def sealed(document: dict[str, Any], credential_sha256: bytes) -> Response:
    """Return a JSON answer whose Answer-MAC a portal, a proxy or a flipped bit cannot make.

    The key is the SHA-256 of the install credential, which is all that the server keeps of it.
    """
    content = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    mac = hmac.new(credential_sha256, content, hashlib.sha256).digest()
    response = Response(content, mimetype="application/json")
    response.headers["Answer-MAC"] = base64.urlsafe_b64encode(mac).decode().rstrip("=")
    return response
