"""Frozen records of evidence as readers get them, and the one select that fills them. No verbs."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import selectinload

from server.evidence.flag_rules import Flag
from server.evidence.models import Evidence, Photo


@dataclass(frozen=True)
class PhotoRecord:
    """An original in the store. ``facts`` is what the file says of itself (time, place, device), not the truth.

    ``width`` and ``height`` are those of the stored pixels, before ``facts["orientation"]`` is applied.
    ``condemned_at``: no item names it, its bytes will go; ``disposed_at``: they are lawfully gone.
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
    condemned_at: datetime | None
    disposed_at: datetime | None


@dataclass(frozen=True)
class EvidenceRecord:
    """One declared photograph of an owner; ``photo`` is None while its bytes are on their way.

    ``flags`` are what a reviewer should look at; they name no other case.
    """

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
    certainty: str | None
    lon: float | None
    lat: float | None
    accuracy_m: float | None
    expected_at: datetime
    present_at: datetime | None
    review_state: str
    review_reason: str | None
    reviewer_id: UUID | None
    reviewed_at: datetime | None
    version: str
    before_id: UUID | None
    paired_by: UUID | None
    disposed_at: datetime | None
    photo: PhotoRecord | None
    flags: tuple[Flag, ...] = ()


def evidence_rows() -> Select[Evidence, Photo | None]:
    """Select evidence with its photograph, if it has arrived."""
    return (
        select(Evidence, Photo).outerjoin(Photo, Photo.sha256 == Evidence.sha256).options(selectinload(Evidence.flags))
    )


def evidence_record(row: Row[Evidence, Photo | None]) -> EvidenceRecord:
    """Return the record of one row of :func:`evidence_rows`."""
    evidence, photo = row
    gone = evidence.present_at is None or evidence.disposed_at is not None
    shown = None if photo is None or gone else photo_record(photo)
    columns = {name: getattr(evidence, name) for name in _COLUMNS}
    flags = tuple(Flag(flag.kind, json.loads(flag.facts)) for flag in evidence.flags)
    return EvidenceRecord(**columns, photo=shown, flags=flags)


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
        condemned_at=photo.condemned_at,
        disposed_at=photo.disposed_at,
    )


_COLUMNS = [name for name in EvidenceRecord.__dataclass_fields__ if name not in {"photo", "flags"}]
