"""Answers to handsets: the members that all of them carry. The MAC that proves them ours is in server/web.py."""

import json
from typing import Any

from flask import Response

from server.clock import now, stamp
from server.db import read
from server.ledger.queries import epoch as stored_epoch
from sync.limits import PROTOCOL


def envelope(*, epoch: str | None = None, **members: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON values)
    """Return ``members`` with protocol, epoch (read anew unless the caller read it already) and server_time."""
    return {"protocol": PROTOCOL, "epoch": epoch or read(stored_epoch), "server_time": stamp(now()), **members}


def answered(document: dict[str, Any], status: int = 200) -> Response:
    """Return a compact JSON answer."""
    content = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(content, status, mimetype="application/json")
