"""A request as its readers get it."""

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.casework.models import CaseRequest
from server.casework.requests.rules import RequestKind, decided_with


@dataclass(frozen=True)
class RequestRecord:
    """A request and where it stands; ``waits_for``: the permission of the next decision, None if there is none.

    ``single_person``: nobody else could decide, so who asked (or reviewed) did. ``stage``: what an appeal is about.
    """

    id: UUID
    case_id: UUID
    case_no: str | None
    agency_id: UUID
    kind: str
    state: str
    asked_by: UUID
    asked_at: datetime
    reason: str
    until: datetime | None
    stage: str | None
    first_by: UUID | None
    first_at: datetime | None
    first_verdict: str | None
    first_reason: str | None
    decided_by: UUID | None
    decided_at: datetime | None
    decision_reason: str | None
    single_person: bool
    waits_for: str | None


_FROM_ROW = [name for name in RequestRecord.__dataclass_fields__ if name in CaseRequest.__mapper__.columns]


def record_of(row: CaseRequest, case_no: str | None) -> RequestRecord:
    """Return the record of a row."""
    facts = facts_of(row)
    waits = decided_with(RequestKind(row.kind), reviewed_once=row.first_at is not None) if row.state == "open" else None
    return RequestRecord(
        **{name: getattr(row, name) for name in _FROM_ROW},
        case_no=case_no,
        stage=str(facts["stage"]) if "stage" in facts else None,
        single_person=bool(facts.get("single_person")),
        waits_for=waits and waits.value,
    )


def facts_of(row: CaseRequest) -> dict[str, object]:
    """Return the facts of a row."""
    found: dict[str, object] = json.loads(row.facts or "{}")
    return found
