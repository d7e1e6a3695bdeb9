"""Handsets after their enrolment: revoked by an administrator, and what they say of themselves."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from server.clock import now, stamp
from server.identity.models import Agency, Install
from server.identity.operations.contact import noting
from server.identity.rules import REVOKED_GRACE, Actor, Permission, within
from server.ledger.audit import note
from server.ledger.operations import Doer, record
from server.problems import Problem, _
from server.upsert import dialect_of

_MOST = 2**31 - 1
_LONGEST = 64
_KEPT = ("seen_at", "unsent_items", "unsent_photos", "free_mb", "app", "clock_offset_ms")


def revoke(session: Session, actor: Actor, install_id: UUID, grace: timedelta = REVOKED_GRACE) -> datetime:
    """Revoke an install within the actor's agencies; returns since when. Repeating it changes nothing.

    For the time of ``grace`` it may still push, into quarantine; after that its credential opens nothing.
    """
    scope = actor.require(Permission.ADMINISTER_HANDSETS)
    install = session.get(Install, install_id, with_for_update={"key_share": True})
    if install is None or not within(session.get_one(Agency, install.agency_id).path, scope):
        raise Problem("not-found", _("There is no such handset in your agencies."))
    if install.revoked_at is None:
        install.revoked_at = now()
        install.grace_until = install.revoked_at + grace
        doer = Doer(install.agency_id, actor.officer_id, install.id)
        subject, facts = ("install", str(install.id)), {"grace_until": stamp(install.grace_until)}
        record(session, "revoked", subject, doer, facts)
        note(session, doer, "handset_revoked", subject, {**facts, "label": install.label})
    return install.revoked_at


def note_report(session: Session, install_id: UUID, says: Mapping[str, Any], clock_offset_ms: int | None) -> None:
    """Keep what an install said of itself with a push (the wire's ``on_handset``, unchecked).

    It is advisory, so a value that cannot be true is kept as unknown and never refuses the push.
    """
    photos = says.get("unsent_photos")
    kept = {
        "seen_at": now(),
        "unsent_items": _count(says.get("unsent_items")),
        "unsent_photos": len(photos) if isinstance(photos, list) else _count(photos),
        "free_mb": _count(says.get("free_mb")),
        "app": _line(says.get("app")),
        "clock_offset_ms": clock_offset_ms,
    }
    session.execute(noting(dialect_of(session), _KEPT), {"install_id": install_id, **kept})


def _count(value: object) -> int | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= _MOST else None


def _line(value: object) -> str | None:
    """Return printable text of sane length: PostgreSQL takes neither NUL nor half a surrogate pair."""
    return value if isinstance(value, str) and len(value) <= _LONGEST and value.isprintable() else None
