"""Rows against bytes: the reads and writes of a reconciliation (server/evidence/reconciling.py). Knows no store."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from photo_store.inspect_image import ImageFacts
from server.clock import now
from server.evidence.models import Evidence, Photo, Upload
from server.evidence.photos import add_photo
from server.evidence.pool import attach_arrived
from server.evidence.presence import MISSING, is_missing
from server.ledger.alarms import raise_alarm
from server.ledger.operations import Doer, record


@dataclass(frozen=True)
class Standing:
    """What the database knows of a blob: a row, an open upload that names it, the first install that sent it whole."""

    has_row: bool
    is_arriving: bool
    sender: UUID | None


def rows_of_prefix(session: Session, prefix: str) -> dict[str, bool]:
    """Return the photographs whose bytes the store must hold, by hash, and whether they are known to be lost."""
    rows = session.execute(
        select(Photo.sha256, Photo.damage).where(
            # Not LIKE: only this uses the key's index in every collation; no hex digit is above f.
            Photo.sha256 >= prefix,
            Photo.sha256 < f"{prefix}g",
            Photo.durability == "stored",
            Photo.deleting_at.is_(None),
            Photo.disposed_at.is_(None),
        )
    )
    return {sha256: damage == MISSING for sha256, damage in rows}


def standing_of(session: Session, sha256: str) -> Standing:
    """Return what is known of a blob that had no row a moment ago; any row counts, whatever its state."""
    arriving = exists().where(Upload.sha256 == sha256, Upload.state == "open", Upload.expires_at > now())
    sender = (
        select(Upload.install_id)
        .where(Upload.sha256 == sha256, Upload.state == "complete")
        .order_by(Upload.completed_at, Upload.id)
        .limit(1)
    )
    return Standing(
        session.get(Photo, sha256) is not None, bool(session.scalar(select(arriving))), session.scalar(sender)
    )


def note_lost(session: Session, sha256: str) -> bool:
    """Note that the store lacks the bytes of a photograph: an alarm, and handsets are asked again. False: known."""
    lost = session.execute(
        update(Photo)
        .where(
            Photo.sha256 == sha256,
            Photo.durability == "stored",
            Photo.damaged_at.is_(None),
            Photo.deleting_at.is_(None),
            Photo.disposed_at.is_(None),
        )
        .values(damaged_at=now(), damage=MISSING)
        .returning(Photo.sha256)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if lost is None:
        return False
    record(session, "lost", ("photo", sha256), Doer())
    raise_alarm(session, "photo_lost", f"photo:{sha256}", {"found_by": "reconcile"})
    return True


def note_found(session: Session, sha256: str) -> bool:
    """Note that lost bytes are back, as after they were copied from a backup. False: nobody missed them."""
    found = session.execute(
        update(Photo)
        .where(Photo.sha256 == sha256, is_missing())
        .values(damaged_at=None, damage=None)
        .returning(Photo.sha256)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if found is None:
        return False
    record(session, "found", ("photo", sha256), Doer())
    return True


def adopt(session: Session, sha256: str, image: ImageFacts, sender: UUID) -> bool:
    """Give bytes that an install has completely sent their row back. False: they are being deleted."""
    if not add_photo(session, sha256, image, sender):
        return False
    if session.scalar(select(exists().where(Evidence.sha256 == sha256, Evidence.present_at.is_not(None)))):
        attach_arrived(session, sha256)
    record(session, "adopted", ("photo", sha256), Doer(install_id=sender), {"size": image.size})
    return True
