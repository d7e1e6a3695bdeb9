"""The clocks of a case: started, held, stopped and extended under the case's lock; each knows when it is due.

What a limit is and when it ends, standards say; which action does what to which clock, machine.py says.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from server.base import uuid7
from server.casework.limits import calendar_for, limit_for
from server.casework.machine import Tick, Verb
from server.casework.models import Case, CaseClock, CaseRequest, ClockPause
from server.clock import stamp
from server.standards.rules import LimitStage
from server.standards.timing import Clock, Limit, Pause, due_at

_OF_CASE = (
    select(CaseClock, ClockPause)
    .outerjoin(ClockPause, ClockPause.clock_id == CaseClock.id)
    .where(CaseClock.case_id == bindparam("case_id"))
    .order_by(CaseClock.id, ClockPause.id)
)


def apply(session: Session, case: Case, ticks: Sequence[Tick], at: datetime) -> list[CaseClock]:
    """Let the clocks of a locked case do what a transition asks, in its order; return those that were touched.

    The caller flushes: what a clock has become is written once, when it is known when it is due.
    """
    if not ticks:
        return []
    clocks = _Clocks(session, case, at)
    for tick in ticks:
        clocks.tick(tick)
    return clocks.reckoned()


def extend(session: Session, case: Case, stage: str, at: datetime) -> CaseClock | None:
    """Add one original limit to a stage's running clock; when it is due soon is then to be told anew."""
    clocks = _Clocks(session, case, at)
    clock = clocks.running(stage)
    if clock is None:
        return None
    clock.amount += clock.amount / (clock.extensions + 1)
    clock.extensions += 1
    case.extension_count += 1
    clock.told_soon_at = None
    clocks.reckoned()
    session.flush()
    return clock


def exempt(session: Session, clock: CaseClock, at: datetime) -> None:
    """Take a late clock out of the statistics; that it was late stays a fact."""
    clock.exempted_at = at
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


class _Clocks:
    """All clocks of a locked case and their pauses, read by one statement; what happens to them at one moment."""

    def __init__(self, session: Session, case: Case, at: datetime) -> None:
        self._session = session
        self._case = case
        self._at = at
        # By id, which is the order in which they were started.
        self._clocks: dict[UUID, CaseClock] = {}
        self._pauses: dict[UUID, list[ClockPause]] = {}
        self._touched: dict[UUID, CaseClock] = {}
        rows = session.execute(_OF_CASE, {"case_id": case.id})
        for clock, held in cast("Iterable[tuple[CaseClock, ClockPause | None]]", rows):
            self._clocks[clock.id] = clock
            self._pauses.setdefault(clock.id, []).extend([] if held is None else [held])

    def tick(self, tick: Tick) -> None:
        """Do one thing: to the newest clock of a stage, or to every one that runs."""
        match tick:
            case Tick(Verb.START, LimitStage() as stage):
                self._start(stage)
            case Tick(Verb.REOPEN, LimitStage() as stage, str(why)):
                self._reopen(stage, why)
            case Tick(Verb.STOP):
                self._each_running(tick, self._stop)
            case Tick(Verb.PAUSE, _, str(why)):
                self._each_running(tick, lambda clock: self._pause(clock, why))
            case Tick(Verb.RESUME, _, str(why)):
                self._each_running(tick, lambda clock: self._resume(clock, why))
            case _:
                msg = f"{tick} names no pause, or is not done to all clocks"
                raise ValueError(msg)

    def running(self, stage: str) -> CaseClock | None:
        """Return a stage's clock if it runs, as one that is touched."""
        clock = self._newest(stage)
        return None if clock is None or clock.stopped_at is not None else self._touch(clock)

    def reckoned(self) -> list[CaseClock]:
        """Work out when the clocks are due that were touched, and return them."""
        for clock in self._touched.values():
            _reckon(self._session, clock, self._pauses[clock.id], self._at)
        return list(self._touched.values())

    def _newest(self, stage: str) -> CaseClock | None:
        own = (clock for clock in self._clocks.values() if clock.stage == stage)
        return max(own, key=lambda clock: clock.round, default=None)

    def _touch(self, clock: CaseClock) -> CaseClock:
        self._touched[clock.id] = clock
        return clock

    def _each_running(self, tick: Tick, do: Callable[[CaseClock], None]) -> None:
        if tick.stage is None:
            chosen = [clock for clock in self._clocks.values() if clock.stopped_at is None]
        else:
            newest = self._newest(tick.stage)
            chosen = [] if newest is None or newest.stopped_at is not None else [newest]
        for clock in chosen:
            do(self._touch(clock))

    def _start(self, stage: LimitStage) -> None:
        """Start the next round of a stage's clock, with the limit that holds for the case at this moment."""
        before = self._newest(stage)
        limit = limit_for(self._session, self._case, stage, self._at)
        clock = CaseClock(
            id=uuid7(),
            case_id=self._case.id,
            agency_id=self._case.agency_id,
            stage=stage.value,
            round=1 if before is None else before.round + 1,
            clock=limit.clock.value,
            amount=limit.amount,
            wording=str(limit),
            started_at=self._at,
            extensions=0,
        )
        self._session.add(clock)
        self._clocks[clock.id], self._pauses[clock.id] = clock, []
        self._touch(clock)

    def _stop(self, clock: CaseClock) -> None:
        """Stop a clock; whether it was in time is known from now on."""
        # An act that is dated by its capture may lie before the clock's start: the server's order stands.
        clock.stopped_at = max(clock.started_at, self._at)
        for held in self._holding(clock):
            held.ended_at = self._end_of(held)

    def _pause(self, clock: CaseClock, why: str) -> None:
        """Hold a clock; holding it twice for the same reason changes nothing."""
        if why not in {held.why for held in self._holding(clock)}:
            self._hold(clock, max(clock.started_at, self._at), None, why)

    def _resume(self, clock: CaseClock, why: str) -> None:
        """Let a clock go on that was held for this reason; it may still be held for another."""
        for held in self._holding(clock):
            if held.why == why:
                held.ended_at = self._end_of(held)

    def _reopen(self, stage: LimitStage, why: str) -> None:
        """Let a stopped clock go on: the work was not done after all. The time since it stopped does not count."""
        clock = self._newest(stage)
        if clock is None or clock.stopped_at is None:
            return
        self._hold(clock, clock.stopped_at, max(clock.stopped_at, self._at), why)
        clock.stopped_at = None
        self._touch(clock)

    def _hold(self, clock: CaseClock, begun_at: datetime, ended_at: datetime | None, why: str) -> None:
        held = ClockPause(clock_id=clock.id, begun_at=begun_at, ended_at=ended_at, why=why)
        self._session.add(held)
        self._pauses[clock.id].append(held)

    def _holding(self, clock: CaseClock) -> list[ClockPause]:
        return [held for held in self._pauses[clock.id] if held.ended_at is None]

    def _end_of(self, held: ClockPause) -> datetime:
        """Return when a pause ends that ends now: a suspension at its promised end, if the sweep has not come since."""
        at = self._at
        if held.why == "suspended":
            promised = self._session.scalars(
                select(CaseRequest.until).where(
                    CaseRequest.case_id == self._case.id,
                    CaseRequest.kind == "suspension",
                    CaseRequest.state == "approved",
                )
            ).one_or_none()
            at = min(at, promised or at)
        return max(held.begun_at, at)


def _reckon(session: Session, clock: CaseClock, rows: Iterable[ClockPause], at: datetime) -> None:
    """Work out when a clock is due, and whether it is late by then (``at``: now, for one that runs)."""
    pauses = [Pause(row.begun_at, row.ended_at) for row in rows]
    limit = Limit(Clock(clock.clock), clock.amount)
    clock.due_at = due_at(clock.started_at, limit, calendar_for(session, clock.agency_id, limit), pauses)
    over = clock.due_at is not None and (clock.stopped_at or at) > clock.due_at
    clock.late = over if clock.stopped_at is not None else over or None
