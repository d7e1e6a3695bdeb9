"""Receipts: the outcomes of items that changed after their push was answered, for the officer who recorded them."""

import json
from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from server.gateway.models import InboxItem
from server.gateway.opened import told
from server.identity.rules import Handset
from sync.item import State

_item = InboxItem.__table__.c
_RECEIPTS = select(_item.item_id, _item.fingerprint, _item.version, _item.state, _item.n, _item.outcome).where(
    _item.install_id == bindparam("install_id"),
    _item.item_id.in_(bindparam("ids", expanding=True)),
    _item.is_primary,
    _item.officer_id == bindparam("officer_id"),
    _item.version.is_not(None),
)


def receipts(session: Session, asking: Handset, item_ids: Collection[UUID]) -> dict[UUID, tuple[str, dict[str, Any]]]:
    """Return (version, data) by item id. A colleague's items on the same handset have none here."""
    if not item_ids:
        return {}
    facts = {"install_id": asking.install_id, "officer_id": asking.officer_id, "ids": list(item_ids)}
    rows = session.execute(_RECEIPTS, facts).all()
    return {
        row.item_id: (
            row.version,
            {"item_id": str(row.item_id), "h": row.fingerprint, "n": row.n, **_outcome(row.state, row.outcome)},
        )
        for row in rows
    }


def _outcome(state: str, outcome: str) -> dict[str, Any]:
    """Return state and members as a push answers them."""
    members = told(State(state), outcome)
    # A problem may quote half a surrogate pair that the handset sent, which no answer can carry.
    sound: dict[str, Any] = json.loads(json.dumps(members, ensure_ascii=False).encode("utf-8", "replace"))
    return sound
