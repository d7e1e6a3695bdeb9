"""What the field tells casework: frozen arguments and answers of its operations. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from server.casework.rules import State
from server.evidence.rules import DeclaredPhoto, Fix, fix_of
from sync.uuid7 import uuid7

__all__ = ["DeclaredPhoto", "Report", "Reporter", "TaskAnswer", "TaskVerdict", "UnknownTask"]


@dataclass(frozen=True)
class Reporter:
    """The officer an item names, on the install that sent it; ``capacity`` is the role at the time of capture."""

    officer_id: UUID
    install_id: UUID
    agency_id: UUID
    squad_id: UUID | None
    capacity: str


@dataclass(frozen=True)
class Report:
    """A problem found in the street. Degrees in ``crs``; times are the handset's claim and ours.

    ``measure`` is what the officer did about it on the spot, None where the problem is still there. ``prior`` names
    the case that an earlier report of the same had opened, by its number or id.
    """

    item_id: UUID
    scheme: str
    category_code: str
    description: str
    lon: float
    lat: float
    crs: str
    accuracy_m: float | None
    captured_at: datetime | None
    captured_at_corrected: datetime | None
    source: str
    photos: tuple[DeclaredPhoto, ...]
    captured_certainty: str | None = None
    captured_uncertainty_ms: int | None = None
    # sync.uuid7.derived from install and item: known before the case exists, and the same after a restore.
    case_id: UUID = field(default_factory=uuid7)
    measure: str | None = None
    prior: str | None = None
    # SHA-256 of the item's signed text, in hex; None where no handset signed it.
    fingerprint: str | None = None

    @property
    def fix(self) -> Fix | None:
        """Return where the photographs were taken, as far as the report's position says it."""
        return fix_of({"lon": self.lon, "lat": self.lat, "crs": self.crs, "accuracy_m": self.accuracy_m})

    @property
    def state(self) -> State:
        """Return the state in which the case begins."""
        return State.REPORTED if self.measure is None else State.SELF_HANDLED

    @property
    def remark(self) -> str | None:
        """Return what the timeline's first line says beside its action: the measure, and the earlier case."""
        earlier = None if self.prior is None else f"prior ← {self.prior}"
        return "\n".join(text for text in (self.measure, earlier) if text) or None


@dataclass(frozen=True)
class TaskAnswer:
    """What a handset says about one assignment of a task; ``result`` is what a finished look found.

    ``confirmed_at`` dates a finished disposal where it counts from its capture, not from its receipt (None).
    """

    item_id: UUID
    task_id: UUID
    assignment_no: int
    event: str
    note: str | None
    result: str | None
    captured_at: datetime | None
    captured_at_corrected: datetime | None
    photos: tuple[DeclaredPhoto, ...]
    captured_certainty: str | None = None
    fix: Fix | None = None
    fingerprint: str | None = None
    confirmed_at: datetime | None = None


@dataclass(frozen=True)
class TaskVerdict:
    """Whether an answer took effect; if not, ``superseded_slug`` is the problem that says why.

    ``missing`` are the hashes of its photographs whose bytes are not here yet. A patrol is about no case.
    """

    effective: bool
    superseded_slug: str | None
    case_id: UUID | None
    missing: tuple[str, ...] = ()


class UnknownTask(Exception):
    """No such task here yet: the item waits for ``task:<id>``."""

    def __init__(self, task_id: UUID) -> None:
        super().__init__(str(task_id))
        self.task_id = task_id
