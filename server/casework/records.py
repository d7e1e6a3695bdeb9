"""Frozen records of casework as readers get them, and the builders that fill them in few statements. No verbs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from server.casework.clocks import ClockRecord, Due, due_of
from server.casework.models import Case, FieldTask, TaskAssignment
from server.evidence import queries as evidence
from server.evidence.holds import HoldRecord
from server.evidence.records import EvidenceRecord
from server.evidence.required import ShotStanding
from server.standards.queries import CategoryKey, category_names


@dataclass(frozen=True)
class CaseRecord:
    """A case as the desk sees it. ``category_name`` is None for a code that no loaded scheme knows."""

    id: UUID
    case_no: str | None
    state: str
    scheme: str
    category_code: str
    category_name: str | None
    category_name_en: str | None
    standard_version: str | None
    description: str
    lon: float
    lat: float
    crs: str
    accuracy_m: float | None
    agency_id: UUID
    squad_id: UUID | None
    reporter_id: UUID
    install_id: UUID | None
    source: str
    address: str | None
    area_code: str | None
    cell_code: str | None
    responsibility_code: str | None
    condition_no: int | None
    captured_at: datetime | None
    captured_at_corrected: datetime | None
    reported_at: datetime
    filed_at: datetime | None
    dispatched_at: datetime | None
    disposed_at: datetime | None
    closed_at: datetime | None
    verification_result: str | None
    check_result: str | None
    merged_into_id: UUID | None
    resumes_to: str | None
    return_count: int
    rework_count: int
    extension_count: int
    version: str
    due: Due | None
    evidence_expected: int
    evidence_present: int


@dataclass(frozen=True)
class TimelineEntry:
    """One line of the timeline; ``result`` is what a look found, ``facts`` what the action was about."""

    id: UUID
    at: datetime
    action: str
    state_before: str | None
    state_after: str
    actor_id: UUID | None
    install_id: UUID | None
    item_id: UUID | None
    captured_at_corrected: datetime | None
    reason: str | None
    result: str | None
    facts: dict[str, Any]


@dataclass(frozen=True)
class AssignmentRecord:
    """One round of a task."""

    assignment_no: int
    squad_id: UUID | None
    officer_id: UUID | None
    assigned_at: datetime
    assigned_by: UUID
    reason: str | None


@dataclass(frozen=True)
class TaskRecord:
    """A field task with all its rounds; ``accepted_by`` is the member who picked up what a squad was given."""

    task_id: UUID
    case_id: UUID | None
    task_kind: str
    squad_id: UUID | None
    officer_id: UUID | None
    assignment_no: int
    status: str
    assigned_at: datetime
    accepted_by: UUID | None
    instructions: str | None
    due_at: datetime | None
    grid_code: str | None
    version: str
    rounds: tuple[AssignmentRecord, ...]


@dataclass(frozen=True)
class AmendmentRecord:
    """A correction from the field. ``effective``: it came before filing; ``divergent``: another names the same item."""

    item_id: UUID
    target_item_id: UUID
    officer_id: UUID
    install_id: UUID
    changes: dict[str, Any]
    reason: str | None
    divergent: bool
    effective: bool
    captured_at_corrected: datetime | None
    received_at: datetime


@dataclass(frozen=True)
class CasePage:
    """Everything that a case's page shows; ``actions`` are those its state allows, whoever looks."""

    case: CaseRecord
    timeline: tuple[TimelineEntry, ...]
    evidence: tuple[EvidenceRecord, ...]
    tasks: tuple[TaskRecord, ...]
    amendments: tuple[AmendmentRecord, ...]
    checklist: tuple[ShotStanding, ...]
    clocks: tuple[ClockRecord, ...]
    holds: tuple[HoldRecord, ...]
    actions: tuple[str, ...]


_FROM_CASE = [name for name in CaseRecord.__dataclass_fields__ if name in Case.__mapper__.columns]


def case_records(session: Session, cases: Sequence[Case]) -> tuple[CaseRecord, ...]:
    """Return the records of ``cases``, with names and evidence counts, in a few more statements for all of them."""
    counted = evidence.counts(session, "case", [case.id for case in cases])
    due = due_of(session, [case.id for case in cases])
    names = category_names(session, [CategoryKey(case.scheme, case.category_code) for case in cases])
    records = []
    for case in cases:
        name = names.get(CategoryKey(case.scheme, case.category_code))
        columns: dict[str, Any] = {column: getattr(case, column) for column in _FROM_CASE}
        columns |= {
            "category_name": name and name.name,
            "category_name_en": name and name.name_en,
            "evidence_expected": counted[case.id].expected,
            "evidence_present": counted[case.id].present,
            "due": due.get(case.id),
        }
        records.append(CaseRecord(**columns))
    return tuple(records)


def task_record(task: FieldTask, rounds: Sequence[TaskAssignment]) -> TaskRecord:
    """Return the record of a task and its rounds."""
    return TaskRecord(
        task_id=task.id,
        case_id=task.case_id,
        task_kind=task.kind,
        squad_id=task.squad_id,
        officer_id=task.officer_id,
        assignment_no=task.assignment_no,
        status=task.status,
        assigned_at=task.assigned_at,
        accepted_by=task.accepted_by,
        instructions=task.instructions,
        due_at=task.due_at,
        grid_code=task.grid_code,
        version=task.version,
        rounds=tuple(
            AssignmentRecord(
                row.assignment_no, row.squad_id, row.officer_id, row.assigned_at, row.assigned_by, row.reason
            )
            for row in rounds
        ),
    )
