"""Rules of evidence: stages, roles, verdicts, and the facts with which a photograph is declared. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from server.problems import Problem, _

MOST_DERIVE_ATTEMPTS = 2


class Stage(StrEnum):
    """At which stage of a case's life the photograph was taken."""

    REPORT = "report"
    DISPOSAL = "disposal"
    CHECK = "check"


# The stage of what is photographed for a task, by the task's kind.
STAGE_OF_TASK = {"disposal": Stage.DISPOSAL, "disposal_check": Stage.CHECK}
# Where one item shows a problem and its end: the stage of its photographs by role; others show the problem.
STAGE_ON_THE_SPOT = {"after": Stage.DISPOSAL, "check": Stage.CHECK}


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
class Capture:
    """Which item brought the photographs, who took them in which capacity, and when."""

    item_id: UUID
    stage: Stage
    officer_id: UUID
    install_id: UUID
    capacity: str
    task_id: UUID | None = None
    captured_at: datetime | None = None
    captured_at_corrected: datetime | None = None


def check_verdict(verdict: str, reason: str | None) -> tuple[Verdict, str | None]:
    """Return the verdict and its cleaned reason; returning needs a written reason, which only it keeps."""
    if verdict not in set(Verdict):
        raise Problem("validation", errors={"verdict": [f"Must be one of: {', '.join(Verdict)}."]})
    written = (reason or "").strip()
    if verdict == Verdict.RETURNED and not written:
        raise Problem("validation", errors={"reason": [_("Returning a photograph needs a written reason.")]})
    return Verdict(verdict), written if verdict == Verdict.RETURNED else None
