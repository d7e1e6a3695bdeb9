"""Purging of feed marks: old ones go, and the floor tells every cursor below that it has expired.

A mark has no time: what is kept is a number of the newest. Whoever comes back with an older cursor, or without any,
reconciles, which needs no marks; so purging costs a transfer and never a change.
"""

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from server.ledger.models import FeedMark, FeedScope

# Per scope. A squad with 100 changes a day is away for more than a year before its cursor expires.
KEPT_MARKS = 50_000


def crowded_scopes(session: Session, kept: int = KEPT_MARKS) -> list[str]:
    """Return the scopes that may hold more than ``kept`` marks; a mark of an entity replaces its older one."""
    return list(session.scalars(select(FeedScope.scope).where(FeedScope.head - FeedScope.floor > kept)))


def purge_marks(session: Session, scope: str, kept: int = KEPT_MARKS) -> int:
    """Remove all but the newest ``kept`` marks of a scope; return how many went.

    Floor and rows change in one transaction under the scope's lock, so that no reader finds marks missing above the
    floor that it read.
    """
    session.execute(select(FeedScope.scope).where(FeedScope.scope == scope).with_for_update())
    newest_to_go = session.scalar(
        select(FeedMark.seq).where(FeedMark.scope == scope).order_by(FeedMark.seq.desc()).offset(kept).limit(1)
    )
    if newest_to_go is None:
        return 0
    gone = session.scalars(
        delete(FeedMark).where(FeedMark.scope == scope, FeedMark.seq <= newest_to_go).returning(FeedMark.seq)
    ).all()
    session.execute(update(FeedScope).where(FeedScope.scope == scope).values(floor=newest_to_go))
    return len(gone)
