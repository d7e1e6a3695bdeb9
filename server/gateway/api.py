"""The door through which handsets push. Hello and pull are in pull_api, uploads in uploads_api.

A 4xx here is about the request's envelope, never about the content of an item.
"""

from dataclasses import replace

from flask import Response, request

from server.clock import now
from server.gateway.answers import answered
from server.gateway.bodies import read_json
from server.gateway.inbox import DatabaseInbox
from server.gateway.pressure import pressed
from server.gateway.push_answer import Taken, push_answer, unstored_answer
from server.gateway.storing import Sender
from server.identity.rules import Handset
from server.problems import Problem
from server.web import handset, handset_blueprint
from sync.engine import push
from sync.envelope import EnvelopeError, Push, read_push
from sync.handset_time import Anchor
from sync.item import RawItem, Refused
from sync.limits import PROTOCOL

blueprint = handset_blueprint("sync", url_prefix="/sync")
blueprints = (blueprint,)


@blueprint.post("/push")
@blueprint.response(200)
def take_push() -> Response:
    """Take items: store them all, then interpret; answer one verdict for each. May carry a pull."""
    arrived_at, asking = now(), handset()
    batch = _read(asking)
    anchor = Anchor.of_request(batch.clock, arrived_at)
    sender = Sender(
        install_id=asking.install_id,
        officer_id=asking.officer_id,
        agency_id=asking.agency_id,
        batch_id=batch.batch_id,
        anchor=anchor.text(),
        received_at=arrived_at,
        says=batch.on_handset,
        clock_offset_ms=anchor.offset_ms,
    )
    items = [_barred(item) for item in batch.items] if asking.barred else batch.items
    inbox = DatabaseInbox.for_sender(sender)
    with pressed() as pressure:
        results = push(inbox, items)
        if inbox.stored is None:
            return answered(unstored_answer(batch, results, pressure))
        return answered(push_answer(asking, batch, Taken(inbox.stored, results, anchor, pressure)))


def _read(asking: Handset) -> Push:
    document = read_json(request)
    try:
        batch = read_push(document)
    except EnvelopeError as error:
        raise Problem("bad-request", str(error)) from error
    if document.get("protocol", PROTOCOL) != PROTOCOL:
        raise Problem("protocol-version")
    if document.get("install_id") not in (None, str(asking.install_id)):
        raise Problem("bad-request", "install_id is not the install whose credential was sent.")
    return batch


def _barred(item: RawItem | Refused) -> RawItem | Refused:
    """Send what a revoked handset still brings to quarantine: it may be evidence, a human decides."""
    if isinstance(item, Refused):
        return item
    return replace(item, flaw=item.flaw or ("handset-revoked", "The handset was revoked before it sent this."))
