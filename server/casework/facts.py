"""What the field tells casework: frozen arguments and answers of its operations. Pure."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.evidence.rules import DeclaredPhoto

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
    """A problem found in the street. Degrees in ``crs``; times are the handset's claim and ours."""

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


@dataclass(frozen=True)
class TaskAnswer:
    """What a handset says about one assignment of a task; ``result`` only for a finished check."""

    item_id: UUID
    task_id: UUID
    assignment_no: int
    event: str
    note: str | None
    result: str | None
    captured_at: datetime | None
    captured_at_corrected: datetime | None
    photos: tuple[DeclaredPhoto, ...]


@dataclass(frozen=True)
class TaskVerdict:
    """Whether an answer took effect; if not, ``superseded_slug`` is the problem that says why."""

    effective: bool
    superseded_slug: str | None
    case_id: UUID


class UnknownTask(Exception):
    """No such task here yet: the item waits for ``task:<id>``."""

    def __init__(self, task_id: UUID) -> None:
        super().__init__(str(task_id))
        self.task_id = task_id
