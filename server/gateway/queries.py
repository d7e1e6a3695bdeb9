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

from server.gateway.models import InboxItem, ItemDecision, ItemRevision
from server.gateway.row_id import HELD, RowId
from server.identity.models import Install, Officer
from server.identity.scope import agencies_in
from server.keyset import Page
from server.problems import Problem, _
from sync.item import Key

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
        """Name the row in addresses."""
        return str(RowId(self.install_id, Key(self.item_id, self.fingerprint)))


@dataclass(frozen=True)
class Revision:
    """A repaired text beside the original."""

    revision: int
    body: str
    reason: str
    officer_id: UUID
    officer_name: str | None
    at: datetime


@dataclass(frozen=True)
class Decision:
    """What a person decided about the item; ``single_person`` where nobody else could confirm."""

    id: UUID
    action: str
    reason: str
    officer_id: UUID
    officer_name: str | None
    single_person: bool
    at: datetime


@dataclass(frozen=True)
class RawHeldItem:
    """An item with its raw text; bytes that are not UTF-8 appear as backslash codes.

    ``seen`` stands for the decisions known so far: who decides sends it back, and is told if others were faster.
    """

    item: HeldItem
    body: str
    size: int
    head: str
    signature: str | None
    revisions: tuple[Revision, ...]
    decisions: tuple[Decision, ...]

    @property
    def seen(self) -> str:
        """Return the token of the newest decision."""
        return str(self.decisions[-1].id) if self.decisions else ""

    @property
    def discard_proposed(self) -> bool:
        """Tell whether a proposal to discard the item waits for its confirmation."""
        return bool(self.decisions) and self.decisions[-1].action == "discard_proposed"


def quarantined(session: Session, scope: Sequence[str], after: str | None = None, limit: int = 50) -> Page[HeldItem]:
    """Return the quarantine of the agencies below ``scope``, newest first."""
    columns = (InboxItem.received_at, InboxItem.install_id, InboxItem.item_id, InboxItem.fingerprint)
    query = _items(scope).where(InboxItem.state.in_(HELD)).order_by(*(column.desc() for column in columns))
    if after is not None:
        query = query.where(tuple_(*columns) < _place(after))
    rows = session.execute(query.limit(limit + 1)).all()
    items = tuple(_item(row) for row in rows[:limit])
    return Page(items, _cursor(items[-1]) if len(rows) > limit else None)


def quarantined_item(session: Session, scope: Sequence[str], row_id: str) -> RawHeldItem:
    """Return one item that is or was in quarantine, with its raw text; raises not-found, also outside ``scope``."""
    name = RowId.read(row_id)
    decisions = _decisions(session, name)
    query = _items(scope).add_columns(InboxItem.body, InboxItem.head, InboxItem.signature).where(name.condition())
    row = session.execute(query).one_or_none()
    if row is None or (row.state not in HELD and not decisions):
        raise Problem("not-found")
    text = _readable(row.body)
    return RawHeldItem(_item(row), text, len(row.body), row.head, row.signature, _revisions(session, name), decisions)


def _decisions(session: Session, name: RowId) -> tuple[Decision, ...]:
    rows = session.execute(
        select(
            ItemDecision.id,
            ItemDecision.action,
            ItemDecision.reason,
            ItemDecision.officer_id,
            Officer.name,
            ItemDecision.single_person,
            ItemDecision.at,
        )
        .outerjoin(Officer, Officer.id == ItemDecision.officer_id)
        .where(
            ItemDecision.install_id == name.install_id,
            ItemDecision.item_id == name.key.item_id,
            ItemDecision.fingerprint == name.key.fingerprint,
        )
        .order_by(ItemDecision.id)
    )
    return tuple(Decision(*row) for row in rows)


def _revisions(session: Session, name: RowId) -> tuple[Revision, ...]:
    rows = session.execute(
        select(ItemRevision, Officer.name)
        .outerjoin(Officer, Officer.id == ItemRevision.officer_id)
        .where(
            ItemRevision.install_id == name.install_id,
            ItemRevision.item_id == name.key.item_id,
            ItemRevision.fingerprint == name.key.fingerprint,
        )
        .order_by(ItemRevision.revision)
    )
    return tuple(
        Revision(kept.revision, _readable(kept.body), kept.reason, kept.officer_id, officer_name, kept.at)
        for kept, officer_name in rows
    )


def _readable(body: bytes) -> str:
    return body.decode("utf-8", errors="backslashreplace")


def count_quarantined(session: Session, scope: Sequence[str]) -> int:
    """Return how many items are in quarantine below ``scope``."""
    counted = select(func.count()).select_from(InboxItem)
    return session.execute(
        counted.where(InboxItem.state.in_(HELD), InboxItem.agency_id.in_(agencies_in(scope)))
    ).scalar_one()


def _items(scope: Sequence[str]) -> Select[*tuple[Any, ...]]:
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
        .where(InboxItem.agency_id.in_(agencies_in(scope)))
    )


def _item(row: Any) -> HeldItem:  # noqa: ANN401 (a row of _held, with or without further columns)
    columns = [*row[:11], json.loads(row.outcome).get("problem", {})]
    return HeldItem(*columns)


def _cursor(item: HeldItem) -> str:
    return f"{(item.received_at - EPOCH) // MILLISECOND}.{item.row_id}"


def _place(cursor: str) -> tuple[datetime, UUID, UUID, str]:
    milliseconds, _dot, row_id = cursor.partition(".")
    try:
        name = RowId.read(row_id)
    except Problem as error:
        raise _bad_cursor() from error
    # Thirteen digits of milliseconds reach the year 2286; more would overflow a date.
    if not milliseconds.isdecimal() or len(milliseconds) > len("9999999999999"):
        raise _bad_cursor()
    return (EPOCH + int(milliseconds) * MILLISECOND, name.install_id, *name.key)


def _bad_cursor() -> Problem:
    return Problem("validation", errors={"after": [_("Must be a cursor from a previous page's next.")]})
