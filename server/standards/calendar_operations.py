"""Writes of the working calendar: an agency's own days and hours of work.

What runs already keeps the deadline that it has; whoever changes a day that lies ahead reckons with that.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from server.identity.operations.tree import agency_within
from server.identity.rules import Actor, Permission
from server.ledger.audit import note
from server.ledger.operations import Doer, meet
from server.problems import Problem, _
from server.standards.calendar_models import CalendarDay, WorkSchedule
from server.standards.calendar_rules import OwnDay
from server.standards.calendars import schedule_of
from server.standards.timing import Schedule, write_periods
from server.upsert import insert


def managed(session: Session, actor: Actor, agency_id: UUID) -> Doer:
    """Return who keeps an agency's calendar; raises forbidden, and not-found for an agency out of reach."""
    agency = agency_within(session, actor.require(Permission.MANAGE_CALENDAR), agency_id)
    return Doer(agency.id, actor.officer_id)


def set_days(session: Session, actor: Actor, agency_id: UUID, days: Sequence[OwnDay], source: str) -> int:
    """Set days of an agency and return how many changed; raises forbidden and not-found."""
    return write_days(session, managed(session, actor, agency_id), days, source)


def write_days(session: Session, doer: Doer, days: Iterable[OwnDay], source: str) -> int:
    """Set days of the agency that ``doer`` acts for, at the latest word; ``source`` (64 characters): where from."""
    wanted = {day.day: day for day in days}
    before = _own(session, doer, wanted)
    changed = [day for day in wanted.values() if before.get(day.day) != day]
    if changed:
        stored = insert(session, CalendarDay)
        values = {name: stored.excluded[name] for name in ("workday", "name", "source")}
        keys = [CalendarDay.agency_id, CalendarDay.day]
        rows = [{"agency_id": doer.agency_id, "source": source, **vars(day)} for day in changed]
        session.execute(stored.on_conflict_do_update(index_elements=keys, set_=values), rows)
        replaced = [before[day.day] for day in changed if day.day in before]
        _note(
            session, doer, "calendar_days_set", {"source": source, "before": _told(replaced), "after": _told(changed)}
        )
    return len(changed)


def clear_day(session: Session, actor: Actor, agency_id: UUID, day: date) -> None:
    """Take an own day back, so that the agencies above or the State decide again; raises forbidden and not-found."""
    doer = managed(session, actor, agency_id)
    before = _own(session, doer, [day])
    if not before:
        raise Problem("not-found", _("The agency has not set this day itself."))
    session.execute(delete(CalendarDay).where(CalendarDay.agency_id == agency_id, CalendarDay.day == day))
    _note(session, doer, "calendar_day_cleared", {"before": _told(before.values())})


def set_hours(session: Session, actor: Actor, agency_id: UUID, schedule: Schedule) -> None:
    """Set the hours of an agency from the schedule's day on; raises forbidden and not-found."""
    write_hours(session, managed(session, actor, agency_id), schedule)


def write_hours(session: Session, doer: Doer, schedule: Schedule) -> None:
    """Set the hours of the agency that ``doer`` acts for."""
    before = _hours(session, doer, schedule.valid_from)
    if before == schedule:
        return
    row = WorkSchedule(
        agency_id=doer.agency_id,
        valid_from=schedule.valid_from,
        periods=json.dumps([str(period) for period in schedule.periods]),
        work_day_policy=schedule.work_day_policy,
    )
    session.merge(row)
    facts = {"before": None if before is None else _told_hours(before), "after": _told_hours(schedule)}
    _note(session, doer, "work_schedule_set", facts)


def clear_hours(session: Session, actor: Actor, agency_id: UUID, valid_from: date) -> None:
    """Take the hours that begin on a day back; raises forbidden and not-found."""
    doer = managed(session, actor, agency_id)
    before = _hours(session, doer, valid_from)
    if before is None:
        raise Problem("not-found", _("The agency has set no hours that begin on this day."))
    here = WorkSchedule.agency_id == agency_id, WorkSchedule.valid_from == valid_from
    session.execute(delete(WorkSchedule).where(*here))
    _note(session, doer, "work_schedule_cleared", {"before": _told_hours(before)})


def _own(session: Session, doer: Doer, days: Iterable[date]) -> dict[date, OwnDay]:
    _take_turns(session, doer)
    rows = select(CalendarDay.day, CalendarDay.workday, CalendarDay.name)
    found = session.execute(rows.where(CalendarDay.agency_id == doer.agency_id, CalendarDay.day.in_(list(days))))
    return {row.day: OwnDay(row.day, row.workday, row.name) for row in found}


def _hours(session: Session, doer: Doer, valid_from: date) -> Schedule | None:
    _take_turns(session, doer)
    row = session.get(WorkSchedule, (doer.agency_id, valid_from))
    return None if row is None else schedule_of(row)


def _take_turns(session: Session, doer: Doer) -> None:
    """Let two who change one calendar follow each other: each log entry tells what the other left."""
    meet(session, [f"calendar:{doer.agency_id}"])


def _note(session: Session, doer: Doer, action: str, facts: Mapping[str, object]) -> None:
    note(session, doer, action, ("agency", str(doer.agency_id)), facts)


def _told(days: Iterable[OwnDay]) -> dict[str, str]:
    return {str(day.day): f"{'work' if day.workday else 'rest'} {day.name}".strip() for day in days}


def _told_hours(schedule: Schedule) -> dict[str, str]:
    return {
        "valid_from": str(schedule.valid_from),
        "periods": write_periods(schedule.periods),
        "work_day_policy": schedule.work_day_policy,
    }
