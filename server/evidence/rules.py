"""Rules of evidence: stages, roles, verdicts, and the facts with which a photograph is declared. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from server.geography.crs import canonical
from server.problems import Problem, _

# A worker can be stopped in the middle for reasons of its own; a decoder that died twice did so for the picture.
MOST_DERIVE_ATTEMPTS = 4
MOST_LOST_DECODES = 2
# What photographs belong to, and for how many whole years after its end they may be ordered to be kept.
OWNER_KINDS = ("case",)
LEAST_YEARS, MOST_YEARS = 1, 100


class Stage(StrEnum):
    """At which stage of a case's life the photograph was taken."""

    REPORT = "report"
    DISPOSAL = "disposal"
    CHECK = "check"


# The stage of what is photographed for a task, by the task's kind.
STAGE_OF_TASK = {
    "pre_filing_verification": Stage.REPORT,
    "disposal": Stage.DISPOSAL,
    "disposal_check": Stage.CHECK,
    "revisit": Stage.CHECK,
}
# Where one item shows a problem and its end: the stage of its photographs by role; others show the problem.
STAGE_ON_THE_SPOT = {"after": Stage.DISPOSAL, "check": Stage.CHECK}


# The view that shows most of the place is the best partner of an after-photograph.
PARTNER_RANK = {"before": 0, "far": 1, "near": 2, "reference": 3}


class Verdict(StrEnum):
    """What a reviewer may say; ``unreviewed`` takes the last word back."""

    UNREVIEWED = "unreviewed"
    ACCEPTED = "accepted"
    RETURNED = "returned"


@dataclass(frozen=True)
class DeclaredPhoto:
    """One photograph as its item declares it: the bytes with this hash (64 lower-case hex) will come or came.

    ``stage`` is None where the item as a whole has one.
    """

    role: str
    sha256: str
    size: int | None = None
    media_type: str | None = None
    source: str | None = None
    stage: Stage | None = None


@dataclass(frozen=True)
class Owner:
    """What a photograph is evidence for, with the columns that the gallery pages and filters by."""

    kind: str
    id: UUID
    agency_id: UUID
    scheme: str
    category_code: str
    squad_id: UUID | None = None


@dataclass(frozen=True)
class Fix:
    """Where the handset says that it was: CGCS2000 degrees, and how far off it may be in metres (None: not said)."""

    lon: float
    lat: float
    accuracy_m: float | None = None


def fix_of(position: Mapping[str, Any] | None) -> Fix | None:
    """Return the fix that an item's ``position`` {lon, lat, crs, accuracy_m} claims, None where none is claimed.

    In its canonical form, so that it compares with other places: the shifted systems of map services (gcj02, bd09) are
    hundreds of metres off. The numbers as received stay in the item's signed text.
    """
    if position is None:
        return None
    lon, lat = canonical(position["lon"], position["lat"], position["crs"])
    return Fix(lon, lat, position["accuracy_m"])


@dataclass(frozen=True)
class Capture:
    """Which item brought the photographs, who took them in which capacity, when and where.

    ``certainty`` is that of the corrected time: exact, estimated, contradicted or unknown. ``fingerprint`` is the
    SHA-256 of the item's signed text, in hex: the custody record names the very text that declared them.
    """

    item_id: UUID
    stage: Stage
    officer_id: UUID
    install_id: UUID
    capacity: str
    task_id: UUID | None = None
    captured_at: datetime | None = None
    captured_at_corrected: datetime | None = None
    certainty: str | None = None
    fix: Fix | None = None
    fingerprint: str | None = None


def check_verdict(verdict: str, reason: str | None) -> tuple[Verdict, str | None]:
    """Return the verdict and its cleaned reason; returning needs a written reason, which only it keeps."""
    if verdict not in set(Verdict):
        raise Problem("validation", errors={"verdict": [f"Must be one of: {', '.join(Verdict)}."]})
    written = (reason or "").strip()
    if verdict == Verdict.RETURNED and not written:
        raise Problem("validation", errors={"reason": [_("Returning a photograph needs a written reason.")]})
    return Verdict(verdict), written if verdict == Verdict.RETURNED else None
