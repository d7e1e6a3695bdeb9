"""The clocks of a case: started, held, stopped and extended under the case's lock; each knows when it is due.

What a limit is and when it ends, standards say; which action does what to which clock, machine.py says.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.base import uuid7
from server.casework.limits import calendar_for, limit_for
from server.casework.machine import Tick, Verb
from server.casework.models import Case, CaseClock, CaseRequest, ClockPause
from server.clock import stamp
from server.standards.timing import Clock, Limit, Pause, due_at


def apply(session: Session, case: Case, ticks: Sequence[Tick], at: datetime) -> list[CaseClock]:
    """Let the clocks of a locked case do what a transition asks, in its order; return those that were touched."""
    touched: dict[UUID, CaseClock] = {}
    for tick in ticks:
        for clock in _tick(session, case, tick, at):
            touched[clock.id] = clock
    return list(touched.values())


def start(session: Session, case: Case, stage: str, at: datetime) -> CaseClock:
    """Start the next round of a stage's clock, with the limit that holds for the case at this moment."""
    before = _newest(session, case, stage)
    limit = limit_for(session, case, stage, at)
    clock = CaseClock(
        id=uuid7(),
        case_id=case.id,
        agency_id=case.agency_id,
        stage=stage,
        round=1 if before is None else before.round + 1,
        clock=limit.clock.value,
        amount=limit.amount,
        wording=str(limit),
        started_at=at,
        extensions=0,
    )
    session.add(clock)
    session.flush()
    reckon(session, clock, at)
    return clock


def stop(session: Session, case: Case, stage: str, at: datetime) -> CaseClock | None:
    """Stop a stage's clock if it runs; whether it was in time is known from now on."""
    clock = _newest(session, case, stage)
    if clock is None or clock.stopped_at is not None:
        return None
    _stop(session, clock, at)
    return clock


def pause(session: Session, case: Case, stage: str, at: datetime, why: str) -> CaseClock | None:
    """Hold a stage's clock if it runs; holding it twice for the same reason changes nothing."""
    clock = _newest(session, case, stage)
    if clock is None or clock.stopped_at is not None:
        return None
    _pause(session, clock, at, why)
    return clock


def resume(session: Session, case: Case, stage: str, at: datetime, why: str) -> CaseClock | None:
    """Let a stage's clock go on that was held for this reason; it may still be held for another."""
    clock = _newest(session, case, stage)
    if clock is None or clock.stopped_at is not None:
        return None
    _resume(session, clock, at, why)
    return clock


def reopen(session: Session, case: Case, stage: str, at: datetime, why: str) -> CaseClock | None:
    """Let a stopped clock go on: the work was not done after all. The time since it stopped does not count."""
    clock = _newest(session, case, stage)
    if clock is None or clock.stopped_at is None:
        return None
    session.add(ClockPause(clock_id=clock.id, begun_at=clock.stopped_at, ended_at=max(clock.stopped_at, at), why=why))
    clock.stopped_at = None
    reckon(session, clock, at)
    return clock


def extend(session: Session, case: Case, stage: str, at: datetime) -> CaseClock | None:
    """Add one original limit to a stage's running clock; when it is due soon is then to be told anew."""
    clock = _newest(session, case, stage)
    if clock is None or clock.stopped_at is not None:
        return None
    clock.amount += clock.amount / (clock.extensions + 1)
    clock.extensions += 1
    case.extension_count += 1
    clock.told_soon_at = None
    reckon(session, clock, at)
    return clock


def exempt(session: Session, clock: CaseClock, at: datetime) -> None:
    """Take a late clock out of the statistics; that it was late stays a fact."""
    clock.exempted_at = at
    session.flush()


def reckon(session: Session, clock: CaseClock, at: datetime) -> None:
    """Work out when a clock is due, and whether it is late by then (``at``: now, for one that runs)."""
    # A pause that was added a moment ago counts too.
    session.flush()
    rows = session.scalars(select(ClockPause).where(ClockPause.clock_id == clock.id))
    pauses = [Pause(row.begun_at, row.ended_at) for row in rows]
    limit = Limit(Clock(clock.clock), clock.amount)
    clock.due_at = due_at(clock.started_at, limit, calendar_for(session, clock.agency_id, limit), pauses)
    over = clock.due_at is not None and (clock.stopped_at or at) > clock.due_at
    clock.late = over if clock.stopped_at is not None else over or None
    session.flush()


def told(clocks: Sequence[CaseClock]) -> list[dict[str, Any]]:
    """Return clocks as a line of the timeline keeps them."""
    return [
        {
            "stage": clock.stage,
            "round": clock.round,
            "limit": clock.wording,
            "due_at": clock.due_at and stamp(clock.due_at),
            "stopped_at": clock.stopped_at and stamp(clock.stopped_at),
            "late": clock.late,
        }
        for clock in clocks
    ]


def _tick(session: Session, case: Case, tick: Tick, at: datetime) -> list[CaseClock]:
    if tick.stage is None:
        return _tick_all(session, case, tick, at)
    match tick.verb, tick.why:
        case Verb.START, _:
            return [start(session, case, tick.stage, at)]
        case Verb.STOP, _:
            found = stop(session, case, tick.stage, at)
        case Verb.PAUSE, str(why):
            found = pause(session, case, tick.stage, at, why)
        case Verb.RESUME, str(why):
            found = resume(session, case, tick.stage, at, why)
        case Verb.REOPEN, str(why):
            found = reopen(session, case, tick.stage, at, why)
        case _:
            raise ValueError(f"{tick} names no pause")
    return [] if found is None else [found]


def _tick_all(session: Session, case: Case, tick: Tick, at: datetime) -> list[CaseClock]:
    running = session.scalars(
        select(CaseClock).where(CaseClock.case_id == case.id, CaseClock.stopped_at.is_(None)).order_by(CaseClock.id)
    ).all()
    for clock in running:
        if tick.verb is Verb.STOP:
            _stop(session, clock, at)
        elif tick.verb is Verb.PAUSE and tick.why:
            _pause(session, clock, at, tick.why)
        elif tick.verb is Verb.RESUME and tick.why:
            _resume(session, clock, at, tick.why)
        else:
            raise ValueError(f"{tick} is not done to all clocks")
    return list(running)


def _newest(session: Session, case: Case, stage: str) -> CaseClock | None:
    wanted = select(CaseClock).where(CaseClock.case_id == case.id, CaseClock.stage == stage)
    return session.scalars(wanted.order_by(CaseClock.round.desc()).limit(1)).one_or_none()


def _stop(session: Session, clock: CaseClock, at: datetime) -> None:
    # An act that is dated by its capture may lie before the clock's start: the server's order stands.
    clock.stopped_at = max(clock.started_at, at)
    for held in _holding(session, clock):
        held.ended_at = _end_of(session, clock, held, at)
    reckon(session, clock, at)


def _pause(session: Session, clock: CaseClock, at: datetime, why: str) -> None:
    if why not in {held.why for held in _holding(session, clock)}:
        session.add(ClockPause(clock_id=clock.id, begun_at=max(clock.started_at, at), ended_at=None, why=why))
    reckon(session, clock, at)


def _resume(session: Session, clock: CaseClock, at: datetime, why: str) -> None:
    for held in _holding(session, clock):
        if held.why == why:
            held.ended_at = _end_of(session, clock, held, at)
    reckon(session, clock, at)


def _end_of(session: Session, clock: CaseClock, held: ClockPause, at: datetime) -> datetime:
    """Return when a pause ends that ends now: a suspension at its promised end, if the sweep has not come since."""
    if held.why == "suspended":
        promised = session.scalars(
            select(CaseRequest.until).where(
                CaseRequest.case_id == clock.case_id, CaseRequest.kind == "suspension", CaseRequest.state == "approved"
            )
        ).one_or_none()
        at = min(at, promised or at)
    return max(held.begun_at, at)


def _holding(session: Session, clock: CaseClock) -> Sequence[ClockPause]:
    return session.scalars(
        select(ClockPause).where(ClockPause.clock_id == clock.id, ClockPause.ended_at.is_(None))
    ).all()
