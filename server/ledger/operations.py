"""Writes of the ledger that other subjects' operations call within their own transaction."""

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.clock import now
from server.ledger.models import CustodyEvent, Deployment, Rendezvous
from server.upsert import insert


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
    session.add(
        CustodyEvent(
            at=now(),
            kind=kind,
            subject_kind=subject[0],
            subject_id=subject[1],
            agency_id=doer.agency_id,
            actor_id=doer.officer_id,
            install_id=doer.install_id,
            facts=json.dumps(facts or {}, ensure_ascii=False, sort_keys=True),
            salt=secrets.token_bytes(16),
        )
    )


def meet(session: Session, keys: Iterable[str]) -> None:
    """Insert and lock the rendezvous rows of ``keys`` in sorted order, before looking for the other side.

    Without it two concurrent transactions, one bringing a key and one waiting for it, each see the world before
    the other and miss each other for ever.
    """
    ordered = sorted(set(keys), key=str.encode)
    if not ordered:
        return
    session.execute(insert(session, Rendezvous).on_conflict_do_nothing(), [{"key": key} for key in ordered])
    # Row by row in our own order: FOR UPDATE over a set locks in the plan's order, which may deadlock.
    for key in ordered:
        session.execute(select(Rendezvous.key).where(Rendezvous.key == key).with_for_update())


def ensure_epoch(session: Session) -> str:
    """Return this database's epoch, making it on the first call."""
    fresh = insert(session, Deployment).values(id=1, epoch=secrets.token_hex(8), created_at=now())
    session.execute(fresh.on_conflict_do_nothing())
    return session.execute(select(Deployment.epoch)).scalar_one()
