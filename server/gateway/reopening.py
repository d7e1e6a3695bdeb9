"""Opens settled items again whose verdict something that came later puts in question."""

import json
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import insert, tuple_, update
from sqlalchemy.orm import Session

from server.clock import now
from server.gateway.models import InboxItem
from server.ledger.models import ItemNeed
from server.ledger.operations import WOKEN
from sync.item import Key, State


def reopen(session: Session, install_id: UUID, keys: Sequence[Key], need: str) -> None:
    """Let these items wait for ``need``, which is at hand: they are interpreted again right after the commit.

    The caller holds the install's locks and has taken back what the items had brought about.
    """
    if not keys:
        return
    opened = (
        update(InboxItem)
        .where(
            InboxItem.install_id == install_id,
            tuple_(InboxItem.item_id, InboxItem.fingerprint).in_([tuple(key) for key in keys]),
        )
        .values(state=State.WAITING, outcome=json.dumps({"needs": [need]}), attempts=1)
    )
    session.execute(opened.execution_options(synchronize_session=False))
    moment = now()
    rows = [
        {"install_id": install_id, "item_id": item_id, "fingerprint": fingerprint, "key": need, "ready_at": moment}
        for item_id, fingerprint in keys
    ]
    session.execute(insert(ItemNeed), rows)
    session.info[WOKEN] = True
