"""What the field says later about what it said before, and about itself: photographs, corrections, shifts, tracks.

Frozen arguments and answers of casework's operations. Pure. Degrees in the coordinate system that ``crs`` names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from server.evidence.rules import DeclaredPhoto, Fix


@dataclass(frozen=True)
class Addition:
    """Photographs for a case, a task or an earlier report of the same install: exactly one of the three ids."""

    item_id: UUID
    case_id: UUID | None
    task_id: UUID | None
    report_id: UUID | None
    note: str | None
    photos: tuple[DeclaredPhoto, ...]
    captured_at: datetime | None
    captured_at_corrected: datetime | None
    captured_certainty: str | None = None
    fix: Fix | None = None
    fingerprint: str | None = None


@dataclass(frozen=True)
class Added:
    """The case that photographs were added to, and the hashes whose bytes are not here yet."""

    case_id: UUID
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Correction:
    """A later word on a report, or on an earlier correction of it, by (item id, fingerprint).

    ``changes`` has any of ``description`` (text), ``category`` {scheme, code}, ``position`` {lon, lat, crs,
    accuracy_m}.
    """

    item_id: UUID
    target_item_id: UUID
    target_fingerprint: str
    changes: Mapping[str, Any]
    reason: str | None
    captured_at_corrected: datetime | None


@dataclass(frozen=True)
class Amended:
    """Whether a correction counts (False once the case was filed), and the case it is about."""

    case_id: UUID
    effective: bool


@dataclass(frozen=True)
class ClockPunch:
    """An officer's word on beginning (``in``) or ending (``out``) work; place as received, if the handset knew it."""

    item_id: UUID
    action: str
    lon: float | None
    lat: float | None
    crs: str | None
    captured_at: datetime | None
    captured_at_corrected: datetime | None


@dataclass(frozen=True)
class Walk:
    """Where an officer on shift went: at most 120 points as the handset wrote them."""

    item_id: UUID
    crs: str
    points: tuple[Mapping[str, Any], ...]
    captured_at_corrected: datetime | None


class UnknownReport(Exception):
    """No effect of such an item of this install is known here (yet)."""

    def __init__(self, item_id: UUID) -> None:
        super().__init__(str(item_id))
        self.item_id = item_id
