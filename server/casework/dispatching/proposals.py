"""Which units the matrix proposes for a case, and the determination when units dispute it."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.casework.cause import Cause
from server.casework.dispatching.entries import NewEntry, entries_above, put_entry
from server.casework.dispatching.matrix import Question, best
from server.casework.models import Case, CaseEvent, FieldTask, TaskAssignment
from server.casework.operations.roots import lock_case
from server.casework.operations.traces import note, show_case
from server.casework.rules import ENDED
from server.clock import now
from server.identity.models import Agency, Squad
from server.identity.rules import Actor, Permission
from server.problems import Problem, _


@dataclass(frozen=True)
class Proposal:
    """A unit for a case. ``role``: lead or assisting; ``refused``: it returned this very case before."""

    squad_id: UUID
    name: str
    role: str
    basis: str
    refused: bool


@dataclass(frozen=True)
class Determination:
    """Who is responsible, decided by whom it falls to; ``remember`` writes it into the matrix from ``on`` on."""

    lead_squad_id: UUID
    basis: str
    on: date
    assisting: tuple[UUID, ...] = ()
    remember: bool = True


def today(timezone: str) -> date:
    """Return the present day in a time zone."""
    return now().astimezone(ZoneInfo(timezone)).date()


def propose_units(session: Session, case: Case, on: date) -> list[Proposal]:
    """Return the units that the matrix names for a case, the lead one first; empty where it knows none.

    A unit that returned the case is still named, and marked: the matrix may be right and the unit wrong.
    """
    path = session.scalars(select(Agency.path).where(Agency.id == case.agency_id)).one()
    question = Question(path, case.category_code, case.area_code, on)
    entry = best(entries_above(session, path, case.scheme), question)
    if entry is None:
        return []
    wanted = [entry.lead_id, *entry.assisting]
    rows = session.execute(select(Squad.id, Squad.name).where(Squad.id.in_(wanted)))
    names = {row.id: row.name for row in rows}
    refused = refusers(session, case)
    return [
        Proposal(squad, names[squad], "assisting" if place else "lead", entry.basis, squad in refused)
        for place, squad in enumerate(wanted)
    ]


def refusers(session: Session, case: Case) -> set[UUID]:
    """Return the units that gave the case back: those whose round it was when it came back."""
    if not case.return_count:
        return set()
    came_back = session.scalars(
        select(CaseEvent.at).where(CaseEvent.case_id == case.id, CaseEvent.action.in_(["return", "decline_task"]))
    ).all()
    rounds = session.execute(
        select(TaskAssignment.assigned_at, TaskAssignment.squad_id)
        .join(FieldTask, FieldTask.id == TaskAssignment.task_id)
        .where(FieldTask.case_id == case.id, FieldTask.kind == "disposal", TaskAssignment.squad_id.is_not(None))
        .order_by(TaskAssignment.assigned_at)
    ).all()
    return {
        [row.squad_id for row in rounds if row.assigned_at <= at][-1]
        for at in came_back
        if rounds and rounds[0].assigned_at <= at
    }


def determine(session: Session, actor: Actor, case_id: UUID, decided: Determination) -> None:
    """Record who is responsible for a disputed case, on its timeline and (``remember``) in the matrix.

    The dispatcher dispatches as before. Raises forbidden, not-found, validation, illegal-transition (the case ended).
    """
    scope = actor.require(Permission.MANAGE_RESPONSIBILITY)
    if not decided.basis.strip():
        raise Problem("validation", errors={"basis": [_("Say by which decision or document the unit is responsible.")]})
    name = session.scalar(select(Squad.name).where(Squad.id == decided.lead_squad_id))
    if name is None:
        raise Problem("validation", errors={"lead_squad_id": [_("There is no such unit.")]})
    case = lock_case(session, case_id, scope)
    if case is None:
        raise Problem("not-found")
    if case.state in ENDED:
        raise Problem("illegal-transition", state=case.state, action="determine", allowed=[])
    if decided.remember:
        put_entry(session, actor, _entry(case, decided), decided_from=case.id)
    note(session, case, "determine", case.state, Cause(actor.officer_id, f"{name}\n{decided.basis.strip()}"))
    show_case(session, case)
    session.flush()


def _entry(case: Case, decided: Determination) -> NewEntry:
    return NewEntry(
        agency_id=case.agency_id,
        scheme=case.scheme,
        code=case.category_code,
        area_code=case.area_code or "",
        lead_squad_id=decided.lead_squad_id,
        assisting=decided.assisting,
        basis=decided.basis,
        valid_from=decided.on,
    )
