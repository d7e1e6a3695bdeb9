"""Who looked at photographs: counted in one row each, told to the custody record in batches.

Previews and originals that desk officers opened; thumbnails are lists, not looks. Counting comes before the bytes are
sent: what cannot be recorded is not shown.
"""

from uuid import UUID

from sqlalchemy import delete, select, tuple_
from sqlalchemy.orm import Session

from server.clock import now, stamp
from server.evidence.models import PhotoView
from server.ledger.operations import Doer, record_many
from server.upsert import insert

COUNTED = frozenset({"preview", "original", "public"})
MOST_AT_ONCE = 500
_KEY = (PhotoView.officer_id, PhotoView.sha256, PhotoView.rendition)


def note_view(session: Session, officer_id: UUID, sha256: str, rendition: str) -> None:
    """Count one look at a rendition of COUNTED."""
    moment = now()
    seen = insert(session, PhotoView).values(
        officer_id=officer_id, sha256=sha256, rendition=rendition, times=1, first_at=moment, last_at=moment
    )
    again = {"times": PhotoView.times + 1, "last_at": seen.excluded.last_at}
    session.execute(seen.on_conflict_do_update(index_elements=list(_KEY), set_=again))


def flush_views(session: Session) -> int:
    """Move up to MOST_AT_ONCE counts into the custody record, one event each; return how many there were.

    The rows are deleted as they are read: a look that comes meanwhile begins a new count.
    """
    chosen = select(*_KEY).order_by(*_KEY).limit(MOST_AT_ONCE)
    gone = session.execute(
        delete(PhotoView)
        .where(tuple_(*_KEY).in_(chosen))
        .returning(*_KEY, PhotoView.times, PhotoView.first_at, PhotoView.last_at)
        .execution_options(synchronize_session=False)
    ).all()
    events = [
        (
            ("photo", row.sha256),
            Doer(officer_id=row.officer_id),
            {
                "rendition": row.rendition,
                "times": row.times,
                "first_at": stamp(row.first_at),
                "last_at": stamp(row.last_at),
            },
        )
        for row in sorted(gone, key=lambda row: row.first_at)
    ]
    record_many(session, "viewed", events)
    return len(gone)
