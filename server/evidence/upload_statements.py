"""The statements of the upload ledger, built once: building one takes longer than SQLite takes to run it."""

from sqlalchemy import BigInteger, Integer, Text, Uuid, bindparam, case, insert, or_, select, update

from server.base import UtcDateTime, table_of
from server.evidence.models import Upload, UploadSegment
from server.identity.models import Install

_upload = table_of(Upload).c
_ID, _INSTALL = bindparam("upload", type_=Uuid), bindparam("install", type_=Uuid)
_HASH, _FENCE = bindparam("hash", type_=Text), bindparam("held", type_=Integer)
_MOMENT, _KEPT = bindparam("moment", type_=UtcDateTime), bindparam("kept", type_=UtcDateTime)
# The members of photo_store.ledger.UploadState, in their order.
_STATE_COLUMNS = (_upload.id, _upload.length, _upload.offset_, _upload.fence, _upload.sha256, _upload.state)
_ALIVE = _upload.id == _ID, _upload.expires_at > _MOMENT
_OPEN = *_ALIVE, _upload.state == "open"

NEW = insert(table_of(Upload))
NEW_SEGMENT = insert(table_of(UploadSegment))
STATE = select(*_STATE_COLUMNS).where(*_ALIVE)
OWNER = select(_upload.install_id, _upload.expires_at).where(*_ALIVE)
SENT = (
    select(_upload.id)
    .where(_upload.install_id == _INSTALL, _upload.state == "complete")
    .where(or_(_upload.sha256 == _HASH, _upload.declared_sha256 == _HASH))
    .limit(1)
)
SENDER = select(Install.agency_id, Install.officer_id).where(Install.id == _INSTALL)
RAISE_FENCE = update(table_of(Upload)).where(*_OPEN).values(fence=_upload.fence + 1).returning(*_STATE_COLUMNS)
RAISE_FENCE_AT = RAISE_FENCE.where(_upload.offset_ == bindparam("at", type_=BigInteger))
ADVANCE = (
    update(table_of(Upload))
    .where(*_OPEN, _upload.offset_ == bindparam("begun", type_=BigInteger))
    .where(_upload.fence == _FENCE)
    .values(offset_=bindparam("reached", type_=BigInteger))
    .returning(_upload.id)
)
COMPLETE = (
    update(table_of(Upload))
    .where(*_OPEN, _upload.fence == _FENCE)
    .values(
        state="complete",
        offset_=_upload.length,
        completed_at=_MOMENT,
        expires_at=case((_upload.expires_at > _KEPT, _upload.expires_at), else_=_KEPT),
        sha256=_HASH,
        declared_sha256=case((_upload.sha256 != _HASH, _upload.sha256), else_=_upload.declared_sha256),
    )
    .returning(_upload.install_id, _upload.declared_sha256)
)
