"""The inbox as the case bundle reads it: stored texts with their signatures, by id, by number, by fingerprint.

Implements the port server/casework/bundle/inbox.py.
"""

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.orm import Session

from server.casework.bundle.inbox import ItemKey, Repair, SignedItem
from server.gateway.models import InboxItem, ItemRevision

_COLUMNS = (
    InboxItem.install_id,
    InboxItem.item_id,
    InboxItem.officer_id,
    InboxItem.fingerprint,
    InboxItem.dseq,
    InboxItem.kind,
    InboxItem.body,
    InboxItem.signature,
    InboxItem.received_at,
)
# Neither database takes lists of any length in one statement.
_AT_ONCE = 500


class StoredItems:
    """Reads of the inbox; of several contents under one id the primary one."""

    def named(self, session: Session, keys: Collection[ItemKey]) -> list[SignedItem]:
        """Return the items with these (install, id), each with its newest repair."""
        found: list[SignedItem] = []
        for some in _portions(sorted(keys)):
            found += _items(session, tuple_(InboxItem.install_id, InboxItem.item_id).in_(some))
        return found

    def numbered(self, session: Session, install_id: UUID, numbers: Collection[int]) -> list[SignedItem]:
        """Return an install's items with these dseq, one for each number that is here: a sound one, where there is."""
        by_number: dict[int | None, SignedItem] = {}
        for some in _portions(sorted(numbers)):
            for item in _items(session, InboxItem.install_id == install_id, InboxItem.dseq.in_(some)):
                by_number.setdefault(item.dseq, item)
        return list(by_number.values())

    def fingerprinted(self, session: Session, install_id: UUID, fingerprints: Collection[str]) -> list[SignedItem]:
        """Return an install's items with these fingerprints."""
        found: list[SignedItem] = []
        for some in _portions(sorted(fingerprints)):
            found += _items(session, InboxItem.install_id == install_id, InboxItem.fingerprint.in_(some))
        return found


def _portions(values: list[Any]) -> list[list[Any]]:
    return [values[begin : begin + _AT_ONCE] for begin in range(0, len(values), _AT_ONCE)]


def _items(session: Session, *wanted: ColumnElement[bool]) -> list[SignedItem]:
    rows = session.execute(
        select(*_COLUMNS)
        .where(InboxItem.is_primary, *wanted)
        # What is in quarantine may claim a number that is another item's.
        .order_by(InboxItem.install_id, InboxItem.dseq, InboxItem.state == "quarantined", InboxItem.n)
    ).all()
    repairs = _repairs(session, rows)
    return [SignedItem(*row, repair=repairs.get((row.install_id, row.item_id, row.fingerprint))) for row in rows]


def _repairs(session: Session, rows: Iterable[Any]) -> dict[tuple[UUID, UUID, str], Repair]:
    identity = tuple_(ItemRevision.install_id, ItemRevision.item_id, ItemRevision.fingerprint)
    keys = [(row.install_id, row.item_id, row.fingerprint) for row in rows]
    found = session.scalars(select(ItemRevision).where(identity.in_(keys)).order_by(ItemRevision.revision))
    return {
        (row.install_id, row.item_id, row.fingerprint): Repair(
            row.revision, row.body, row.reason, row.officer_id, row.at
        )
        for row in found
    }
