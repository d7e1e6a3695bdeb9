"""Reads of the pool for desks: photographs that no item has declared, and those that came as other bytes.

Each row belongs to the agency of the install that sent it; what nobody sent (adopted bytes) to the root's desks.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, or_, select, tuple_
from sqlalchemy.orm import Session

from server.clock import now
from server.evidence.models import Evidence, Photo, Upload
from server.evidence.pool import GRACE
from server.identity.models import Agency, Install, Officer
from server.identity.scope import agencies_in
from server.keyset import Page, cut, decode
from server.problems import Problem, _


@dataclass(frozen=True)
class UnattachedPhoto:
    """A photograph in the store that no item has declared. ``state``: waiting, condemned or deleting.

    ``since`` is when somebody last brought or asked for it; ``ends_after`` is the earliest end of its next step.
    """

    sha256: str
    size: int
    media_type: str
    state: str
    received_at: datetime
    since: datetime
    age_days: int
    ends_after: datetime
    install_id: UUID | None
    handset: str | None
    officer_id: UUID | None
    officer: str | None


@dataclass(frozen=True)
class WaitingEvidence:
    """A piece of evidence that waits for bytes which came as others."""

    evidence_id: UUID
    owner_kind: str
    owner_id: UUID
    item_id: UUID
    role: str


@dataclass(frozen=True)
class MismatchedPhoto:
    """Bytes that a handset sent twice under a hash that is not theirs, and the evidence that waits for that hash."""

    upload_id: UUID
    declared_sha256: str
    sha256: str
    size: int
    at: datetime
    install_id: UUID
    handset: str
    officer_id: UUID
    officer: str
    waiting: tuple[WaitingEvidence, ...]


def unattached(
    session: Session, scope: tuple[str, ...], unattached_for: timedelta, *, after: str | None = None, limit: int = 50
) -> Page[UnattachedPhoto]:
    """Return the pool, oldest arrival first; ``unattached_for`` is how long a photograph stays before its end."""
    chosen = (
        select(Photo, Install, Officer.name)
        .outerjoin(Install, Install.id == Photo.first_install_id)
        .outerjoin(Officer, Officer.id == Install.officer_id)
        .where(Photo.attached_at.is_(None), Photo.disposed_at.is_(None), _in_scope(scope))
        .order_by(Photo.received_at, Photo.sha256)
        .limit(limit + 1)
    )
    if after is not None:
        chosen = chosen.where(tuple_(Photo.received_at, Photo.sha256) > tuple_(*_place(after)))
    rows = session.execute(chosen).all()
    shown = tuple(_unattached_photo(row, unattached_for) for row in rows[:limit])
    return Page(shown, _cursor(shown[-1]) if len(rows) > limit else None)


def mismatched(
    session: Session, scope: tuple[str, ...], *, after: str | None = None, limit: int = 50
) -> Page[MismatchedPhoto]:
    """Return bytes that were kept under another hash than declared, newest first."""
    chosen = (
        select(Upload, Install.label, Install.officer_id, Officer.name)
        .join(Install, Install.id == Upload.install_id)
        .join(Officer, Officer.id == Install.officer_id)
        .where(
            Upload.declared_sha256.is_not(None),
            Upload.state == "complete",
            Install.agency_id.in_(agencies_in(scope)),
        )
        .order_by(Upload.id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        chosen = chosen.where(Upload.id < decode(after))
    rows = session.execute(chosen).all()
    waiting = _waiting(session, [row[0] for row in rows[:limit]])
    return cut(rows, limit, lambda row: row[0].id, lambda row: _mismatched_photo(row, waiting))


def _in_scope(scope: tuple[str, ...]) -> ColumnElement[bool]:
    own = agencies_in(scope)
    roots = select(Agency.id).where(Agency.parent_id.is_(None), Agency.id.in_(own))
    return or_(Install.agency_id.in_(own), and_(Photo.first_install_id.is_(None), roots.exists()))


def _unattached_photo(row: Row[Photo, Install | None, str | None], unattached_for: timedelta) -> UnattachedPhoto:
    photo, install, officer = row
    since = photo.asked_at or photo.received_at
    state = "deleting" if photo.deleting_at else "condemned" if photo.condemned_at else "waiting"
    return UnattachedPhoto(
        sha256=photo.sha256,
        size=photo.size,
        media_type=photo.media_type,
        state=state,
        received_at=photo.received_at,
        since=since,
        age_days=(now() - photo.received_at).days,
        ends_after=since + unattached_for if photo.condemned_at is None else photo.condemned_at + GRACE,
        install_id=photo.first_install_id,
        handset=install.label if install else None,
        officer_id=install.officer_id if install else None,
        officer=officer,
    )


def _waiting(session: Session, uploads: list[Upload]) -> dict[tuple[UUID, str], list[WaitingEvidence]]:
    """Return what waits for the declared hashes of these uploads, by install and hash."""
    wanted = [(upload.install_id, upload.declared_sha256) for upload in uploads]
    rows = session.scalars(
        select(Evidence)
        .where(tuple_(Evidence.install_id, Evidence.sha256).in_(wanted), Evidence.present_at.is_(None))
        .order_by(Evidence.id)
    )
    found: dict[tuple[UUID, str], list[WaitingEvidence]] = {}
    for row in rows:
        waits = WaitingEvidence(row.id, row.owner_kind, row.owner_id, row.item_id, row.role)
        found.setdefault((row.install_id, row.sha256), []).append(waits)
    return found


def _mismatched_photo(
    row: Row[Upload, str, UUID, str], waiting: dict[tuple[UUID, str], list[WaitingEvidence]]
) -> MismatchedPhoto:
    upload, handset, officer_id, officer = row
    declared = str(upload.declared_sha256)
    return MismatchedPhoto(
        upload_id=upload.id,
        declared_sha256=declared,
        sha256=str(upload.sha256),
        size=upload.length,
        at=upload.completed_at or upload.created_at,
        install_id=upload.install_id,
        handset=handset,
        officer_id=officer_id,
        officer=officer,
        waiting=tuple(waiting.get((upload.install_id, declared), ())),
    )


def _cursor(last: UnattachedPhoto) -> str:
    text = f"{last.received_at.isoformat()} {last.sha256}"
    return base64.urlsafe_b64encode(text.encode("ascii")).decode("ascii").rstrip("=")


def _place(cursor: str) -> tuple[datetime, str]:
    try:
        received_at, sha256 = base64.urlsafe_b64decode(cursor.encode("ascii") + b"==").decode("ascii").split(" ")
        moment = datetime.fromisoformat(received_at).astimezone(UTC)
    except (ValueError, binascii.Error) as error:
        raise Problem("validation", errors={"after": [_("Must be a cursor from a previous page's next.")]}) from error
    return moment, sha256
