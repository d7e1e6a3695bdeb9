"""The first clocks of cases, many as one: acceptance runs from the report until a desk files or rejects it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from server.base import table_of, uuid7
from server.casework.limits import acceptance_limits, calendar_for
from server.casework.models import CaseClock
from server.standards.rules import LimitStage
from server.standards.timing import Limit, due_at

_CLOCKS = insert(table_of(CaseClock))


@dataclass(frozen=True)
class Opened:
    """As much of a new case as its first clock needs."""

    case_id: UUID
    agency_id: UUID
    scheme: str
    code: str


def start_acceptance(session: Session, opened: Sequence[Opened], at: datetime) -> None:
    """Start the acceptance clocks of cases that were reported at one moment; set by set, in one INSERT."""
    if not opened:
        return
    limits = acceptance_limits(session, {(one.scheme, one.code) for one in opened}, at)
    due: dict[tuple[UUID, Limit], datetime | None] = {}
    for one in opened:
        key = one.agency_id, limits[one.scheme, one.code]
        if key not in due:
            due[key] = due_at(at, key[1], calendar_for(session, *key))
    session.execute(_CLOCKS, [_clock(one, limits[one.scheme, one.code], at, due) for one in opened])


def _clock(
    one: Opened, limit: Limit, at: datetime, due: Mapping[tuple[UUID, Limit], datetime | None]
) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "case_id": one.case_id,
        "agency_id": one.agency_id,
        "stage": LimitStage.ACCEPTANCE.value,
        "round": 1,
        "clock": limit.clock.value,
        "amount": limit.amount,
        "wording": str(limit),
        "started_at": at,
        "due_at": due[one.agency_id, limit],
    }
