"""Compares (id, fingerprint) pairs of a handset with the inbox. Purged content still counts as stored."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.gateway.models import InboxItem

MOST_ITEMS = 1000


@dataclass(frozen=True)
class Verified:
    """Ids as the handset wrote them: ``need`` is not stored with that content; ``conflict`` lost its id to another.

    An id may be in both: its content must be pushed, and will be answered as a conflict.
    """

    need: list[str]
    conflict: list[str]


def verified(session: Session, install_id: UUID, pairs: Sequence[tuple[str, str]]) -> Verified:
    """Compare at most MOST_ITEMS pairs in one statement; an unreadable id is simply not stored."""
    ids = {text: item_id for text, _fingerprint in pairs if (item_id := _uuid(text)) is not None}
    stored: dict[UUID, dict[str, bool]] = defaultdict(dict)
    if ids:
        rows = session.execute(
            select(InboxItem.item_id, InboxItem.fingerprint, InboxItem.is_primary).where(
                InboxItem.install_id == install_id, InboxItem.item_id.in_(set(ids.values()))
            )
        )
        for row in rows:
            stored[row.item_id][row.fingerprint] = row.is_primary
    need, conflict = [], []
    for text, fingerprint in dict.fromkeys(pairs):
        contents = stored.get(ids[text], {}) if text in ids else {}
        if fingerprint not in contents:
            need.append(text)
        if any(primary and other != fingerprint for other, primary in contents.items()):
            conflict.append(text)
    return Verified(need, conflict)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
