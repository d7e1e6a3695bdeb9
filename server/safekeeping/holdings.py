"""What a copy of the database holds, and the promise that follows from it: ``backed_up_through``.

Read from the restored copy as ``n``, never from a time: a time would claim items committed after the snapshot.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, case, exists, func, or_, select, update
from sqlalchemy.orm import Session

from server.base import Base
from server.evidence.models import Evidence, Photo
from server.gateway.models import InboxItem
from server.identity.models import Install
from server.ledger.queries import epoch
from server.safekeeping.errors import SafekeepingError

# A photograph that does not come within a week is no reason to let a handset run full.
PATIENCE = timedelta(days=7)


def held(session: Session, taken: datetime) -> dict[UUID, int]:
    """Return per install the last ``n`` of the run from 1 without a gap whose photographs are here too.

    What a handset may clear are photographs. One that arrived after the snapshot is not in the backup, although its
    item is: such an item stops the run, for at most a week after it was declared. One that waits on a machine for a
    store that is down stops it for as long as it waits: that machine's disk is all there is of it.
    """
    place = func.row_number().over(partition_by=InboxItem.install_id, order_by=InboxItem.n)
    counted = select(InboxItem.install_id, InboxItem.n, place.label("place")).subquery()
    complete = select(counted.c.install_id, func.max(counted.c.n)).where(counted.c.n == counted.c.place)
    run = dict(session.execute(complete.group_by(counted.c.install_id)).all())
    spooled = exists().where(Photo.sha256 == Evidence.sha256, Photo.durability == "spooled")
    lacking = (
        select(InboxItem.install_id, func.min(InboxItem.n))
        .join(
            Evidence,
            (Evidence.install_id == InboxItem.install_id) & (Evidence.item_id == InboxItem.item_id),
        )
        .where(or_(and_(Evidence.present_at.is_(None), Evidence.expected_at > taken - PATIENCE), spooled))
        .group_by(InboxItem.install_id)
    )
    first_lacking = dict(session.execute(lacking).all())
    return {install: min(last, first_lacking.get(install, last + 1) - 1) for install, last in run.items()}


def named_originals(session: Session) -> list[str]:
    """Return the hashes of all originals that the copy names and the store must have."""
    wanted = select(Photo.sha256).where(
        Photo.durability == "stored", Photo.disposed_at.is_(None), Photo.deleting_at.is_(None)
    )
    return list(session.scalars(wanted.order_by(Photo.sha256)))


def spooled_originals(session: Session) -> list[str]:
    """Return the hashes of the originals that waited on some machine: kept if they can be had, never promised."""
    return list(session.scalars(select(Photo.sha256).where(Photo.durability == "spooled").order_by(Photo.sha256)))


def settle_spooled(session: Session, stored: Collection[str], waiting: Mapping[str, str]) -> None:
    """Tell the rows of a restored database where the originals are that waited somewhere at the snapshot.

    ``stored``: hashes that are in the store now; ``waiting``: those that wait on a machine, by its name.
    """
    for sha256 in spooled_originals(session):
        if sha256 in waiting:
            place: dict[str, str | None] = {"durability": "spooled", "node": waiting[sha256]}
        elif sha256 in stored:
            place = {"durability": "stored", "node": None}
        else:
            continue
        session.execute(update(Photo).where(Photo.sha256 == sha256).values(**place))


def rows(session: Session) -> dict[str, int]:
    """Return the number of rows by table."""
    tables = Base.metadata.sorted_tables
    return {table.name: session.execute(select(func.count()).select_from(table)).scalar_one() for table in tables}


def raise_backed_up(session: Session, installs: dict[UUID, int], of_epoch: str) -> None:
    """Tell handsets what a backup holds; never lowers it, never beyond what is stored.

    Raises SafekeepingError if the database got another epoch since the snapshot: then ``n`` counts other items.
    """
    if epoch(session) != of_epoch:
        raise SafekeepingError("The database was restored while this backup ran: make another one.")
    for install_id in sorted(installs):
        last = installs[install_id]
        session.execute(
            update(Install)
            .where(Install.id == install_id, Install.backed_up_through < last)
            .values(backed_up_through=case((Install.item_count < last, Install.item_count), else_=last))
        )
