"""The handset's last resort: any bytes, for a person to read (docs/protocol.md section 9). Open in the grace too."""

from uuid import UUID

from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from server.db import transact
from server.gateway.answers import answered, envelope
from server.gateway.salvage import MOST_BYTES, keep
from server.problems import Problem
from server.web import handset, handset_blueprint

blueprint = handset_blueprint("salvage", url_prefix="/salvage", takes_json=False)
blueprints = (blueprint,)

_PIECE = 64 * 1024
_TYPE_LENGTH = 64


@blueprint.put("/<uuid:salvage_id>")
@blueprint.response(201)
def put(salvage_id: UUID) -> Response:
    """Keep the body as it is, packed bodies too; 200 when these very bytes are known."""
    content = _body()
    sha256, fresh = transact(keep, handset(), salvage_id, content, _media_type())
    told = envelope(id=str(salvage_id), sha256=sha256, size=len(content))
    return answered(told, 201 if fresh else 200)


def _body() -> bytes:
    """Read the whole body, piece by piece, under the cap; raises body-too-large, bad-request when it was cut."""
    # This door's own limit; the application's is for JSON and smaller.
    request.max_content_length = MOST_BYTES
    body = bytearray()
    try:
        while piece := request.stream.read(_PIECE):
            body += piece
    except RequestEntityTooLarge as error:
        raise Problem("body-too-large", f"A salvage may have {MOST_BYTES} bytes: send it in parts.") from error
    promised = request.content_length
    if promised is not None and len(body) < promised:
        # The WSGI server ends a cut body as if it were whole: only the length tells.
        raise Problem("bad-request", f"The body ended early, after {len(body)} of {promised} bytes. Send it again.")
    return bytes(body)


def _media_type() -> str:
    """Return what the sender says it is, and how it is packed: the bytes are kept as they came."""
    said = request.headers.get("Content-Type") or "application/octet-stream"
    packed = request.headers.get("Content-Encoding")
    suffix = f" ({packed[:12]})" if packed and packed.lower() != "identity" else ""
    return said[: _TYPE_LENGTH - len(suffix)] + suffix
