"""Photographs that are said to be here against the photo rows and the bytes in the store."""

import secrets
from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from photo_store import BlobMissing, BlobStore, original_key
from photo_store.fingerprint import digest
from server.current import node_name
from server.db import read
from server.evidence.models import Evidence, Photo
from server.gateway.truth.finding import Finding, Step

_ROWS_AT_ONCE = 1000
_BLOBS_AT_ONCE = 100
# The hashes are evenly spread: the photographs behind a random one are a fair sample.
SAMPLE = 200


def recorded(session: Session, after: UUID | None) -> Step:
    """Check that every photograph that is present as evidence has its row."""
    chosen = (
        select(Evidence.id, Evidence.install_id, Evidence.sha256, Evidence.present_at, Photo.sha256.label("photo"))
        .outerjoin(Photo, Photo.sha256 == Evidence.sha256)
        .order_by(Evidence.id)
        .limit(_ROWS_AT_ONCE)
    )
    rows = session.execute(chosen if after is None else chosen.where(Evidence.id > after)).all()
    findings = [
        Finding("photo-row-missing", "photo_lost", f"photo:{row.sha256}", f"evidence {row.id} says it is here")
        for row in rows
        if row.present_at is not None and row.photo is None
    ]
    return Step(findings, len(rows), rows[-1].id if len(rows) == _ROWS_AT_ONCE else None)


def stored(store: BlobStore, *, deep: bool) -> Callable[[Any], Step]:
    """Return the step that reads originals to their end: all with ``deep``, else a sample."""

    def step(after: tuple[str, int] | None) -> Step:
        begin, looked = after or (("" if deep else secrets.token_hex(32)), 0)
        rows = read(_after, begin)
        findings = [finding for sha256, size in rows if (finding := _examined(store, sha256, size))]
        looked += len(rows)
        done = len(rows) < _BLOBS_AT_ONCE or (not deep and looked >= SAMPLE)
        return Step(findings, len(rows), None if done else (rows[-1][0], looked))

    return step


def _after(session: Session, begin: str) -> list[tuple[str, int]]:
    # What waits on another machine for the store can only be read there.
    readable = or_(Photo.durability == "stored", Photo.node == node_name())
    kept = Photo.disposed_at.is_(None), Photo.deleting_at.is_(None), readable
    rows = session.execute(
        select(Photo.sha256, Photo.size).where(Photo.sha256 > begin, *kept).order_by(Photo.sha256).limit(_BLOBS_AT_ONCE)
    )
    return [(row.sha256, row.size) for row in rows]


def _examined(store: BlobStore, sha256: str, size: int) -> Finding | None:
    subject = f"photo:{sha256}"
    try:
        with store.open(original_key(sha256)) as original:
            found = digest(original)
    except BlobMissing:
        return Finding("original-missing", "photo_lost", subject, "the store has no original")
    if found.sha256 != sha256:
        return Finding("original-altered", "photo_lost", subject, f"the store's bytes have the hash {found.sha256}")
    if found.size != size:
        return Finding("original-size", "photo_lost", subject, f"{found.size} bytes, recorded {size}")
    return None
