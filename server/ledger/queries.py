"""Reads of the ledger: the epoch, and a page of marks for the pull."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from server.ledger.models import CustodyEvent, Deployment, FeedMark


@dataclass(frozen=True)
class Mark:
    """One numbered mark of a scope."""

    scope: str
    seq: int
    entity_type: str
    entity_id: UUID
    version: str
    reason: str | None


_mark = FeedMark.__table__.c
# Executed by every pull that finds something: columns of the bare table, written once, no entities.
_MARKS = (
    select(_mark.scope, _mark.seq, _mark.entity_type, _mark.entity_id, _mark.version, _mark.reason)
    .where(_mark.scope == bindparam("scope"), _mark.seq > bindparam("position"))
    .order_by(_mark.seq)
    .limit(bindparam("most"))
)
_REASONS = select(_mark.entity_type, _mark.entity_id, _mark.reason).where(
    _mark.scope.in_(bindparam("scopes", expanding=True)),
    _mark.entity_type.in_(bindparam("types", expanding=True)),
    _mark.entity_id.in_(bindparam("ids", expanding=True)),
    _mark.reason.is_not(None),
)


def epoch(session: Session) -> str:
    """Return the epoch; the deployment row is made at start-up."""
    return session.execute(select(Deployment.epoch)).scalar_one()


def marks_after(session: Session, positions: Mapping[str, int], limit: int) -> list[Mark]:
    """Return up to ``limit`` marks of each scope after its position, in number order."""
    found: list[Mark] = []
    for scope, position in positions.items():
        rows = session.execute(_MARKS, {"scope": scope, "position": position, "most": limit})
        found += [Mark(*row) for row in rows]
    return found


def drop_reasons(
    session: Session, scopes: Sequence[str], entities: Iterable[tuple[str, UUID]]
) -> dict[tuple[str, UUID], str]:
    """Return why entities = (type, id) left these scopes, for those whose mark says it."""
    wanted = set(entities)
    if not wanted:
        return {}
    facts = {
        "scopes": list(scopes),
        "types": sorted({kind for kind, _ in wanted}),
        "ids": [entity_id for _, entity_id in wanted],
    }
    rows = session.execute(_REASONS, facts)
    found = {(row.entity_type, row.entity_id): str(row.reason) for row in rows}
    return {entity: reason for entity, reason in found.items() if entity in wanted}


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
