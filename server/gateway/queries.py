"""Reads of the inbox for people: the quarantine, item by item, with the raw text as it arrived.

Quarantine holds what could not be applied (``quarantined``) and the second content of an id (``conflict``).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import Session

from server.evidence.scope import agencies_in
from server.gateway.models import InboxItem
from server.identity.models import Install, Officer
from server.keyset import Page
from server.problems import Problem, _

HELD = ("quarantined", "conflict")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class HeldItem:
    """One item in quarantine. ``problem`` is the body of the problem that its sender was told."""

    item_id: UUID
    fingerprint: str
    state: str
    kind: str | None
    n: int
    dseq: int | None
    received_at: datetime
    install_id: UUID
    install_label: str | None
    officer_id: UUID
    officer_name: str | None
    problem: dict[str, Any]

    @property
    def row_id(self) -> str:
        """Name the row in addresses: neither the client's id nor the fingerprint alone is unique."""
        return f"{self.item_id}.{self.fingerprint}"


@dataclass(frozen=True)
class RawHeldItem:
    """An item in quarantine with its raw text; bytes that are not UTF-8 appear as backslash codes."""

    item: HeldItem
    body: str
    size: int
    head: str
    signature: str | None


def quarantined(session: Session, scope: Sequence[str], after: str | None = None, limit: int = 50) -> Page[HeldItem]:
    """Return the quarantine of the agencies below ``scope``, newest first."""
    order = tuple_(InboxItem.received_at, InboxItem.item_id, InboxItem.fingerprint)
    query = _held(scope).order_by(InboxItem.received_at.desc(), InboxItem.item_id.desc(), InboxItem.fingerprint.desc())
    if after is not None:
        query = query.where(order < _place(after))
    rows = session.execute(query.limit(limit + 1)).all()
    items = tuple(_item(row) for row in rows[:limit])
    return Page(items, _cursor(items[-1]) if len(rows) > limit else None)


def quarantined_item(session: Session, scope: Sequence[str], row_id: str) -> RawHeldItem:
    """Return one item of the quarantine with its raw text; raises not-found, also outside ``scope``."""
    identity = _identity(row_id)
    if identity is None:
        raise Problem("not-found")
    query = _held(scope).add_columns(InboxItem.body, InboxItem.head, InboxItem.signature)
    named = query.where(InboxItem.item_id == identity[0], InboxItem.fingerprint == identity[1])
    row = session.execute(named).one_or_none()
    if row is None:
        raise Problem("not-found")
    text = row.body.decode("utf-8", errors="backslashreplace")
    return RawHeldItem(_item(row), text, len(row.body), row.head, row.signature)


def count_quarantined(session: Session, scope: Sequence[str]) -> int:
    """Return how many items are in quarantine below ``scope``."""
    counted = select(func.count()).select_from(InboxItem)
    return session.execute(
        counted.where(InboxItem.state.in_(HELD), InboxItem.agency_id.in_(agencies_in(scope)))
    ).scalar_one()


def _held(scope: Sequence[str]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            InboxItem.item_id,
            InboxItem.fingerprint,
            InboxItem.state,
            InboxItem.kind,
            InboxItem.n,
            InboxItem.dseq,
            InboxItem.received_at,
            InboxItem.install_id,
            Install.label,
            InboxItem.officer_id,
            Officer.name,
            InboxItem.outcome,
        )
        .outerjoin(Install, Install.id == InboxItem.install_id)
        .outerjoin(Officer, Officer.id == InboxItem.officer_id)
        .where(InboxItem.state.in_(HELD), InboxItem.agency_id.in_(agencies_in(scope)))
    )


def _item(row: Any) -> HeldItem:  # noqa: ANN401 (a row of _held, with or without further columns)
    columns = [*row[:11], json.loads(row.outcome).get("problem", {})]
    return HeldItem(*columns)


def _cursor(item: HeldItem) -> str:
    return f"{(item.received_at - EPOCH) // MILLISECOND}.{item.row_id}"


def _place(cursor: str) -> tuple[datetime, UUID, str]:
    milliseconds, _dot, row_id = cursor.partition(".")
    identity = _identity(row_id)
    # Thirteen digits of milliseconds reach the year 2286; more would overflow a date.
    if identity is None or not milliseconds.isdecimal() or len(milliseconds) > len("9999999999999"):
        raise Problem("validation", errors={"after": [_("Must be a cursor from a previous page's next.")]})
    return (EPOCH + int(milliseconds) * MILLISECOND, *identity)


def _identity(row_id: str) -> tuple[UUID, str] | None:
    item_id, _dot, fingerprint = row_id.partition(".")
    try:
        return UUID(item_id), fingerprint
    except ValueError:
        return None
