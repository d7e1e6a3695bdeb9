"""The database side of the upload ledger (photo_store.ledger): plain operations, one transaction each.

The gateway binds them to photo_store's port. They know no bytes: a segment's file is durable before its row.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import and_, delete, exists, not_, or_, select
from sqlalchemy.orm import Session

from photo_store.inspect_image import ImageFacts
from photo_store.ledger import Segment, UploadState
from photo_store.upload_errors import OffsetMismatch, UploadUnknown
from server.base import uuid7
from server.clock import now
from server.evidence.models import Evidence, Photo, Upload, UploadSegment
from server.evidence.operations import OwnerKey, arrive
from server.evidence.pool import demand_kept
from server.evidence.presence import is_here
from server.evidence.upload_statements import (
    ADVANCE,
    COMPLETE,
    NEW,
    NEW_SEGMENT,
    OWNER,
    RAISE_FENCE,
    RAISE_FENCE_AT,
    SENDER,
    SENT,
    STATE,
)
from server.ledger.alarms import raise_alarm
from server.ledger.operations import Doer, record

# A handset that lost the last answer asks again this long.
KEPT_AFTER_COMPLETION = timedelta(days=7)

_Status = Literal["open", "complete", "failed"]
_STATUSES: dict[str, _Status] = {"open": "open", "complete": "complete", "failed": "failed"}


def create_upload(
    session: Session,
    install_id: UUID,
    sha256: str | None,
    length: int,
    expires_at: datetime,
    *,
    again: bool = False,
    node: str | None = None,
) -> UploadState:
    """Open an upload on machine ``node``, or return the finished one if this install sent these very bytes before.

    A finished upload answers with offset = length at once, so a handset that lost the last answer sends nothing
    twice. Another install's upload never counts: knowing a hash proves nothing. ``again``: the store has lost them.
    Raises BlobUnavailable while the photograph of this hash is being deleted.
    """
    if sha256 is not None:
        # From here to the commit nobody marks it for deletion; after it the open upload says so.
        demand_kept(session, sha256)
        finished = None if again else _finished(session, install_id, sha256, length)
        if finished is not None:
            finished.expires_at = max(finished.expires_at, expires_at)
            session.flush()
            return _as_state(finished)
    upload_id = uuid7()
    upload = {"id": upload_id, "install_id": install_id, "sha256": sha256, "length": length, "node": node}
    session.execute(NEW, {**upload, "created_at": now(), "expires_at": expires_at})
    return UploadState(str(upload_id), length, 0, 0, sha256, "open")


def _finished(session: Session, install_id: UUID, sha256: str, length: int) -> Upload | None:
    """Return the finished upload of these bytes by this install: under their hash, or under the one it declared twice.

    Only while it need not send them again: the photograph is here (or lawfully gone), and none of its items waits.
    """
    if session.scalar(SENT, {"install": install_id, "hash": sha256}) is None:
        return None
    waits = exists().where(Evidence.install_id == install_id, Evidence.sha256 == sha256, Evidence.present_at.is_(None))
    finished = (
        select(Upload)
        .join(Photo, Photo.sha256 == Upload.sha256)
        .where(
            Upload.install_id == install_id,
            or_(Upload.declared_sha256 == sha256, and_(Upload.sha256 == sha256, not_(waits))),
            Upload.state == "complete",
            Upload.length == length,
            or_(is_here(now()), Photo.disposed_at.is_not(None)),
        )
        .order_by(Upload.id)
        .limit(1)
        .with_for_update(of=Upload)
    )
    return session.scalars(finished).one_or_none()


def owner_of(session: Session, upload_id: str) -> tuple[UUID, datetime]:
    """Return the install that opened the upload, and when the upload expires; raises UploadUnknown."""
    row = session.execute(OWNER, _alive(upload_id)).one_or_none()
    if row is None:
        raise UploadUnknown(upload_id)
    return row.install_id, row.expires_at


def state(session: Session, upload_id: str) -> UploadState:
    """See photo_store.ledger.UploadLedger.state."""
    row = session.execute(STATE, _alive(upload_id)).one_or_none()
    if row is None:
        raise UploadUnknown(upload_id)
    return _as_state(row)


def raise_fence(session: Session, upload_id: str, *, at_offset: int | None) -> UploadState:
    """See photo_store.ledger.UploadLedger.raise_fence."""
    # Almost always this one statement; no row is loaded.
    if at_offset is None:
        row = session.execute(RAISE_FENCE, _alive(upload_id)).one_or_none()
    else:
        row = session.execute(RAISE_FENCE_AT, {**_alive(upload_id), "at": at_offset}).one_or_none()
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
    moved = {**_alive(upload_id), "begun": start, "reached": start + length, "held": fence}
    if session.execute(ADVANCE, moved).one_or_none() is None:
        _live(session, upload_id)
        return False
    row = {"upload_id": _id(upload_id), "start": start, "length": length, "name": segment}
    session.execute(NEW_SEGMENT, row)
    return True


def segments(session: Session, upload_id: str) -> Sequence[Segment]:
    """See photo_store.ledger.UploadLedger.segments."""
    rows = session.scalars(
        select(UploadSegment)
        .where(UploadSegment.upload_id == _live(session, upload_id).id)
        .order_by(UploadSegment.start)
    )
    return tuple(Segment(row.name, row.start, row.length) for row in rows)


def refused_before(session: Session, upload_id: str, sha256: str) -> bool:
    """See photo_store.ledger.UploadLedger.refused_before."""
    upload = _live(session, upload_id)
    declared = upload.declared_sha256 or upload.sha256
    known = exists().where(
        Upload.declared_sha256 == declared,
        Upload.install_id == upload.install_id,
        Upload.sha256 == sha256,
        Upload.id != upload.id,
    )
    return declared is not None and bool(session.scalar(select(known)))


def claim(session: Session, upload_id: str, *, sha256: str, fence: int) -> bool:
    """See photo_store.ledger.UploadLedger.claim; the caller asks :func:`demand_kept` once more after the commit."""
    upload = _live(session, upload_id, lock=True)
    if upload.state != "open" or upload.fence != fence:
        return False
    _name(upload, sha256)
    session.flush()
    demand_kept(session, sha256)
    return True


def complete(
    session: Session,
    upload_id: str,
    *,
    sha256: str,
    image: ImageFacts,
    fence: int,
    node: str | None = None,
    kept: timedelta = KEPT_AFTER_COMPLETION,
) -> frozenset[OwnerKey] | None:
    """Finish an upload whose bytes are in the store: upload, photo and evidence in one transaction.

    ``node``: the machine in whose spool alone they lie; ``kept``: how long the upload still answers. Returns the
    owners whose evidence became present, or None if another writer holds the fence (the port's False).
    """
    moment = now()
    facts = {"upload": _id(upload_id), "moment": moment, "kept": moment + kept, "hash": sha256, "held": fence}
    upload = session.execute(COMPLETE, facts).one_or_none()
    if upload is None:
        _live(session, upload_id)
        return None
    sender = session.execute(SENDER, {"install": upload.install_id}).one()
    doer = Doer(sender.agency_id, sender.officer_id, upload.install_id)
    owners = arrive(session, sha256, image, doer, node=node)
    if upload.declared_sha256 is not None:
        _flag(session, upload_id, upload.declared_sha256, sha256, doer)
    return owners


def _name(upload: Upload, sha256: str) -> None:
    """Give an upload its true hash and keep the declared one where that is another."""
    if upload.sha256 not in {None, sha256}:
        upload.declared_sha256 = upload.sha256
    upload.sha256 = sha256


def _flag(session: Session, upload_id: str, declared: str, sha256: str, doer: Doer) -> None:
    """Put bytes that are not the declared ones, and that came twice, before a person."""
    facts = {"declared_sha256": declared, "install_id": str(doer.install_id), "upload": upload_id}
    record(session, "mismatched", ("photo", sha256), doer, facts)
    raise_alarm(session, "photo_mismatched", f"photo:{sha256}", facts)


def fail(session: Session, upload_id: str, *, reason: str, found: str | None = None) -> None:
    """See photo_store.ledger.UploadLedger.fail."""
    upload = _live(session, upload_id, lock=True)
    if upload.state == "open":
        upload.state = "failed"
        upload.failure = reason
        if found is not None:
            _name(upload, found)
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


def _alive(upload_id: str) -> dict[str, Any]:
    """Return what the statements bind that find an upload which has not expired."""
    return {"upload": _id(upload_id), "moment": now()}


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
