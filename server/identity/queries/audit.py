"""Reads of the audit log: a page of entries within a scope, newest first, under filters."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from server.identity.models import Agency, Officer
from server.identity.rules import at_top
from server.identity.scope import agencies_in
from server.keyset import Page, cut, decode
from server.ledger.models import AuditEntry


@dataclass(frozen=True)
class AuditFilter:
    """What is asked for; None leaves it open. ``since`` is included, ``until`` is not."""

    action: str | None = None
    actor_id: UUID | None = None
    agency_id: UUID | None = None
    subject_kind: str | None = None
    subject_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def told(self) -> dict[str, str]:
        """Return what was asked for, to be noted."""
        return {name: str(value) for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class AuditRow:
    """One entry with the names that its ids have today."""

    id: UUID
    at: datetime
    agency_id: UUID | None
    agency_name: str | None
    actor_id: UUID | None
    actor_login: str | None
    actor_name: str | None
    action: str
    subject_kind: str
    subject_id: str
    address: str | None
    facts: dict[str, Any]


def audit_entries(
    session: Session, scope: tuple[str, ...], wanted: AuditFilter, after: str | None = None, limit: int = 50
) -> Page[AuditRow]:
    """Return entries about the agencies in ``scope``, newest first, behind the cursor ``after``; raises validation.

    Entries of no agency (unknown logins, the command line) are shown to those who read at a top agency.
    """
    asked = (
        select(AuditEntry, Agency.name, Officer.login, Officer.name)
        .outerjoin(Agency, Agency.id == AuditEntry.agency_id)
        .outerjoin(Officer, Officer.id == AuditEntry.actor_id)
        .where(_within(scope), *_matches(wanted))
        .order_by(AuditEntry.id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        asked = asked.where(AuditEntry.id < decode(after))
    rows = [_row(*row) for row in session.execute(asked)]
    return cut(rows, limit, lambda row: row.id, lambda row: row)


def audit_actions(session: Session, scope: tuple[str, ...]) -> list[str]:
    """Return the actions that occur within ``scope``, for the filter."""
    return list(session.scalars(select(AuditEntry.action).where(_within(scope)).distinct().order_by(AuditEntry.action)))


def _within(scope: tuple[str, ...]) -> ColumnElement[bool]:
    theirs = AuditEntry.agency_id.in_(agencies_in(scope))
    return or_(theirs, AuditEntry.agency_id.is_(None)) if at_top(scope) else theirs


def _matches(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    equal = ("action", "actor_id", "agency_id", "subject_kind", "subject_id")
    asked = [getattr(AuditEntry, name) == getattr(wanted, name) for name in equal if getattr(wanted, name) is not None]
    if wanted.since is not None:
        asked.append(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        asked.append(AuditEntry.at < wanted.until)
    return asked


def _row(entry: AuditEntry, agency: str | None, login: str | None, name: str | None) -> AuditRow:
    return AuditRow(
        id=entry.id,
        at=entry.at,
        agency_id=entry.agency_id,
        agency_name=agency,
        actor_id=entry.actor_id,
        actor_login=login,
        actor_name=name,
        action=entry.action,
        subject_kind=entry.subject_kind,
        subject_id=entry.subject_id,
        address=entry.address,
        facts=json.loads(entry.facts),
    )
