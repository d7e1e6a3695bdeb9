"""How the clocks of cases stand: what is due next, and all of them with the time left. Read-only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.casework.limits import calendar_for
from server.casework.models import Case, CaseClock, ClockPause
from server.clock import now
from server.standards.timing import Clock, Limit, Pause, time_left


@dataclass(frozen=True)
class Due:
    """The clock of a case that ends first; ``due_at`` is None while it is held."""

    stage: str
    due_at: datetime | None
    overdue: bool


@dataclass(frozen=True)
class PauseRecord:
    """A time that did not count, and what held the clock."""

    begun_at: datetime
    ended_at: datetime | None
    why: str


@dataclass(frozen=True)
class ClockRecord:
    """One clock with its pauses.

    ``left`` is in units of ``clock``, by now or by its stop; negative: over by that much.
    """

    id: UUID
    stage: str
    round: int
    clock: str
    amount: Decimal
    wording: str
    started_at: datetime
    stopped_at: datetime | None
    due_at: datetime | None
    left: Decimal
    late: bool | None
    extensions: int
    exempted_at: datetime | None
    pauses: tuple[PauseRecord, ...]


def due_of(session: Session, case_ids: Sequence[UUID]) -> dict[UUID, Due]:
    """Return which clock of each case ends first, in one statement; no entry where none runs."""
    rows = session.execute(
        select(CaseClock.case_id, CaseClock.stage, CaseClock.due_at)
        .where(CaseClock.case_id.in_(case_ids), CaseClock.stopped_at.is_(None))
        .order_by(CaseClock.due_at.is_(None), CaseClock.due_at, CaseClock.id)
    )
    moment, found = now(), dict[UUID, Due]()
    for case_id, stage, due_at in rows:
        found.setdefault(case_id, Due(stage, due_at, overdue=due_at is not None and due_at < moment))
    return found


def clocks_of(session: Session, case: Case) -> tuple[ClockRecord, ...]:
    """Return all clocks of a case in the order of their starts; the caller has checked the scope."""
    clocks = session.scalars(
        select(CaseClock).where(CaseClock.case_id == case.id).order_by(CaseClock.started_at, CaseClock.id)
    ).all()
    pauses: dict[UUID, list[PauseRecord]] = {clock.id: [] for clock in clocks}
    held = select(ClockPause).where(ClockPause.clock_id.in_(pauses)).order_by(ClockPause.begun_at, ClockPause.id)
    for row in session.scalars(held):
        pauses[row.clock_id].append(PauseRecord(row.begun_at, row.ended_at, row.why))
    return tuple(_record(session, clock, pauses[clock.id]) for clock in clocks)


def _record(session: Session, clock: CaseClock, pauses: list[PauseRecord]) -> ClockRecord:
    limit = Limit(Clock(clock.clock), clock.amount)
    held = [Pause(one.begun_at, one.ended_at) for one in pauses]
    calendar = calendar_for(session, clock.agency_id, limit)
    return ClockRecord(
        id=clock.id,
        stage=clock.stage,
        round=clock.round,
        clock=clock.clock,
        amount=clock.amount,
        wording=clock.wording,
        started_at=clock.started_at,
        stopped_at=clock.stopped_at,
        due_at=clock.due_at,
        left=time_left(clock.stopped_at or now(), clock.started_at, limit, calendar, held),
        late=clock.late,
        extensions=clock.extensions,
        exempted_at=clock.exempted_at,
        pauses=tuple(pauses),
    )
