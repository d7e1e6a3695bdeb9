"""What a handset asks for without bringing anything: hello, and the pull of changes.

A pull with nothing new costs two indexed reads (who asks; where the asker stands) and no write.
"""

from typing import Any

from flask import Response, request

from server.clock import stamp
from server.current import settings
from server.db import glance, read
from server.gateway.answers import envelope
from server.gateway.contact import after_page
from server.gateway.feed import Delivery, pull_page
from server.gateway.kinds import versions
from server.identity.queries import rotation_due
from server.identity.rules import Handset, revoked_handset
from server.problems import Problem
from server.standards.reference import etags
from server.web import handset_blueprint, live_handset, on_duty
from sync.feed import MOST_CHANGES
from sync.limits import PROTOCOL

blueprint = handset_blueprint("pull", url_prefix="/sync", guard=live_handset)
blueprints = (blueprint,)


@blueprint.get("/hello")
@blueprint.response(200)
def hello() -> dict[str, Any]:
    """Tell a handset what this server speaks and takes, who is on shift, and what time it is."""
    asking = live_handset()
    return envelope(
        protocols=[PROTOCOL],
        kinds=versions(),
        limits=settings().limits.as_json(),
        install_id=str(asking.install_id),
        officer_id=str(asking.officer_id),
        session_until=asking.session_until and stamp(asking.session_until),
        rotate=read(rotation_due, asking.install_id),
        reference=read(etags),
    )


@blueprint.get("/pull")
@blueprint.response(200)
def pull() -> Response:
    """Give the changes after ``cursor``; without one, everything that the officer may see."""
    asking = on_duty()
    limit = request.args.get("limit", str(MOST_CHANGES))
    # Nine digits are plenty; Python refuses to read thousands of them with an error of its own.
    if not limit.isdecimal() or len(limit) > 9:  # noqa: PLR2004 (said above)
        raise Problem("validation", errors={"limit": ["Must be a whole number."]})
    want_digest = request.args.get("want_digest") == "1"
    delivery = _delivered(asking, request.args.get("cursor") or None, int(limit), want_digest=want_digest)
    after_page(asking, delivery, touch=True)
    return page_answer(delivery)


def pull_for(asking: Handset, cursor: str | None, limit: int, want_digest: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002 (as it stands in a push)
    """Return the page that a push carries, as the wire's object; raises what the pull itself would answer."""
    if asking.revoked:
        raise revoked_handset()
    if asking.session_over:
        raise Problem("session-expired")
    delivery = _delivered(asking, cursor, limit, want_digest=want_digest)
    # The push has noted the handset's contact already.
    after_page(asking, delivery, touch=False)
    return delivery.page.as_json()


def page_answer(delivery: Delivery) -> Response:
    """Return a page as an answer; its changes are rendered already."""
    return Response(delivery.page.text(**envelope(epoch=delivery.standing.epoch)), mimetype="application/json")


def _delivered(asking: Handset, cursor: str | None, limit: int, *, want_digest: bool) -> Delivery:
    return glance(pull_page, asking, cursor, limit=limit, want_digest=want_digest)
