"""Reads of links between cases: those of one case, and what waits for the desk."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, aliased

from server.casework.duplicates.linking import DUPLICATE
from server.casework.duplicates.models import CaseLink
from server.casework.models import Case
from server.identity.scope import agencies_in
from server.keyset import Page, cut, decode
from server.problems import Problem, _

STATES = ("proposed", "attached", "undone", "dismissed", "outdated")
_IN_FORCE = ("proposed", "attached")


@dataclass(frozen=True)
class CaseBrief:
    """As much of a case as a link shows; ``at`` is when it was captured, else received."""

    id: UUID
    case_no: str | None
    state: str
    description: str
    reporter_id: UUID
    at: datetime


@dataclass(frozen=True)
class LinkRecord:
    """``case`` is the same problem as ``other`` (kind duplicate) or came back after it (recurrence)."""

    id: UUID
    kind: str
    state: str
    origin: str
    case: CaseBrief
    other: CaseBrief
    distance_m: float | None
    apart_s: int | None
    made_at: datetime
    decided_by: UUID | None
    reason: str | None


def links_of(session: Session, case_id: UUID, *, history: bool = False) -> tuple[LinkRecord, ...]:
    """Return the links of a case in force, with ``history`` all of them; the caller has checked the scope."""
    chosen = or_(CaseLink.case_id == case_id, CaseLink.other_id == case_id)
    states = STATES if history else _IN_FORCE
    return tuple(_records(session, chosen, CaseLink.state.in_(states), limit=200))


def proposals(
    session: Session, scope: tuple[str, ...], *, state: str = "proposed", after: str | None = None, limit: int = 50
) -> Page[LinkRecord]:
    """Return duplicates in scope in one state, the newest first; raises validation for an unknown state."""
    if state not in STATES:
        raise Problem("validation", errors={"state": [f"Must be one of: {', '.join(STATES)}."]})
    chosen = [CaseLink.kind == DUPLICATE, CaseLink.state == state]
    if after is not None:
        chosen.append(CaseLink.id < decode(after))
    rows = _records(session, *chosen, scope=scope, limit=limit + 1)
    return cut(rows, limit, lambda row: row.id, lambda row: row)


def found_case(session: Session, scope: tuple[str, ...], named: str) -> UUID:
    """Return the case that a desk names by its number or id; raises validation."""
    wanted = Case.case_no == named.strip()
    with suppress(ValueError):
        wanted = or_(wanted, Case.id == UUID(named.strip()))
    found = session.scalars(select(Case.id).where(wanted, Case.agency_id.in_(agencies_in(scope)))).first()
    if found is None:
        raise Problem("validation", errors={"into": [_("There is no such case in your scope: give its number.")]})
    return found


def _records(
    session: Session, *chosen: ColumnElement[bool], scope: Collection[str] | None = None, limit: int
) -> list[LinkRecord]:
    case, other = aliased(Case), aliased(Case)
    wanted = (
        select(CaseLink, case, other)
        .join(case, case.id == CaseLink.case_id)
        .join(other, other.id == CaseLink.other_id)
        .where(*chosen)
    )
    if scope is not None:
        wanted = wanted.where(case.agency_id.in_(agencies_in(tuple(scope))))
    rows = session.execute(wanted.order_by(CaseLink.id.desc()).limit(limit))
    return [_record(link, _brief(one), _brief(two)) for link, one, two in rows]


def _record(link: CaseLink, case: CaseBrief, other: CaseBrief) -> LinkRecord:
    return LinkRecord(
        id=link.id,
        kind=link.kind,
        state=link.state,
        origin=link.origin,
        case=case,
        other=other,
        distance_m=link.distance_m,
        apart_s=link.apart_s,
        made_at=link.made_at,
        decided_by=link.decided_by,
        reason=link.reason,
    )


def _brief(case: Case) -> CaseBrief:
    at = case.captured_at_corrected or case.reported_at
    return CaseBrief(case.id, case.case_no, case.state, case.description, case.reporter_id, at)
