"""The end of a disposal: rows become tombstones in one transaction, bytes go after it, as often as it takes.

Lock discipline as the collector's: under the lock of a photograph's row it is decided whether anybody else still uses
it, and `deleting_at` is set, which keeps everybody from bringing it back until its bytes are gone for sure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from server.base import new_tag
from server.clock import now
from server.evidence.disposals import DELAY
from server.evidence.holds import held, meet_owner
from server.evidence.likenesses import forget
from server.evidence.models import Disposal, Evidence, LegalHold, Photo, Redaction, Upload
from server.evidence.rules import MOST_DERIVE_ATTEMPTS
from server.ledger.custody.disposing import dispose_events
from server.ledger.operations import Doer, record


@dataclass(frozen=True)
class Executed:
    """What one disposal ended: how many photographs are to be erased, and how many others still need."""

    disposal_id: UUID
    erased: int
    shared: int


@dataclass(frozen=True)
class Erasure:
    """A photograph whose bytes are to go: its renditions by recipe, and the names of its redactions."""

    sha256: str
    deleting_at: datetime
    recipes: tuple[str, ...]
    redactions: tuple[str, ...]


def executable(session: Session, limit: int) -> list[UUID]:
    """Return approved disposals whose delay is over and which nobody holds, in the order of their approval."""
    kept = exists().where(
        LegalHold.owner_kind == Disposal.owner_kind,
        LegalHold.owner_id == Disposal.owner_id,
        LegalHold.released_at.is_(None),
    )
    rows = select(Disposal.id).where(Disposal.state == "approved", Disposal.decided_at <= now() - DELAY, ~kept)
    return list(session.scalars(rows.order_by(Disposal.decided_at, Disposal.id).limit(limit)))


def execute(session: Session, disposal_id: UUID) -> Executed | None:
    """Execute one disposal that is due; None if it is not (any more), is held, or its bytes wait on a single machine.

    Raises EventsUnnumbered for a moment after the last event about it; then nothing happened.
    """
    owner = session.execute(select(Disposal.owner_kind, Disposal.owner_id).where(Disposal.id == disposal_id)).one()
    meet_owner(session, (owner.owner_kind, owner.owner_id))
    row = session.scalars(select(Disposal).where(Disposal.id == disposal_id).with_for_update()).one()
    moment = now()
    if row.state != "approved" or row.decided_at is None or row.decided_at > moment - DELAY:
        return None
    if held(session, row.owner_kind, [row.owner_id]):
        return None
    photos = _lock_photos(session, row)
    if any(photo.durability == "spooled" for photo in photos):
        return None
    doer = Doer(row.agency_id, row.decided_by)
    _bury(session, row, doer, moment)
    unused = [photo for photo in photos if not _is_used(session, photo.sha256)]
    for photo in unused:
        _end(session, photo, doer, moment)
    row.state, row.executed_at, row.version = "executed", moment, new_tag()
    done = Executed(row.id, len(unused), len(photos) - len(unused))
    told = {"disposal_id": str(row.id), "photos": done.erased, "shared": done.shared}
    record(session, "disposed", (row.owner_kind, str(row.owner_id)), doer, told)
    session.flush()
    return done


def erasures(session: Session, limit: int) -> list[Erasure]:
    """Return photographs that were disposed of and whose bytes may still lie somewhere."""
    rows = select(Photo).where(Photo.disposed_at.is_not(None), Photo.deleting_at.is_not(None))
    photos = session.scalars(rows.order_by(Photo.disposed_at).limit(limit)).all()
    return [_erasure(session, photo) for photo in photos]


def note_erased(session: Session, done: Erasure) -> None:
    """Note that the bytes are gone: from now on somebody may bring the same ones anew, for another owner."""
    session.execute(
        update(Photo)
        .where(Photo.sha256 == done.sha256, Photo.deleting_at == done.deleting_at, Photo.disposed_at.is_not(None))
        .values(deleting_at=None, derived_recipe=None)
        .execution_options(synchronize_session=False)
    )


def _lock_photos(session: Session, row: Disposal) -> Sequence[Photo]:
    """Lock the photographs of an owner in the order of their hashes: two disposals may share some."""
    hashes = select(Evidence.sha256).where(
        Evidence.owner_kind == row.owner_kind, Evidence.owner_id == row.owner_id, Evidence.disposed_at.is_(None)
    )
    known = sorted(set(session.scalars(hashes)))
    locked = select(Photo).where(Photo.sha256.in_(known)).order_by(Photo.sha256).with_for_update()
    return session.scalars(locked.execution_options(populate_existing=True)).all()


def _bury(session: Session, row: Disposal, doer: Doer, moment: datetime) -> None:
    """Make tombstones of the owner's evidence and blank what the custody record says of it."""
    buried = session.scalars(
        update(Evidence)
        .where(Evidence.owner_kind == row.owner_kind, Evidence.owner_id == row.owner_id, Evidence.disposed_at.is_(None))
        .values(disposed_at=moment, version=new_tag())
        .returning(Evidence.id)
        .execution_options(synchronize_session=False)
    ).all()
    for evidence_id in sorted(buried):
        dispose_events(session, ("evidence", str(evidence_id)), doer, {"disposal_id": str(row.id)})


def _is_used(session: Session, sha256: str) -> bool:
    """Tell whether any owner that was not disposed of shows the photograph, or somebody is bringing it right now."""
    shown = exists().where(Evidence.sha256 == sha256, Evidence.disposed_at.is_(None))
    brought = exists().where(Upload.sha256 == sha256, Upload.state == "open", Upload.expires_at > now())
    return bool(session.scalar(select(shown | brought)))


def _end(session: Session, photo: Photo, doer: Doer, moment: datetime) -> None:
    photo.disposed_at = photo.deleting_at = moment
    photo.condemned_at = photo.condemned_at or moment
    # What the file said of itself is as personal as the picture.
    photo.facts = "{}"
    photo.derive_attempts = MOST_DERIVE_ATTEMPTS
    session.flush()
    forget(session, photo.sha256)
    dispose_events(session, ("photo", photo.sha256), doer, {})


def _erasure(session: Session, photo: Photo) -> Erasure:
    drawn = select(Redaction.id).join(Evidence, Evidence.id == Redaction.evidence_id)
    names = tuple(
        f"redacted-{redaction_id.hex}" for redaction_id in session.scalars(drawn.where(Evidence.sha256 == photo.sha256))
    )
    recipes = () if photo.derived_recipe is None else (photo.derived_recipe,)
    if photo.deleting_at is None:
        msg = f"{photo.sha256} is not being erased"
        raise ValueError(msg)
    return Erasure(photo.sha256, photo.deleting_at, recipes, names)
