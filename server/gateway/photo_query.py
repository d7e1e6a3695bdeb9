"""What a handset may know of photographs by their hashes alone, and what it need not send again.

Declaring or guessing a hash proves nothing: what others have sent is `missing` to whoever neither sent it nor sees it
rightly shown. Knows no HTTP.
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from server.casework.mirror import photo_shown
from server.clock import now
from server.db import read, transact
from server.evidence.models import Evidence, Upload
from server.evidence.pool import keep
from server.identity.models import InstallKey
from server.identity.queries import scopes_of
from server.identity.rules import Handset

MOST_HASHES = 500
_here = aliased(InstallKey)


@dataclass(frozen=True)
class Partial:
    """An open upload of the asking install and its durable offset."""

    upload_id: UUID
    offset: int


@dataclass(frozen=True)
class Known:
    """Which photographs the handset need not send, and which it has begun to; all others are missing."""

    have: frozenset[str]
    partial: dict[str, Partial]


def query_photos(asking: Handset, hashes: Collection[str]) -> Known:
    """Return what the handset may know; what it need not send is kept alive by the asking."""
    granted, partial = read(_granted_and_partial, asking, set(hashes))
    have = transact(keep, granted) if granted else set()
    return Known(frozenset(have), {sha256: begun for sha256, begun in partial.items() if sha256 not in have})


def _granted_and_partial(session: Session, asking: Handset, hashes: set[str]) -> tuple[set[str], dict[str, Partial]]:
    sent = _sent(session, asking.install_id, hashes)
    granted = sent | _shown(session, asking, hashes - sent)
    return granted - _owed(session, asking.install_id, granted), _begun(session, asking.install_id, hashes)


def _sent(session: Session, install_id: UUID, hashes: set[str]) -> set[str]:
    """Return what this install, or another one with a key of one of its officers, has sent completely."""
    own = select(InstallKey.install_id).where(
        InstallKey.officer_id.in_(select(_here.officer_id).where(_here.install_id == install_id))
    )
    rows = session.scalars(
        select(Upload.sha256).where(Upload.sha256.in_(hashes), Upload.state == "complete", Upload.install_id.in_(own))
    )
    return {sha256 for sha256 in rows if sha256 is not None}


def _shown(session: Session, asking: Handset, hashes: set[str]) -> set[str]:
    """Return what a case or task shows that the officer on duty sees at this moment."""
    if asking.revoked or asking.session_over or not hashes:
        return set()
    present = session.scalars(
        select(Evidence.sha256).where(Evidence.sha256.in_(hashes), Evidence.present_at.is_not(None)).distinct()
    ).all()
    scopes = scopes_of(session, asking.officer_id) if present else []
    return {sha256 for sha256 in present if photo_shown(session, scopes, sha256)}


def _owed(session: Session, install_id: UUID, hashes: set[str]) -> set[str]:
    """Return what an item of this install still waits for: only its own bytes end that, whoever has them as well."""
    rows = session.scalars(
        select(Evidence.sha256).where(
            Evidence.install_id == install_id, Evidence.sha256.in_(hashes), Evidence.present_at.is_(None)
        )
    )
    return set(rows)


def _begun(session: Session, install_id: UUID, hashes: set[str]) -> dict[str, Partial]:
    """Return this install's own open uploads, of several for one hash the furthest."""
    rows = session.execute(
        select(Upload.sha256, Upload.id, Upload.offset_)
        .where(
            Upload.install_id == install_id,
            Upload.sha256.in_(hashes),
            Upload.state == "open",
            Upload.expires_at > now(),
            Upload.declared_sha256.is_(None),
        )
        .order_by(Upload.offset_, Upload.id)
    )
    return {sha256: Partial(upload_id, offset) for sha256, upload_id, offset in rows if sha256 is not None}
