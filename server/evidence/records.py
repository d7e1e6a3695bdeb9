"""Frozen records of evidence as readers get them, and the one select that fills them. No verbs."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select

from server.evidence.models import Evidence, Photo


@dataclass(frozen=True)
class PhotoRecord:
    """An original in the store. ``facts`` is what the file says of itself (time, place, device), not the truth.

    ``width`` and ``height`` are those of the stored pixels, before ``facts["orientation"]`` is applied.
    """

    sha256: str
    size: int
    media_type: str
    width: int
    height: int
    facts: dict[str, Any]
    received_at: datetime
    derived_recipe: str | None
    derive_error: str | None


@dataclass(frozen=True)
class EvidenceRecord:
    """One declared photograph of an owner; ``photo`` is None while its bytes are on their way."""

    id: UUID
    agency_id: UUID
    owner_kind: str
    owner_id: UUID
    task_id: UUID | None
    item_id: UUID
    position: int
    sha256: str
    declared_size: int | None
    stage: str
    role: str
    source: str | None
    scheme: str
    category_code: str
    squad_id: UUID | None
    officer_id: UUID
    install_id: UUID
    capacity: str
    captured_at: datetime | None
    captured_at_corrected: datetime | None
    expected_at: datetime
    present_at: datetime | None
    review_state: str
    review_reason: str | None
    reviewer_id: UUID | None
    reviewed_at: datetime | None
    version: str
    photo: PhotoRecord | None


def evidence_rows() -> Select[Evidence, Photo | None]:
    """Select evidence with its photograph, if it has arrived."""
    return select(Evidence, Photo).outerjoin(Photo, Photo.sha256 == Evidence.sha256)


def evidence_record(row: Row[Evidence, Photo | None]) -> EvidenceRecord:
    """Return the record of one row of :func:`evidence_rows`."""
    evidence, photo = row
    shown = None if photo is None or evidence.present_at is None else photo_record(photo)
    columns = {name: getattr(evidence, name) for name in _COLUMNS}
    return EvidenceRecord(**columns, photo=shown)


def photo_record(photo: Photo) -> PhotoRecord:
    """Return the record of a photograph."""
    return PhotoRecord(
        sha256=photo.sha256,
        size=photo.size,
        media_type=photo.media_type,
        width=photo.width,
        height=photo.height,
        facts=json.loads(photo.facts),
        received_at=photo.received_at,
        derived_recipe=photo.derived_recipe,
        derive_error=photo.derive_error,
    )


_COLUMNS = [name for name in EvidenceRecord.__dataclass_fields__ if name != "photo"]
