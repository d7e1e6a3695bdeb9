"""The traces that every change of a case leaves: a timeline entry, and marks for the handsets that may see it."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from server.base import new_tag, table_of, uuid7
from server.casework.cause import Cause
from server.casework.models import Case, CaseEvent, FieldTask
from server.clock import now, stamp
from server.ledger.marks import Entity, mark

# A line is written and never touched again: the unit of work would take twice the time and give nothing.
_LINE = insert(table_of(CaseEvent))


def note(
    session: Session,
    case: Case,
    action: str,
    before: str | None,
    cause: Cause,
    *,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Write one line of the timeline; ``before`` is the state before the action, the case holds the one after.

    The case itself stands in the database, whatever of it waits to be written.
    ``facts``: what the action was about, as JSON values and instants.
    """
    line = {
        "id": uuid7(),
        "case_id": case.id,
        "at": now(),
        "action": action,
        "state_before": before,
        "state_after": case.state,
        "actor_id": cause.actor_id,
        "install_id": cause.install_id,
        "item_id": cause.item_id,
        "captured_at_corrected": cause.captured_at_corrected,
        "reason": cause.reason,
        "facts": json.dumps(dict(facts), default=_told, ensure_ascii=False, sort_keys=True) if facts else None,
    }
    session.execute(_LINE, line)


def _told(value: object) -> str:
    return stamp(value) if isinstance(value, datetime) else str(value)


def show_case(session: Session, case: Case) -> None:
    """Give the case a new version and mark it for its reporter. Call last: the mark carries that version."""
    case.version = new_tag()
    mark_case(session, case)


def mark_case(session: Session, case: Case) -> None:
    """Mark the case for its reporter at its present version; one that was shelved is dropped as closed.

    Also one that a desk registered: no mirror shows it, and a drop of what is not held means nothing.
    """
    reason = None if case.shelved_at is None else "closed"
    mark(session, f"officer:{case.reporter_id}", Entity("case", case.id), case.version, reason=reason)


def show_task(session: Session, task: FieldTask, *, reason: str | None = None) -> None:
    """Give the task a new version and mark it for whoever holds it; ``reason`` explains a drop."""
    task.version = new_tag()
    mark_task(session, task, reason=reason)


def show_tasks(session: Session, tasks: Iterable[FieldTask]) -> None:
    """Show the tasks of an open case anew: what can be looked at has changed."""
    for task in tasks:
        if task.status != "cancelled":
            show_task(session, task)


def mark_task(session: Session, task: FieldTask, *, reason: str | None = None) -> None:
    """Mark the task for its present assignee at its present version."""
    for scope in scopes_of(task):
        mark(session, scope, Entity("task", task.id), task.version, reason=reason)


def scopes_of(task: FieldTask) -> list[str]:
    """Return the feed scopes of the task's present assignee."""
    scopes = []
    if task.squad_id is not None:
        scopes.append(f"squad:{task.squad_id}")
    if task.officer_id is not None:
        scopes.append(f"officer:{task.officer_id}")
    return scopes
