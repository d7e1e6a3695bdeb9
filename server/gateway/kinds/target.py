"""Earlier items of the same install that an item names: what is stored of them, and whether they may still count.

All items of an install are interpreted under its lock, so that an item and the one that it names never miss each
other. Ids are names within one install: nothing is looked for anywhere else.
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.gateway.models import InboxItem
from server.problems import Problem
from sync.item import Item, State

# Kinds whose items neither open a case nor correct one.
NO_RECORD = frozenset({"task_event", "evidence", "shift", "track"})
_FINAL = frozenset({State.APPLIED, State.SUPERSEDED})


@dataclass(frozen=True)
class Stored:
    """What the inbox holds under an id: the content that counts."""

    fingerprint: str
    kind: str | None
    state: str


def stored(session: Session, install_id: UUID, item_id: UUID) -> Stored | None:
    """Return the primary content of an id of this install, None if nothing has come yet."""
    row = session.execute(
        select(InboxItem.fingerprint, InboxItem.kind, InboxItem.state).where(
            InboxItem.install_id == install_id, InboxItem.item_id == item_id, InboxItem.is_primary.is_(True)
        )
    ).one_or_none()
    return None if row is None else Stored(row.fingerprint, row.kind, row.state)


def demand_that_it_may_come(session: Session, item: Item, target: UUID, member: str, never: Collection[str]) -> None:
    """Raise ``validation``, naming ``member``, if ``target``, which has no effect yet, can never have one that fits.

    ``never`` are the kinds that do not fit. What has not come, or is not settled (an item in quarantine may be
    repaired), may be waited for.
    """
    if target == item.key.item_id:
        raise Problem("validation", errors={member: ["An item cannot name itself."]})
    held = stored(session, item.install_id, target)
    if held is not None and (held.kind in never or held.state in _FINAL):
        raise Problem("validation", errors={member: ["Names an item that opened no case and corrects none."]})


def numbers(session: Session, install_id: UUID, item_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return the ``dseq`` of items of an install; 0 for one whose head told none (repaired by a person)."""
    found = dict.fromkeys(item_ids, 0)
    rows = session.execute(
        select(InboxItem.item_id, InboxItem.dseq).where(
            InboxItem.install_id == install_id, InboxItem.item_id.in_(item_ids), InboxItem.is_primary.is_(True)
        )
    )
    return found | {row.item_id: row.dseq or 0 for row in rows}
