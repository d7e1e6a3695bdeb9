"""Reading marks, and removing what is old. The floor keeps both small: below it everything counts as read."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from server.casework.inbox.models import InboxFloor, NoticeRead, NoticeRow
from server.casework.inbox.queries import newest_before, notice_of, unread_ids
from server.casework.inbox.rules import SETTLED_AFTER
from server.clock import now
from server.identity.rules import Actor
from server.problems import Problem
from server.upsert import insert

MOST_AT_ONCE = 1000


def mark_read(session: Session, actor: Actor, notice_id: UUID) -> UUID | None:
    """Mark one notice as read by the actor and return its case; raises not-found for one of somebody else."""
    row = notice_of(session, actor, notice_id)
    if row is None:
        raise Problem("not-found")
    _mark(session, actor, [row.id])
    _raise_floor(session, actor)
    return row.case_id


def mark_all_read(session: Session, actor: Actor, through: UUID | None = None) -> int:
    """Mark the actor's notices up to ``through`` (what the page showed; None: all) and return how many.

    At most a thousand at once: the caller repeats until none is left.
    """
    found = unread_ids(session, actor, through, MOST_AT_ONCE)
    _mark(session, actor, found)
    _raise_floor(session, actor)
    return len(found)


def forget(session: Session, before: datetime) -> int:
    """Remove notices made before an instant, a thousand at most; return how many."""
    wanted = select(NoticeRow.id).where(NoticeRow.at < before).order_by(NoticeRow.at).limit(MOST_AT_ONCE)
    old = session.scalars(wanted).all()
    session.execute(delete(NoticeRead).where(NoticeRead.notice_id.in_(old)))
    session.execute(delete(NoticeRow).where(NoticeRow.id.in_(old)))
    return len(old)


def _mark(session: Session, actor: Actor, notice_ids: Sequence[UUID]) -> None:
    if not notice_ids:
        return
    moment = now()
    rows = [{"notice_id": notice_id, "officer_id": actor.officer_id, "at": moment} for notice_id in notice_ids]
    # Two open pages of one officer may both mark the same notice.
    session.execute(insert(session, NoticeRead).on_conflict_do_nothing(), rows)


def _raise_floor(session: Session, actor: Actor) -> None:
    """Move the floor to below the oldest unread notice, and drop the marks that it makes needless.

    Only past notices that are settled: one whose transaction began earlier may still be committed below newer ones,
    and must not come up as read.
    """
    oldest = unread_ids(session, actor, None, 1)
    floor = newest_before(session, actor, oldest[0] if oldest else None, now() - SETTLED_AFTER)
    if floor is None:
        return
    raised = insert(session, InboxFloor).values(officer_id=actor.officer_id, notice_id=floor)
    session.execute(
        raised.on_conflict_do_update(
            index_elements=[InboxFloor.officer_id],
            set_={"notice_id": raised.excluded.notice_id},
            where=InboxFloor.notice_id < raised.excluded.notice_id,
        )
    )
    session.execute(delete(NoticeRead).where(NoticeRead.officer_id == actor.officer_id, NoticeRead.notice_id <= floor))
