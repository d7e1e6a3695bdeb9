"""The handset's doors besides uploads: hello, push, pull. Enrolment is in identity.

A 4xx here is about the request's envelope, never about the content of an item.
"""

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Response, request

from server.clock import now
from server.current import settings
from server.db import read, transact
from server.evidence.queries import missing_of_items
from server.gateway.answers import envelope, sealed
from server.gateway.bodies import read_json
from server.gateway.feed import pull_page
from server.gateway.inbox import DatabaseInbox
from server.gateway.left import finish_left
from server.gateway.storing import Sender
from server.gateway.wants import missing_of_install
from server.identity.operations import note_report
from server.identity.rules import Handset
from server.logs import log
from server.problems import Problem
from server.web import api_blueprint, handset
from sync.engine import push
from sync.envelope import EnvelopeError, Push, read_push
from sync.feed import MOST_CHANGES, ReconcileRequiredError
from sync.handset_time import Anchor
from sync.item import RawItem, Refused, State
from sync.limits import LIMITS, PROTOCOL

blueprint = api_blueprint("sync", guard=handset, url_prefix="/sync")
blueprints = (blueprint,)

MOST_WANTS = 200


@blueprint.get("/hello")
@blueprint.response(200)
def hello() -> dict[str, Any]:
    """Tell a handset what this server speaks and takes, and what time it is."""
    asking = handset()
    return envelope(limits=LIMITS.as_json(), officer_id=str(asking.officer_id), install_id=str(asking.install_id))


@blueprint.post("/push")
@blueprint.response(200)
def take_push() -> Response:
    """Take items: store them all, then interpret; answer one verdict for each. May carry a pull."""
    arrived_at, asking = now(), handset()
    document = read_json(request)
    try:
        batch = read_push(document)
    except EnvelopeError as error:
        raise Problem("bad-request", str(error)) from error
    if document.get("protocol", PROTOCOL) != PROTOCOL:
        raise Problem("protocol-version")
    if document.get("install_id") not in (None, str(asking.install_id)):
        raise Problem("bad-request", "install_id is not the install whose credential was sent.")
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
    items = [_barred(item) for item in batch.items] if asking.revoked else batch.items
    finish_left(asking.install_id)
    results = push(DatabaseInbox(sender), items)
    if not results:
        transact(note_report, asking.install_id, sender.says, sender.clock_offset_ms)
    return sealed(_push_answer(asking, batch, results), asking.credential_sha256)


@blueprint.get("/pull")
@blueprint.response(200)
def pull() -> dict[str, Any]:
    """Give the changes after ``cursor``; without one, everything that the officer may see."""
    limit = request.args.get("limit", str(MOST_CHANGES))
    # Nine digits are plenty; Python refuses to read thousands of them with an error of its own.
    if not limit.isdecimal() or len(limit) > 9:  # noqa: PLR2004 (said above)
        raise Problem("validation", errors={"limit": ["Must be a whole number."]})
    return envelope(**_pull(handset(), request.args.get("cursor") or None, int(limit)))


def _barred(item: RawItem | Refused) -> RawItem | Refused:
    """Send what a revoked handset still brings to quarantine: it may be evidence, a human decides."""
    if isinstance(item, Refused):
        return item
    return replace(item, flaw=item.flaw or ("handset-revoked", "The handset was revoked before it sent this."))


def _push_answer(asking: Handset, batch: Push, results: list[dict[str, Any]]) -> dict[str, Any]:
    # A stranger's item or id sent again (n = 0, or a conflict) tells nothing of the photographs declared under it.
    own = [result for result in results if result.get("n") and result["state"] != State.CONFLICT]
    missing = read(missing_of_items, [UUID(result["id"]) for result in own])
    for result in own:
        if hashes := missing.get(UUID(result["id"])):
            result["missing_photos"] = hashes
    for result in results:
        if "slug" in result:
            result["problem"] = Problem(result.pop("slug")).body()
    wants = read(missing_of_install, asking.install_id, MOST_WANTS)
    answer = envelope(
        batch_id=batch.batch_id,
        results=results,
        photo_wants=[{"sha256": sha256, "reason": "declared"} for sha256 in wants],
        limits=LIMITS.as_json(),
    )
    if batch.pull is not None:
        answer["pull"] = _piggy_backed(asking, batch.pull)
    return answer


def _piggy_backed(asking: Handset, wanted: Any) -> dict[str, Any]:  # noqa: ANN401 (any JSON)
    """Run the pull that a push carries; its failure is its own and never costs the push its answer."""
    cursor, limit = wanted.get("cursor"), wanted.get("limit")
    given = cursor if isinstance(cursor, str) else None
    try:
        return _pull(asking, given, limit if isinstance(limit, int) else MOST_CHANGES)
    except Problem as problem:
        return {"problem": problem.body()}
    except Exception as error:  # noqa: BLE001 (the items are stored: their verdicts must reach the handset)
        log.error("pull-failed", exc_info=error)
        return {"problem": Problem("internal").body()}


def _pull(asking: Handset, cursor: str | None, limit: int) -> dict[str, Any]:
    if asking.revoked:
        raise Problem("handset-revoked", wipe=True)
    try:
        return read(pull_page, asking.officer_id, cursor, secret=settings().secret(), limit=limit)
    except ReconcileRequiredError as error:
        raise Problem("reconcile-required", reason=error.reason) from error
