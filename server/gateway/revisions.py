"""Repaired texts of items: people's words beside the original, which never changes."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from server.gateway.models import ItemRevision
from sync.item import Key


def newest_bodies(session: Session, items: Sequence[tuple[UUID, Key]]) -> dict[tuple[UUID, Key], bytes]:
    """Return the newest repaired text of those of ``items`` = (install, key) that a person repaired."""
    if not items:
        return {}
    identity = tuple_(ItemRevision.install_id, ItemRevision.item_id, ItemRevision.fingerprint)
    rows = session.execute(
        select(ItemRevision.install_id, ItemRevision.item_id, ItemRevision.fingerprint, ItemRevision.body)
        .where(identity.in_([(install_id, *key) for install_id, key in items]))
        .order_by(ItemRevision.revision)
    )
    return {(row.install_id, Key(row.item_id, row.fingerprint)): row.body for row in rows}
