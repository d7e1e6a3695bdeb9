"""Dirty marks for the change feed: collected during an operation, numbered as its last statements.

The counter row of each scope is taken last and in sorted order, one number per mark. Every other way that was
tried (a sequence, updated_at, xmin, one number per transaction) lets a reader skip a row that commits late.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from sqlalchemy import Executable
from sqlalchemy.orm import Session

from server.base import table_of
from server.ledger.models import FeedMark, FeedScope
from server.upsert import dialect_of, insert_in

MOST_MARKS = 500
_KEY = "feed_marks"
# The rendezvous keys that this transaction has met; a savepoint's locks go with its rollback.
MET = "keys_met"
_mark, _scope = table_of(FeedMark), table_of(FeedScope)


@dataclass(frozen=True)
class Entity:
    """What a mark points at."""

    type: str
    id: UUID


def mark(session: Session, scope: str, entity: Entity, version: str, *, reason: str | None = None) -> None:
    """Note that ``entity`` changed for ``scope``; ``reason`` tells a drop's cause if it is out of sight by then."""
    session.info.setdefault(_KEY, {})[scope, entity] = (version, reason)


@contextmanager
def undoing(session: Session) -> Iterator[None]:
    """Take back the marks collected and the keys met inside when it is left by an exception, as a savepoint does."""
    before, met = dict(session.info.get(_KEY, {})), session.info.get(MET)
    try:
        yield
    except BaseException:
        session.info[_KEY], session.info[MET] = before, met
        raise


def marked_types(session: Session) -> set[str]:
    """Return the entity types that have been marked in this transaction, for the guard."""
    return {entity.type for _scope, entity in session.info.get(_KEY, ())}


def write_marks(session: Session) -> None:
    """Give the collected marks their numbers and write them; only transact calls this, last before COMMIT."""
    collected: dict[tuple[str, Entity], tuple[str, str | None]] = session.info.pop(_KEY, {})
    if len(collected) > MOST_MARKS:
        msg = f"{len(collected)} feed marks in one transaction: bulk work must be cut into chunks of {MOST_MARKS}"
        raise ValueError(msg)
    by_scope: dict[str, list[dict[str, object]]] = defaultdict(list)
    for (scope, entity), (version, reason) in collected.items():
        by_scope[scope].append(
            {"entity_type": entity.type, "entity_id": entity.id, "version": version, "reason": reason}
        )
    for scope in sorted(by_scope, key=str.encode):
        _write_scope(session, scope, by_scope[scope])


def _write_scope(session: Session, scope: str, rows: list[dict[str, object]]) -> None:
    dialect = dialect_of(session)
    head = session.execute(_counting(dialect), {"scope": scope, "head": len(rows), "floor": 0}).scalar_one()
    numbered = [{**row, "scope": scope, "seq": head - len(rows) + place} for place, row in enumerate(rows, start=1)]
    session.execute(_marking(dialect), numbered)


# Both are built once for each dialect, because every change of anything ends with them.


@cache
def _counting(dialect: str) -> Executable:
    """Return the statement that takes numbers of a scope; it answers the last one."""
    counted = insert_in(dialect, _scope)
    return counted.on_conflict_do_update(
        index_elements=[_scope.c.scope], set_={"head": _scope.c.head + counted.excluded.head}
    ).returning(_scope.c.head)


@cache
def _marking(dialect: str) -> Executable:
    """Return the statement that writes marks."""
    marks = insert_in(dialect, _mark)
    return marks.on_conflict_do_update(
        index_elements=[_mark.c.scope, _mark.c.entity_type, _mark.c.entity_id],
        set_={name: marks.excluded[name] for name in ("seq", "version", "reason")},
    )
