"""Lawful disposal of what custody events tell: facts and salt go, the leaf's hash stays, which then tells nothing."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.base import table_of
from server.clock import now
from server.ledger.models import CustodyEvent
from server.ledger.operations import Doer, record

DISPOSED = "disposed"
_event = table_of(CustodyEvent)


class EventsUnnumbered(Exception):
    """Events of this subject are not in the log yet, and their hashes must be: call ``sequence()`` first."""


def disposed_by(facts: str) -> set[UUID]:
    """Return the ids that the facts of an event ``disposed`` name; what is written otherwise names none."""
    try:
        return {UUID(event_id) for event_id in json.loads(facts)["events"]}
    except (ValueError, KeyError, TypeError, AttributeError):
        return set()


def dispose_events(session: Session, subject: tuple[str, str], doer: Doer, facts: Mapping[str, Any]) -> int:
    """Blank facts and salt of all events about ``subject`` = (kind, id) and record who did it; return how many.

    Records one event ``disposed`` about the subject with ``facts`` and the ids of what was blanked: a blank event
    that no such event names is tampering. Events ``disposed`` themselves stay. Raises EventsUnnumbered; then the
    caller's transaction must not commit.
    """
    about = (_event.c.subject_kind == subject[0], _event.c.subject_id == subject[1], _event.c.kind != DISPOSED)
    waiting = select(_event.c.id).where(*about, _event.c.position.is_(None)).limit(1)
    if session.execute(waiting).first() is not None:
        raise EventsUnnumbered(f"Events about {subject[0]} {subject[1]} are not in the log yet; try again in a minute.")
    blank = update(_event).where(*about, _event.c.disposed_at.is_(None))
    blanked = session.scalars(blank.values(facts="", salt=b"", disposed_at=now()).returning(_event.c.id)).all()
    named = sorted(str(event_id) for event_id in blanked)
    record(session, DISPOSED, subject, doer, {**facts, "events": named})
    return len(named)
