"""POST /photos/query: which of its photographs a handset need not send (docs/protocol.md section 11).

For whoever may send photographs, so also for a revoked handset within its grace; it hears of its own ones only.
"""

from typing import Any

from flask import Response, request, url_for

from server.gateway.answers import answered, envelope
from server.gateway.bodies import read_json
from server.gateway.photo_query import MOST_HASHES, Known, query_photos
from server.problems import Problem
from server.web import handset, handset_blueprint
from sync.envelope import HEX256

blueprint = handset_blueprint("photo_query", url_prefix="/photos")
blueprints = (blueprint,)


@blueprint.post("/query")
@blueprint.response(200)
def query() -> Response:
    """Tell of each hash: ``have``, ``partial`` with the caller's own upload and its offset, or ``missing``."""
    hashes = _hashes(read_json(request))
    known = query_photos(handset(), hashes)
    return answered(envelope(photos={sha256: _told(known, sha256) for sha256 in hashes}))


def _told(known: Known, sha256: str) -> dict[str, object]:
    if sha256 in known.have:
        return {"state": "have"}
    begun = known.partial.get(sha256)
    if begun is None:
        return {"state": "missing"}
    place = url_for("uploads_api.part", upload_id=begun.upload_id)
    return {"state": "partial", "upload": place, "offset": begun.offset}


def _hashes(document: Any) -> list[str]:  # noqa: ANN401 (any JSON)
    """Return the hashes as sent; raises bad-request."""
    listed = document.get("hashes") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise Problem("bad-request", 'Send {"hashes": ["<sha256>", …]}.')
    if len(listed) > MOST_HASHES:
        raise Problem("bad-request", f"At most {MOST_HASHES} hashes in one request; these are {len(listed)}.")
    for place, entry in enumerate(listed):
        if not isinstance(entry, str) or not HEX256.fullmatch(entry):
            raise Problem("bad-request", f"hashes[{place}] must be 64 lower-case hex digits.")
    return listed
