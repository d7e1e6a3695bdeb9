"""Shelving: a case that ended long ago leaves its reporter's handset; a mirror must not grow for ever."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.base import new_tag
from server.casework.models import Case
from server.casework.operations.roots import lock_cases
from server.casework.rules import ENDED
from server.clock import now
from server.ledger.marks import Entity, mark

MOST_AT_ONCE = 200


def shelve_cases(session: Session, ended_before: datetime) -> int:
    """Shelve up to 200 cases that ended before an instant, oldest first; return how many there were."""
    due = (
        select(Case.id)
        .where(
            Case.state.in_(ENDED),
            Case.closed_at < ended_before,
            Case.shelved_at.is_(None),
        )
        .order_by(Case.closed_at)
        .limit(MOST_AT_ONCE)
    )
    cases = [case for case in lock_cases(session, session.scalars(due).all()) if case.shelved_at is None]
    for case in cases:
        case.shelved_at = now()
        case.version = new_tag()
        mark(session, f"officer:{case.reporter_id}", Entity("case", case.id), case.version, reason="closed")
    return len(cases)
