"""What a bundle needs of the inbox: the texts as handsets signed them. A port, because the inbox lies above casework.

The gateway implements it (server/gateway/signed_items.py) and the application is put together with it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from flask import current_app
from sqlalchemy.orm import Session

ItemKey = tuple[UUID, UUID]  # install, item


@dataclass(frozen=True)
class Repair:
    """A person's newest text for an item that could not be read as it came; the signed one never changes."""

    revision: int
    body: bytes
    reason: str
    officer_id: UUID
    at: datetime


@dataclass(frozen=True)
class SignedItem:
    """An item as stored. ``body`` is exactly what was signed, and empty once its content was purged."""

    install_id: UUID
    item_id: UUID
    officer_id: UUID
    fingerprint: str
    dseq: int | None
    kind: str | None
    body: bytes
    signature: str | None
    received_at: datetime
    repair: Repair | None = None


class Inbox(Protocol):
    """Reads of stored items; of several contents under one id only the primary one."""

    def named(self, session: Session, keys: Collection[ItemKey]) -> list[SignedItem]:
        """Return the items with these (install, id), each with its newest repair."""
        ...

    def numbered(self, session: Session, install_id: UUID, numbers: Collection[int]) -> list[SignedItem]:
        """Return an install's items with these dseq, one for each number that is here."""
        ...

    def fingerprinted(self, session: Session, install_id: UUID, fingerprints: Collection[str]) -> list[SignedItem]:
        """Return an install's items with these fingerprints."""
        ...


def inbox() -> Inbox:
    """Return the inbox of the running application."""
    held: Inbox = current_app.extensions["xuncha_inbox"]
    return held
