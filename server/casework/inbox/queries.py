"""Reads of the inbox: what is for an officer now, by the roles and the squad that the officer has now.

Each kind of address is a branch of its own with its own index; `or` over them would make databases read everything.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Subquery, and_, exists, func, or_, select, union
from sqlalchemy.orm import Session

from server.casework.inbox.models import InboxFloor, NoticeRead, NoticeRow
from server.casework.inbox.rules import MOST_COUNTED, by_scope
from server.casework.models import Case
from server.identity.models import Officer
from server.identity.rules import Actor, Permission
from server.identity.scope import agencies_in
from server.keyset import Page, cut, decode

_NOTHING = UUID(int=0)


@dataclass(frozen=True)
class NoticeRecord:
    """A notice as its reader sees it; ``by`` is the name of who did it, None for the system."""

    id: UUID
    kind: str
    at: datetime
    agency_id: UUID
    case_id: UUID | None
    case_no: str | None
    by_id: UUID | None
    by: str | None
    facts: Mapping[str, Any]
    read: bool


@dataclass(frozen=True)
class Unread:
    """How many notices are unread, counted up to 99; ``more``: there are more."""

    count: int
    more: bool


def unread(session: Session, actor: Actor) -> Unread:
    """Return the count of unread notices: one statement on three indexes, a hundred rows of each at most."""
    unseen = _chosen(actor, _unread_by(actor), limit=MOST_COUNTED + 1)
    found = session.execute(select(func.count()).select_from(unseen)).scalar_one()
    return Unread(min(found, MOST_COUNTED), found > MOST_COUNTED)


def notices(
    session: Session, actor: Actor, *, only_unread: bool = False, after: str | None = None, limit: int = 50
) -> Page[NoticeRecord]:
    """Return the notices of an officer, the newest first."""
    conditions = [_unread_by(actor)] if only_unread else []
    if after is not None:
        conditions.append(NoticeRow.id < decode(after))
    chosen = _chosen(actor, *conditions, limit=limit + 1, newest=True)
    rows = session.execute(
        select(NoticeRow, Case.case_no, Officer.name, _unread_by(actor))
        .join(chosen, chosen.c.id == NoticeRow.id)
        .outerjoin(Case, Case.id == NoticeRow.case_id)
        .outerjoin(Officer, Officer.id == NoticeRow.by_id)
        .order_by(NoticeRow.id.desc())
        .limit(limit + 1)
    ).all()
    return cut(rows, limit, lambda row: row[0].id, lambda row: _record(*row))


def notice_of(session: Session, actor: Actor, notice_id: UUID) -> NoticeRow | None:
    """Return a notice if it is for the officer."""
    chosen = _chosen(actor, NoticeRow.id == notice_id, limit=1)
    return session.scalars(select(NoticeRow).join(chosen, chosen.c.id == NoticeRow.id)).one_or_none()


def unread_ids(session: Session, actor: Actor, through: UUID | None, limit: int) -> Sequence[UUID]:
    """Return the oldest unread notices up to ``through`` (None: all), the oldest first."""
    conditions = [_unread_by(actor)]
    if through is not None:
        conditions.append(NoticeRow.id <= through)
    chosen = _chosen(actor, *conditions, limit=limit)
    return session.scalars(select(chosen.c.id).order_by(chosen.c.id).limit(limit)).all()


def newest_before(session: Session, actor: Actor, bound: UUID | None, settled: datetime) -> UUID | None:
    """Return the newest notice of an officer below ``bound`` (None: any) that was made before ``settled``."""
    conditions: list[ColumnElement[bool]] = [NoticeRow.at < settled, NoticeRow.id > _floor(actor)]
    if bound is not None:
        conditions.append(NoticeRow.id < bound)
    chosen = _chosen(actor, *conditions, limit=1, newest=True)
    return session.scalars(select(chosen.c.id).order_by(chosen.c.id.desc()).limit(1)).first()


def _chosen(actor: Actor, *conditions: ColumnElement[bool], limit: int, newest: bool = False) -> Subquery:
    """Return the ids of the first ``limit`` notices of every branch (or the last), each id once."""
    order = NoticeRow.id.desc() if newest else NoticeRow.id
    branches: list[Select[UUID]] = []
    for branch in _branches(actor):
        found = select(NoticeRow.id).where(branch, *conditions).order_by(order).limit(limit).subquery()
        branches.append(select(found.c.id))
    return union(*branches).subquery()


def _branches(actor: Actor) -> list[ColumnElement[bool]]:
    """Return what a notice for this officer looks like, one condition per index and scope."""
    # An officer who was moved to another town does not take the old town's cases along.
    anywhere = tuple({grant.agency_path for grant in actor.grants})
    branches = [and_(NoticeRow.officer_id == actor.officer_id, NoticeRow.agency_id.in_(agencies_in(anywhere)))]
    another = or_(NoticeRow.by_id.is_(None), NoticeRow.by_id != actor.officer_id)
    if actor.squad_id is not None and actor.may(Permission.DISPOSE_CASE):
        branches.append(and_(NoticeRow.squad_id == actor.squad_id, another))
    for scope, permissions in by_scope(actor).items():
        named = NoticeRow.permission.in_([permission.value for permission in permissions])
        branches.append(and_(named, NoticeRow.agency_id.in_(agencies_in(scope)), another))
    return branches


def _unread_by(actor: Actor) -> ColumnElement[bool]:
    seen = exists().where(NoticeRead.notice_id == NoticeRow.id, NoticeRead.officer_id == actor.officer_id)
    return and_(NoticeRow.id > _floor(actor), ~seen)


def _floor(actor: Actor) -> ColumnElement[UUID]:
    kept = select(InboxFloor.notice_id).where(InboxFloor.officer_id == actor.officer_id).scalar_subquery()
    return func.coalesce(kept, _NOTHING, type_=InboxFloor.notice_id.type)


def _record(row: NoticeRow, case_no: str | None, by: str | None, new: bool) -> NoticeRecord:  # noqa: FBT001 (a column)
    return NoticeRecord(
        id=row.id,
        kind=row.kind,
        at=row.at,
        agency_id=row.agency_id,
        case_id=row.case_id,
        case_no=case_no,
        by_id=row.by_id,
        by=by,
        facts=json.loads(row.facts),
        read=not new,
    )
