"""Reads of the ledger: the epoch, and a page of marks for the pull."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.ledger.models import CustodyEvent, Deployment, FeedMark, FeedScope


@dataclass(frozen=True)
class Mark:
    """One numbered mark of a scope."""

    scope: str
    seq: int
    entity_type: str
    entity_id: UUID
    version: str
    reason: str | None


@dataclass(frozen=True)
class ScopeState:
    """Head (last number given) and floor (numbers at or below were purged) of a scope."""

    head: int
    floor: int


def epoch(session: Session) -> str:
    """Return the epoch; the deployment row is made at start-up."""
    return session.execute(select(Deployment.epoch)).scalar_one()


def scope_states(session: Session, scopes: list[str]) -> dict[str, ScopeState]:
    """Return head and floor per scope; a scope in which nothing happened yet is at zero."""
    rows = session.execute(select(FeedScope.scope, FeedScope.head, FeedScope.floor).where(FeedScope.scope.in_(scopes)))
    known = {row.scope: ScopeState(row.head, row.floor) for row in rows}
    return {scope: known.get(scope, ScopeState(0, 0)) for scope in scopes}


def marks_after(session: Session, positions: Mapping[str, int], limit: int) -> list[Mark]:
    """Return up to ``limit`` marks of each scope after its position, in number order."""
    found: list[Mark] = []
    for scope, position in positions.items():
        rows = session.execute(
            select(
                FeedMark.scope,
                FeedMark.seq,
                FeedMark.entity_type,
                FeedMark.entity_id,
                FeedMark.version,
                FeedMark.reason,
            )
            .where(FeedMark.scope == scope, FeedMark.seq > position)
            .order_by(FeedMark.seq)
            .limit(limit)
        )
        found += [Mark(*row) for row in rows]
    return found


@dataclass(frozen=True)
class CustodyEntry:
    """One custody event, for the case page."""

    at: datetime
    kind: str
    actor_id: UUID | None
    install_id: UUID | None
    facts: str


def custody_of(session: Session, subject: tuple[str, str]) -> list[CustodyEntry]:
    """Return the events about ``subject`` in the order of their making."""
    rows = session.execute(
        select(CustodyEvent.at, CustodyEvent.kind, CustodyEvent.actor_id, CustodyEvent.install_id, CustodyEvent.facts)
        .where(CustodyEvent.subject_kind == subject[0], CustodyEvent.subject_id == subject[1])
        .order_by(CustodyEvent.id)
    )
    return [CustodyEntry(*row) for row in rows]
