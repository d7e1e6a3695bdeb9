"""Reference documents for handsets, whole or as the difference since a version (docs/protocol.md section 10)."""

from flask import Response, request

from server.db import read
from server.gateway.answers import answered, envelope
from server.problems import Problem
from server.standards.reference import document
from server.web import handset_blueprint, live_handset

blueprint = handset_blueprint("reference", url_prefix="/reference", guard=live_handset)
blueprints = (blueprint,)


@blueprint.get("/<name>")
@blueprint.response(200)
def fetch(name: str) -> Response:
    """Return the document, the difference since ``since``, or 304 when the handset's copy is the present one."""
    found = read(document, name, request.args.get("since"))
    if found is None:
        raise Problem("not-found", "hello lists the names of the reference documents.")
    # A proxy that compresses marks the tag as weak; it still names the version.
    if request.if_none_match.contains_weak(found.version):
        answer = Response(status=304)
    else:
        answer = answered(
            envelope(
                name=found.name,
                version=found.version,
                since=found.since,
                entries=found.entries,
                removed=found.removed,
            )
        )
    answer.set_etag(found.version)
    return answer
