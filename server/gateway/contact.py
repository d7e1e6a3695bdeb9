"""What a page leaves behind, in a transaction of its own after it: alarms, and that the handset was in touch.

A page with nothing new leaves nothing: it never writes. Nothing here ever costs a handset its page.
"""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from server.clock import now
from server.db import transact
from server.gateway.feed import Delivery
from server.identity.operations.contact import note_contact
from server.identity.rules import Handset
from server.ledger.alarms import raise_alarm
from server.logs import log
from server.problems import Problem

TOUCH_EVERY = timedelta(minutes=5)


def after_page(asking: Handset, delivery: Delivery, *, touch: bool) -> None:
    """Raise the alarm for what could not be rendered; with ``touch`` note the contact, every five minutes at most."""
    page, seen_at = delivery.page, delivery.standing.seen_at
    due = touch and bool(page.changes) and (seen_at is None or seen_at < now() - TOUCH_EVERY)

    def leave(session: Session) -> None:
        for kind, entity_id in page.deferred:
            raise_alarm(session, "render_failed", f"{kind}:{entity_id}", {"install_id": str(asking.install_id)})
        if due:
            note_contact(session, asking.install_id)

    if page.deferred or due:
        _quietly(leave)


def alarm_mismatch(asking: Handset, manifest_size: int) -> None:
    """Raise the alarm that a mirror's digest differed from the server's."""

    def leave(session: Session) -> None:
        facts = {"officer_id": str(asking.officer_id), "manifest": manifest_size}
        raise_alarm(session, "digest_mismatch", f"install:{asking.install_id}", facts)

    _quietly(leave)


def _quietly(leave: Callable[[Session], None]) -> None:
    try:
        transact(leave)
    except (Problem, SQLAlchemyError) as error:
        log.error("contact-not-noted", exc_info=error)
