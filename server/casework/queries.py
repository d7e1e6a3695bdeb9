"""Reads of casework for the desk: lists, a case's page, counters. No statement per row."""

import json
from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from server.casework.checklist import checklist
from server.casework.clocks import clocks_of
from server.casework.mirror import visible_entities
from server.casework.models import Amendment, Case, CaseEvent, FieldTask, TaskAssignment, TaskEvent
from server.casework.records import (
    AmendmentRecord,
    CasePage,
    CaseRecord,
    TaskRecord,
    TimelineEntry,
    case_records,
    task_record,
)
from server.casework.rules import State, allowed
from server.casework.search import matching, words_of
from server.evidence import holds
from server.evidence import queries as evidence
from server.identity.scope import agencies_in
from server.keyset import Page, cut, decode
from server.problems import Problem

__all__ = [
    "amendments",
    "case_numbers",
    "case_page",
    "cases",
    "counts_by_state",
    "known_tasks",
    "tasks",
    "timeline",
    "visible_entities",
]


def cases(
    session: Session,
    scope: tuple[str, ...],
    *,
    state: str | None = None,
    unit: UUID | None = None,
    asked: str = "",
    after: str | None = None,
    limit: int = 50,
) -> Page[CaseRecord]:
    """Return the cases in scope, and those of the squad ``unit``, newest first.

    ``asked``: what was typed into the search box. An unknown state and too many words are the problem ``validation``.
    """
    if state is not None and state not in set(State):
        raise Problem("validation", errors={"state": [f"Must be one of: {', '.join(State)}."]})
    wanted = select(Case).where(_seen(scope, unit))
    if state is not None:
        wanted = wanted.where(Case.state == state)
    wanted = matching(session, wanted, words_of(asked))
    if after is not None:
        wanted = wanted.where(Case.id < decode(after))
    rows = session.scalars(wanted.order_by(Case.id.desc()).limit(limit + 1)).all()
    records = {record.id: record for record in case_records(session, rows[:limit])}
    return cut(rows, limit, lambda row: row.id, lambda row: records[row.id])


def _seen(scope: tuple[str, ...], unit: UUID | None) -> ColumnElement[bool]:
    """Return the condition that a case may be read: a unit reads what it was given, whatever agency it lies in."""
    within = Case.agency_id.in_(agencies_in(scope))
    return within if unit is None else or_(within, Case.squad_id == unit)


def case_page(session: Session, scope: tuple[str, ...], case_id: UUID, *, unit: UUID | None = None) -> CasePage:
    """Return a case with timeline, evidence and tasks; raises not-found, also when it is out of scope."""
    case = session.scalars(select(Case).where(Case.id == case_id, _seen(scope, unit))).one_or_none()
    if case is None:
        raise Problem("not-found")
    return CasePage(
        case=case_records(session, [case])[0],
        timeline=timeline(session, case_id),
        evidence=evidence.of_owner(session, "case", case_id),
        tasks=tasks(session, case_id),
        amendments=amendments(session, case_id),
        checklist=checklist(session, case),
        clocks=clocks_of(session, case),
        holds=holds.of_owner(session, "case", case_id),
        actions=tuple(allowed(case.state)),
    )


def timeline(session: Session, case_id: UUID) -> tuple[TimelineEntry, ...]:
    """Return the timeline, oldest first; the caller has checked the scope."""
    rows = session.execute(
        select(CaseEvent, TaskEvent.result)
        .outerjoin(TaskEvent, (TaskEvent.install_id == CaseEvent.install_id) & (TaskEvent.item_id == CaseEvent.item_id))
        .where(CaseEvent.case_id == case_id)
        .order_by(CaseEvent.at, CaseEvent.id)
    )
    return tuple(
        TimelineEntry(
            id=event.id,
            at=event.at,
            action=event.action,
            state_before=event.state_before,
            state_after=event.state_after,
            actor_id=event.actor_id,
            install_id=event.install_id,
            item_id=event.item_id,
            captured_at_corrected=event.captured_at_corrected,
            reason=event.reason,
            result=result,
            facts=json.loads(event.facts) if event.facts else {},
        )
        for event, result in rows
    )


def tasks(session: Session, case_id: UUID) -> tuple[TaskRecord, ...]:
    """Return a case's tasks with all their rounds, oldest first; the caller has checked the scope."""
    rows = session.execute(
        select(FieldTask, TaskAssignment)
        .join(TaskAssignment, TaskAssignment.task_id == FieldTask.id)
        .where(FieldTask.case_id == case_id)
        .order_by(FieldTask.id, TaskAssignment.assignment_no)
    )
    rounds: dict[FieldTask, list[TaskAssignment]] = {}
    for task, assignment in rows:
        rounds.setdefault(task, []).append(assignment)
    return tuple(task_record(task, assignments) for task, assignments in rounds.items())


def amendments(session: Session, case_id: UUID) -> tuple[AmendmentRecord, ...]:
    """Return the corrections of a case in the order of their arrival; the caller has checked the scope."""
    rows = session.scalars(select(Amendment).where(Amendment.case_id == case_id).order_by(Amendment.id))
    return tuple(
        AmendmentRecord(
            item_id=row.item_id,
            target_item_id=row.target_item_id,
            officer_id=row.officer_id,
            install_id=row.install_id,
            changes=json.loads(row.changes),
            reason=row.reason,
            divergent=row.divergent,
            effective=row.effective,
            captured_at_corrected=row.captured_at_corrected,
            received_at=row.received_at,
        )
        for row in rows
    )


def counts_by_state(session: Session, scope: tuple[str, ...], *, unit: UUID | None = None) -> dict[State, int]:
    """Return how many cases in scope are in each state, every state named, in the order of the loop."""
    rows = session.execute(
        select(Case.state, func.count().label("cases")).where(_seen(scope, unit)).group_by(Case.state)
    )
    counted = {row.state: row.cases for row in rows}
    return {state: counted.get(state.value, 0) for state in State}


def case_numbers(session: Session, case_ids: Collection[UUID]) -> dict[UUID, str | None]:
    """Return the numbers of cases by id (None before filing), for lists of evidence that name only the id."""
    rows = session.execute(select(Case.id, Case.case_no).where(Case.id.in_(case_ids)))
    return {row.id: row.case_no for row in rows}


def known_tasks(session: Session, task_ids: Iterable[UUID]) -> set[UUID]:
    """Return which of these tasks exist here; items that wait for them can be interpreted now."""
    return set(session.scalars(select(FieldTask.id).where(FieldTask.id.in_(list(task_ids)))))
