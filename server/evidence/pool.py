"""Writes of the pool: photographs that no item has declared, from their arrival to their end or to their case.

What saves a photograph and what ends it meet at its row: whoever is second sees what the first one did. Before its
bytes are deleted it is marked under the row's lock, and not while an open upload names its hash (see `mark_deleting`).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, exists, func, not_, or_, select, update
from sqlalchemy.orm import Session

from photo_store.blobs import BlobUnavailable
from server.base import UtcDateTime, table_of
from server.clock import now
from server.evidence.likenesses import forget
from server.evidence.models import Evidence, Photo, Upload
from server.evidence.presence import NODE_SILENT, can_be_kept, is_here
from server.evidence.rules import MOST_DERIVE_ATTEMPTS
from server.identity.models import InstallReport
from server.ledger.operations import Doer, record, record_many
from server.upsert import insert

# Between being condemned and being deleted: time for whoever holds it to come back.
GRACE = timedelta(hours=24)
# A collector that has not ended a deletion after so long is dead; another takes it over.
LEASE = timedelta(hours=1)

_photo = table_of(Photo).c
# What every upload asks and says, built once: that takes longer than SQLite takes to run it.
_DELETING = select(_photo.deleting_at).where(_photo.sha256 == bindparam("hash"))
_DELETING_LOCKED = _DELETING.with_for_update(read=True)
_ATTACH = (
    update(table_of(Photo))
    .where(_photo.sha256.in_(bindparam("hashes", expanding=True)))
    .where(can_be_kept(bindparam("alive_since", type_=UtcDateTime)))
    .values(attached_at=func.coalesce(_photo.attached_at, bindparam("moment", type_=UtcDateTime)), condemned_at=None)
    .returning(_photo.sha256)
)
_ATTACHED = (
    update(table_of(Photo))
    .where(_photo.sha256 == bindparam("hash"), _photo.attached_at.is_(None))
    .values(attached_at=bindparam("moment"))
)


@dataclass(frozen=True)
class Marked:
    """A photograph whose bytes are to be deleted now, at the latest when the lease is over."""

    sha256: str
    derived_recipe: str | None
    deleting_at: datetime


def attach(session: Session, hashes: Collection[str]) -> set[str]:
    """Attach photographs to what declares them, the condemned too; return those that are here to be attached."""
    moment = now()
    asked = {"hashes": list(hashes), "moment": moment, "alive_since": moment - NODE_SILENT}
    return set(session.scalars(_ATTACH, asked))


def attach_arrived(session: Session, sha256: str) -> None:
    """Attach a photograph that has arrived in this transaction to what waited for it."""
    session.execute(_ATTACHED, {"hash": sha256, "moment": now()})


def keep(session: Session, hashes: Collection[str]) -> set[str]:
    """Keep photographs alive that somebody asks for by right; return those that are here.

    One statement: a condemned one stays so (whoever asked sends its bytes), and one that is returned was not condemned.
    """
    moment = now()
    kept = session.scalars(
        update(Photo)
        .where(Photo.sha256.in_(hashes), is_here(moment))
        .values(asked_at=moment)
        .returning(Photo.sha256)
        .execution_options(synchronize_session=False)
    )
    return set(kept)


def demand_kept(session: Session, sha256: str, *, lock: bool = True) -> None:
    """Raise BlobUnavailable while the photograph is being deleted; with ``lock`` nobody begins to before the end."""
    if session.scalar(_DELETING_LOCKED if lock else _DELETING, {"hash": sha256}) is not None:
        raise being_deleted(sha256)


def being_deleted(sha256: str) -> BlobUnavailable:
    """Return the error for whoever brings a photograph that is just being deleted: it may come in a moment."""
    return BlobUnavailable(f"{sha256} is just being deleted")


def condemnable(session: Session, unattached_since: datetime, after: str, limit: int) -> list[str]:
    """Return hashes to condemn, in their order: what nobody has declared, brought or asked for since then."""
    rows = session.scalars(
        select(Photo.sha256)
        .where(_is_forgotten(unattached_since), Photo.sha256 > after)
        .order_by(Photo.sha256)
        .limit(limit)
    )
    return list(rows)


def condemn(session: Session, hashes: Collection[str], unattached_since: datetime) -> int:
    """Condemn those that are still forgotten; return how many. One statement: whoever saves one is before or after."""
    condemned = session.scalars(
        update(Photo)
        .where(Photo.sha256.in_(hashes), _is_forgotten(unattached_since))
        .values(condemned_at=now())
        .returning(Photo.sha256)
        .execution_options(synchronize_session=False)
    ).all()
    record_many(session, "condemned", ((("photo", sha256), Doer(), {}) for sha256 in condemned))
    return len(condemned)


def _is_forgotten(since: datetime) -> ColumnElement[bool]:
    """Return the condition that nobody has declared, brought or asked for it since then, and nobody still may.

    An install that sent it and was not in touch since, or has items left, may hold its record. What came instead of
    the bytes that an item declared is for a person to look at as long as that item waits.
    """
    synchronised = exists().where(
        InstallReport.install_id == Upload.install_id,
        InstallReport.seen_at > Upload.completed_at,
        func.coalesce(InstallReport.unsent_items, 0) == 0,
    )
    waits = exists().where(
        Evidence.install_id == Upload.install_id,
        Evidence.sha256 == Upload.declared_sha256,
        Evidence.present_at.is_(None),
    )
    sent = Upload.sha256 == Photo.sha256, Upload.state == "complete"
    return and_(
        Photo.attached_at.is_(None),
        Photo.received_at < since,
        func.coalesce(Photo.asked_at, Photo.received_at) < since,
        Photo.condemned_at.is_(None),
        Photo.disposed_at.is_(None),
        Photo.durability == "stored",
        not_(exists().where(*sent, or_(not_(synchronised), waits))),
        not_(exists().where(Evidence.sha256 == Photo.sha256, Evidence.present_at.is_not(None))),
    )


def condemn_stray(session: Session, sha256: str, size: int) -> bool:
    """Put a blob that no row and no upload knows into the pool, condemned; True if it is there for this reason.

    From there the collector ends it, or whoever brings the same bytes brings it back, with its true facts.
    """
    moment = now()
    row = {
        "sha256": sha256,
        "size": size,
        "media_type": "application/octet-stream",
        "width": 0,
        "height": 0,
        "facts": "{}",
        "received_at": moment,
        "derive_attempts": MOST_DERIVE_ATTEMPTS,
        "durability": "stored",
        "condemned_at": moment,
    }
    added = insert(session, Photo).values(**row).on_conflict_do_nothing().returning(Photo.sha256)
    if session.execute(added).one_or_none() is None:
        return False
    record(session, "condemned", ("photo", sha256), Doer(), {"stray": True, "size": size})
    return True


def deletable(session: Session, condemned_before: datetime, after: str, limit: int) -> list[str]:
    """Return hashes to try to mark, in their order: condemned before then, or left half-deleted by a dead collector."""
    rows = session.scalars(
        select(Photo.sha256).where(_is_due(condemned_before), Photo.sha256 > after).order_by(Photo.sha256).limit(limit)
    )
    return list(rows)


def mark_deleting(session: Session, sha256: str, condemned_before: datetime) -> Marked | None:
    """Mark a photograph whose bytes the caller deletes next; None if it was saved, is in use, or is another's task.

    The lock first, in a statement of its own: what it waited for is only seen by the statements after it.
    """
    session.execute(select(Photo.sha256).where(Photo.sha256 == sha256).with_for_update())
    photo = session.scalars(select(Photo).where(Photo.sha256 == sha256, _is_due(condemned_before))).one_or_none()
    if photo is None:
        return None
    in_use = exists().where(Upload.sha256 == sha256, Upload.state == "open", Upload.expires_at > now())
    if session.scalar(select(in_use)):
        return None
    photo.deleting_at = now()
    session.flush()
    return Marked(sha256, photo.derived_recipe, photo.deleting_at)


def forget_deleted(session: Session, marked: Marked) -> bool:
    """Delete the row of a photograph whose bytes are gone, and its likeness; False if another took it over."""
    gone = session.execute(
        delete(Photo)
        .where(Photo.sha256 == marked.sha256, Photo.deleting_at == marked.deleting_at)
        .returning(Photo.sha256, Photo.received_at, Photo.first_install_id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if gone is None:
        return False
    forget(session, marked.sha256)
    facts: dict[str, Any] = {"received_at": gone.received_at.isoformat()}
    record(session, "collected", ("photo", marked.sha256), Doer(install_id=gone.first_install_id), facts)
    return True


def _is_due(condemned_before: datetime) -> ColumnElement[bool]:
    """Return the condition that a photograph may be marked: condemned long enough, and no living collector's task."""
    return and_(
        Photo.attached_at.is_(None),
        Photo.condemned_at < condemned_before,
        or_(Photo.deleting_at.is_(None), Photo.deleting_at < now() - LEASE),
    )
