"""What time does to cases: a limit ends soon, has passed, or a suspension is over. Each is found and done exactly once.

Finding reads without locks and may be stale; doing locks the case and its clock and looks again, so that two workers,
or a worker after a week of standstill, never tell a thing twice. What was found in one pass and committed in chunks
survives a death between them: the rest is found again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, select
from sqlalchemy.orm import Session

from server.casework.cause import Cause
from server.casework.inbox import Kind, Notice, To, tell
from server.casework.models import CaseClock, ClockPause
from server.casework.operations.roots import lock_cases
from server.casework.operations.traces import note
from server.clock import stamp
from server.identity.rules import Permission
from server.standards.calendars import calendars_of
from server.standards.timing import Clock, Limit, Pause, time_left

MOST_AT_ONCE = 100
_MOST_READ = 500
# How long a unit of each clock lasts at the very least; no town works less than an hour on a working day.
_UNIT_AT_LEAST: Mapping[Clock, timedelta] = {
    Clock.EMERGENCY_HOUR: timedelta(hours=1),
    Clock.WORK_HOUR: timedelta(hours=1),
    Clock.WORK_DAY: timedelta(hours=1),
    Clock.NATURAL_DAY: timedelta(days=1),
}
# The desk's own quarter hours are looked at when they have passed: a notice four minutes before would only be noise.
SOON_STAGES = ("disposal",)
# Whose lateness it is, besides the unit's.
_ANSWERS_FOR: Mapping[str, Permission] = {
    "acceptance": Permission.FILE_CASE,
    "verification": Permission.FILE_CASE,
    "dispatch": Permission.DISPATCH_CASE,
    "disposal": Permission.DISPATCH_CASE,
    "check": Permission.CLOSE_CASE,
}

_OVERDUE = (
    select(CaseClock.id, CaseClock.case_id)
    .where(CaseClock.stopped_at.is_(None), CaseClock.due_at < bindparam("moment"), CaseClock.told_overdue_at.is_(None))
    .order_by(CaseClock.due_at, CaseClock.id)
    .limit(MOST_AT_ONCE)
)
_UNTOLD = select(CaseClock.id).where(
    CaseClock.stopped_at.is_(None),
    CaseClock.due_at >= bindparam("moment"),
    CaseClock.told_soon_at.is_(None),
    CaseClock.stage.in_(SOON_STAGES),
)


@dataclass(frozen=True)
class Found:
    """A clock that something is to be told of."""

    clock_id: UUID
    case_id: UUID


def overdue(session: Session, moment: datetime) -> list[Found]:
    """Return the next running clocks whose time is over and untold, those due first."""
    return [Found(clock_id, case_id) for clock_id, case_id in session.execute(_OVERDUE, {"moment": moment})]


def tell_overdue(session: Session, found: Collection[Found], moment: datetime) -> int:
    """Make the lateness of clocks a fact, with a line in the timeline and a notice each; return how many were new."""
    cases = {case.id: case for case in lock_cases(session, {one.case_id for one in found})}
    clocks = _locked(session, found, CaseClock.told_overdue_at.is_(None), CaseClock.due_at < moment)
    for clock in clocks:
        case = cases[clock.case_id]
        clock.late, clock.told_overdue_at = True, moment
        note(session, case, "overdue", case.state, Cause(None), facts=_facts(clock))
        unit = case.squad_id if clock.stage == "disposal" else None
        to = To(squad_id=unit, permission=_ANSWERS_FOR[clock.stage])
        tell(session, Notice(Kind.OVERDUE, to, case.agency_id, case.id, facts=_facts(clock)))
    return len(clocks)


def due_soon(session: Session, moment: datetime, percent: int, not_before: dict[UUID, datetime]) -> list[Found]:
    """Return the running clocks of units of whose limit at most ``percent`` is left, and that nobody was told of.

    ``not_before`` is the caller's memory from one call to the next: until then a clock need not be looked at again,
    because no limit passes faster than time. It may be lost; then everything is reckoned anew.
    """
    running = set(session.scalars(_UNTOLD, {"moment": moment}))
    for gone in not_before.keys() - running:
        del not_before[gone]
    due = sorted(clock_id for clock_id in running if not_before.get(clock_id, moment) <= moment)
    found: list[Found] = []
    for start in range(0, len(due), _MOST_READ):
        found += _reckoned(session, moment, percent, due[start : start + _MOST_READ], not_before)
    return found


def _reckoned(
    session: Session, moment: datetime, percent: int, clock_ids: Sequence[UUID], not_before: dict[UUID, datetime]
) -> list[Found]:
    clocks = session.scalars(select(CaseClock).where(CaseClock.id.in_(clock_ids))).all()
    calendars = calendars_of(session, {clock.agency_id for clock in clocks})
    pauses = _pauses(session, clock_ids)
    found = []
    for clock in clocks:
        limit = Limit(Clock(clock.clock), clock.amount)
        left = time_left(moment, clock.started_at, limit, calendars[clock.agency_id], pauses.get(clock.id, ()))
        spare = left - limit.amount * percent / 100
        if spare <= 0:
            found.append(Found(clock.id, clock.case_id))
        else:
            not_before[clock.id] = moment + float(spare) * _UNIT_AT_LEAST[limit.clock]
    return found


def tell_due_soon(session: Session, found: Collection[Found], moment: datetime) -> int:
    """Tell units that their time ends soon; return how many clocks were new."""
    cases = {case.id: case for case in lock_cases(session, {one.case_id for one in found})}
    clocks = _locked(session, found, CaseClock.told_soon_at.is_(None), CaseClock.due_at >= moment)
    for clock in clocks:
        case = cases[clock.case_id]
        clock.told_soon_at = moment
        to = To(squad_id=case.squad_id, permission=None if case.squad_id else _ANSWERS_FOR[clock.stage])
        tell(session, Notice(Kind.DUE_SOON, to, case.agency_id, case.id, facts=_facts(clock)))
    return len(clocks)


def _pauses(session: Session, clock_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Pause]]:
    found: dict[UUID, list[Pause]] = {}
    for row in session.scalars(select(ClockPause).where(ClockPause.clock_id.in_(clock_ids))):
        found.setdefault(row.clock_id, []).append(Pause(row.begun_at, row.ended_at))
    return found


def _locked(session: Session, found: Collection[Found], *still: ColumnElement[bool]) -> Sequence[CaseClock]:
    """Lock the clocks that are running and for which ``still`` holds, now that their cases are locked."""
    wanted = select(CaseClock).where(
        CaseClock.id.in_([one.clock_id for one in found]), CaseClock.stopped_at.is_(None), *still
    )
    locked = wanted.order_by(CaseClock.id).with_for_update().execution_options(populate_existing=True)
    return session.scalars(locked).all()


def _facts(clock: CaseClock) -> dict[str, str]:
    due = {} if clock.due_at is None else {"due_at": stamp(clock.due_at)}
    return {"stage": clock.stage, **due}
