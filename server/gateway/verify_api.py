"""The handset asks whether the server still has what it acknowledged (docs/protocol.md section 8).

It answers about the asking install's own rows only: what another install stored under an id stays unknown.
"""

from typing import Any
from uuid import UUID

from flask import Response, request

from server.db import read, transact
from server.gateway.answers import answered, envelope
from server.gateway.bodies import read_json
from server.gateway.verifying import MOST_ITEMS, Verified, verified
from server.ledger.alarms import raise_alarm
from server.logs import log
from server.problems import Problem
from server.web import handset, handset_blueprint

# A revoked one too, within its grace: after a restore it is asked for what it brought, like any other.
blueprint = handset_blueprint("verify", url_prefix="/sync")
blueprints = (blueprint,)

_SHOWN = 20


@blueprint.post("/verify")
@blueprint.response(200)
def verify() -> Response:
    """Tell which acknowledged items the server lacks (``need``) and which lost their id to other content."""
    asking = handset()
    document = read_json(request)
    found = read(verified, asking.install_id, _pairs(document))
    if found.need:
        _sound_alarm(asking.install_id, found, document)
    return answered(envelope(need=found.need, conflict=found.conflict))


def _pairs(document: Any) -> list[tuple[str, str]]:  # noqa: ANN401 (any JSON)
    """Return the (id, fingerprint) pairs as sent; raises bad-request."""
    listed = document.get("items") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise Problem("bad-request", 'Send {"items": [{"id", "h"}, …]}.')
    if len(listed) > MOST_ITEMS:
        raise Problem("bad-request", f"At most {MOST_ITEMS} items in one request; these are {len(listed)}.")
    pairs = []
    for place, entry in enumerate(listed):
        item_id, fingerprint = (entry.get("id"), entry.get("h")) if isinstance(entry, dict) else (None, None)
        if not isinstance(item_id, str) or not isinstance(fingerprint, str):
            raise Problem("bad-request", f"items[{place}] must have the texts id and h.")
        pairs.append((item_id, fingerprint))
    return pairs


def _sound_alarm(install_id: UUID, found: Verified, document: dict[str, Any]) -> None:
    """Raise P8's alarm; a failure of the alarm must not cost the handset its answer."""
    count = document.get("acked_count")
    facts = {
        "need": len(found.need),
        "first": found.need[:_SHOWN],
        "acked_count": count if isinstance(count, int) else None,
    }
    try:
        transact(raise_alarm, "acked_beyond_store", f"install:{install_id}", facts)
    except Problem as problem:
        log.warning("alarm-not-kept", slug=problem.slug, **facts)
