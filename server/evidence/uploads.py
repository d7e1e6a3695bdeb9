"""The database side of the upload ledger (photo_store.ledger): plain operations, one transaction each.

The gateway binds them to photo_store's port. They know no bytes: a segment's file is durable before its row.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from photo_store.inspect_image import ImageFacts
from photo_store.ledger import Segment, UploadState
from photo_store.upload_errors import OffsetMismatch, UploadUnknown
from server.clock import now
from server.evidence.models import Upload, UploadSegment
from server.evidence.operations import OwnerKey, arrive
from server.identity.models import Install
from server.ledger.operations import Doer

_STATUSES: dict[str, Literal["open", "complete", "failed"]] = {
    "open": "open",
    "complete": "complete",
    "failed": "failed",
}

_COLUMNS = (Upload.id, Upload.length, Upload.offset_, Upload.fence, Upload.sha256, Upload.state)


def create_upload(
    session: Session, install_id: UUID, sha256: str | None, length: int, expires_at: datetime, *, again: bool = False
) -> UUID:
    """Open an upload, or return the finished one if this install sent these very bytes before (unless ``again``).

    A finished upload answers with offset = length at once, so a handset that lost the last answer sends nothing
    twice. Another install's upload never counts: knowing a hash proves nothing.
    """
    if sha256 is not None and not again:
        finished = session.scalars(
            select(Upload)
            .where(
                Upload.install_id == install_id,
                Upload.sha256 == sha256,
                Upload.state == "complete",
                Upload.length == length,
            )
            .order_by(Upload.id)
            .limit(1)
            .with_for_update()
        ).one_or_none()
        if finished is not None:
            finished.expires_at = max(finished.expires_at, expires_at)
            session.flush()
            return finished.id
    upload = Upload(install_id=install_id, sha256=sha256, length=length, created_at=now(), expires_at=expires_at)
    session.add(upload)
    session.flush()
    return upload.id


def owner_of(session: Session, upload_id: str) -> tuple[UUID, datetime]:
    """Return the install that opened the upload, and when the upload expires; raises UploadUnknown."""
    wanted = select(Upload.install_id, Upload.expires_at)
    row = session.execute(wanted.where(Upload.id == _id(upload_id), Upload.expires_at > now())).one_or_none()
    if row is None:
        raise UploadUnknown(upload_id)
    return row.install_id, row.expires_at


def state(session: Session, upload_id: str) -> UploadState:
    """See photo_store.ledger.UploadLedger.state."""
    wanted = select(*_COLUMNS).where(Upload.id == _id(upload_id), Upload.expires_at > now())
    row = session.execute(wanted).one_or_none()
    if row is None:
        raise UploadUnknown(upload_id)
    return _as_state(row)


def raise_fence(session: Session, upload_id: str, *, at_offset: int | None) -> UploadState:
    """See photo_store.ledger.UploadLedger.raise_fence."""
    raised = update(Upload).where(Upload.id == _id(upload_id), Upload.state == "open", Upload.expires_at > now())
    if at_offset is not None:
        raised = raised.where(Upload.offset_ == at_offset)
    # Almost always this one statement; no row is loaded.
    row = session.execute(
        raised.values(fence=Upload.fence + 1).returning(*_COLUMNS).execution_options(synchronize_session=False)
    ).one_or_none()
    if row is not None:
        return _as_state(row)
    upload = _live(session, upload_id, lock=True)
    if at_offset not in (None, upload.offset_):
        raise OffsetMismatch(_as_state(upload))
    if upload.state == "open":
        upload.fence += 1
        session.flush()
    return _as_state(upload)


def add_segment(session: Session, upload_id: str, *, segment: str, start: int, length: int, fence: int) -> bool:
    """See photo_store.ledger.UploadLedger.add_segment."""
    # The hottest write of the system: one compare-and-set and one insert, no row is loaded.
    row_id = _id(upload_id)
    moved = session.execute(
        update(Upload)
        .where(Upload.id == row_id, Upload.state == "open", Upload.offset_ == start, Upload.fence == fence)
        .where(Upload.expires_at > now())
        .values(offset_=start + length)
        .returning(Upload.id)
        .execution_options(synchronize_session=False)
    )
    if moved.one_or_none() is None:
        _live(session, upload_id)
        return False
    session.execute(insert(UploadSegment).values(upload_id=row_id, start=start, length=length, name=segment))
    return True


def segments(session: Session, upload_id: str) -> Sequence[Segment]:
    """See photo_store.ledger.UploadLedger.segments."""
    rows = session.scalars(
        select(UploadSegment)
        .where(UploadSegment.upload_id == _live(session, upload_id).id)
        .order_by(UploadSegment.start)
    )
    return tuple(Segment(row.name, row.start, row.length) for row in rows)


def complete(
    session: Session, upload_id: str, *, sha256: str, image: ImageFacts, fence: int
) -> frozenset[OwnerKey] | None:
    """Finish an upload whose bytes are in the store: upload, photo and evidence in one transaction.

    Returns the owners whose evidence became present, or None if another writer holds the fence (the port's False).
    """
    upload = _live(session, upload_id, lock=True)
    if upload.state != "open" or upload.fence != fence:
        return None
    upload.state = "complete"
    upload.offset_ = upload.length
    upload.sha256 = sha256
    upload.completed_at = now()
    session.flush()
    sender = session.execute(select(Install.agency_id, Install.officer_id).where(Install.id == upload.install_id)).one()
    return arrive(session, sha256, image, Doer(sender.agency_id, sender.officer_id, upload.install_id))


def fail(session: Session, upload_id: str, *, reason: str) -> None:
    """See photo_store.ledger.UploadLedger.fail."""
    upload = _live(session, upload_id, lock=True)
    if upload.state == "open":
        upload.state = "failed"
        upload.failure = reason
        session.flush()


def forget_expired(session: Session, before: datetime) -> None:
    """Delete what is left of the uploads that expired before then, but for the rows of the complete ones.

    Those rows say for ever which install sent which bytes (see create_upload).
    """
    gone = select(Upload.id).where(Upload.expires_at < before)
    session.execute(delete(UploadSegment).where(UploadSegment.upload_id.in_(gone)))
    session.execute(delete(Upload).where(Upload.expires_at < before, Upload.state != "complete"))


def _id(upload_id: str) -> UUID:
    try:
        return UUID(upload_id)
    except ValueError:
        raise UploadUnknown(upload_id) from None


def _live(session: Session, upload_id: str, *, lock: bool = False) -> Upload:
    wanted = select(Upload).where(Upload.id == _id(upload_id), Upload.expires_at > now())
    if lock:
        wanted = wanted.with_for_update()
    upload = session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()
    if upload is None:
        raise UploadUnknown(upload_id)
    return upload


def _as_state(upload: Any) -> UploadState:  # noqa: ANN401 (the model or a row of _COLUMNS)
    return UploadState(
        str(upload.id), upload.length, upload.offset_, upload.fence, upload.sha256, _STATUSES[upload.state]
    )
