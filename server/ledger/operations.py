"""Writes of the ledger that other subjects' operations call within their own transaction."""

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, Executable, bindparam, select, update
from sqlalchemy import insert as plain_insert
from sqlalchemy.orm import Session

from server.base import table_of, uuid7
from server.clock import now
from server.ledger.marks import MET
from server.ledger.models import CustodyEvent, Deployment, ItemNeed, Rendezvous
from server.upsert import dialect_of, insert, insert_in

_CUSTODY = plain_insert(table_of(CustodyEvent))
_rendezvous, _need = table_of(Rendezvous), table_of(ItemNeed)
_LOCK = select(_rendezvous.c.key).where(_rendezvous.c.key == bindparam("key")).with_for_update()
_READY = (
    update(_need)
    .where(_need.c.key.in_(bindparam("keys", expanding=True)), _need.c.ready_at.is_(None))
    .values(ready_at=bindparam("moment"))
)


@dataclass(frozen=True)
class Doer:
    """Who did what custody records: an officer, on a handset or at a desk, for an agency."""

    agency_id: UUID | None = None
    officer_id: UUID | None = None
    install_id: UUID | None = None


def record(
    session: Session, kind: str, subject: tuple[str, str], doer: Doer, facts: Mapping[str, Any] | None = None
) -> None:
    """Record one custody event about ``subject`` = (kind, id); it cannot be invented later, so never skip it."""
    record_many(session, kind, [(subject, doer, facts or {})])


def record_many(session: Session, kind: str, events: Iterable[tuple[tuple[str, str], Doer, Mapping[str, Any]]]) -> None:
    """Record custody events of one kind, each about a subject by a doer with facts, as one statement."""
    moment = now()
    rows = [
        {
            "id": uuid7(),
            "at": moment,
            "kind": kind,
            "subject_kind": subject[0],
            "subject_id": subject[1],
            "agency_id": doer.agency_id,
            "actor_id": doer.officer_id,
            "install_id": doer.install_id,
            "facts": json.dumps(facts, ensure_ascii=False, sort_keys=True),
            "salt": secrets.token_bytes(16),
        }
        for subject, doer, facts in events
    ]
    if rows:
        session.execute(_CUSTODY, rows)


def meet(session: Session, keys: Iterable[str]) -> None:
    """Insert and lock the rendezvous rows of ``keys`` in sorted order, before looking for the other side.

    Without it two concurrent transactions, one bringing a key and one waiting for it, each see the world before
    the other and miss each other for ever. What was met in this transaction already is locked until its end.
    """
    ordered = sorted(set(keys), key=str.encode)
    ordered = [key for key in ordered if key not in _met(session)]
    if not ordered:
        return
    dialect = dialect_of(session)
    session.execute(_meeting(dialect), [{"key": key} for key in ordered])
    # Row by row in our own order: FOR UPDATE over a set locks in the plan's order, which may deadlock. SQLite has one
    # writer at a time, who holds everything already.
    for key in ordered if dialect == "postgresql" else ():
        session.execute(_LOCK, {"key": key})
    session.info[MET] = session.get_transaction(), _met(session) | set(ordered)


@cache
def _meeting(dialect: str) -> Executable:
    return insert_in(dialect, _rendezvous).on_conflict_do_nothing()


def _met(session: Session) -> frozenset[str]:
    """Return the keys that this very transaction has met."""
    transaction, keys = session.info.get(MET) or (None, frozenset())
    return cast("frozenset[str]", keys) if transaction is session.get_transaction() else frozenset()


WOKEN = "items_woken"
# Keys brought in this transaction: an item that began to wait earlier in it writes its needs only at its end.
BROUGHT = "keys_brought"


def bring(session: Session, keys: Iterable[str]) -> None:
    """Make the items ready that wait for one of ``keys``, in the transaction that brings what they wait for.

    The caller holds the lock under which a waiter writes its needs (the install's row, or the key's rendezvous).
    After commit `transact` tells the gateway, which interprets them in transactions of their own.
    """
    wanted = sorted(set(keys))
    if not wanted:
        return
    session.info.setdefault(BROUGHT, set()).update(wanted)
    woken = session.execute(_READY, {"keys": wanted, "moment": now()})
    if cast("CursorResult[Any]", woken).rowcount:
        session.info[WOKEN] = True


def ensure_epoch(session: Session) -> str:
    """Return this database's epoch, making it on the first call."""
    fresh = insert(session, Deployment).values(id=1, epoch=secrets.token_hex(8), created_at=now())
    session.execute(fresh.on_conflict_do_nothing())
    return session.execute(select(Deployment.epoch)).scalar_one()
