"""The reconciliation of a handset's mirror: always right, whatever the mirror holds."""

from flask import Response, request

from server.db import read
from server.gateway.bodies import read_json
from server.gateway.contact import after_page, alarm_mismatch
from server.gateway.feed import reconcile_page
from server.gateway.pull_api import page_answer
from server.problems import Problem
from server.web import handset_blueprint, on_duty
from sync.changes import MOST_CHANGES
from sync.reconcile import ManifestError, read_manifest

blueprint = handset_blueprint("reconcile", url_prefix="/sync", guard=on_duty)
blueprints = (blueprint,)


@blueprint.post("/reconcile")
@blueprint.response(200)
def reconcile() -> Response:
    """Compare the manifest with what the officer may see now; answer the differences page by page."""
    asking, document = on_duty(), read_json(request)
    if not isinstance(document, dict):
        raise Problem("bad-request", "Send an object with manifest, page and limit.")
    token, limit = document.get("page"), document.get("limit", MOST_CHANGES)
    try:
        manifest = read_manifest(document.get("manifest"))
    except ManifestError as error:
        raise _invalid("manifest", str(error)) from error
    if token is not None and not isinstance(token, str):
        raise _invalid("page", "Must be next_page of the page before, or null for the first.")
    if not isinstance(limit, int) or isinstance(limit, bool):
        raise _invalid("limit", "Must be a whole number.")
    if document.get("because") == "digest" and token is None:
        alarm_mismatch(asking, len(manifest))
    delivery = read(reconcile_page, asking, manifest, token, limit=limit)
    after_page(asking, delivery, touch=True)
    return page_answer(delivery)


def _invalid(name: str, told: str) -> Problem:
    return Problem("validation", errors={name: [told]})
