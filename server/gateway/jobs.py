"""What the worker does for the gateway: finish interpretations that were left, clear away expired uploads."""

import time
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from photo_store.disk import DiskBlobs
from server.clock import now
from server.current import blobs, settings
from server.db import read, transact
from server.evidence.uploads import forget_expired
from server.gateway.inbox import DatabaseInbox
from server.gateway.left import finish_left
from server.gateway.models import InboxItem
from server.gateway.upload_ledger import upload_engine
from server.jobs import periodic
from server.logs import log
from sync.engine import interpret
from sync.item import Key, State

_AT_ONCE = 500
_PATIENCE_SECONDS = 50.0
# A request may still hold an upload in the moment it expires; none takes a day.
_GRACE = timedelta(days=1)


def waiting_items(session: Session) -> list[Key]:
    """Return the oldest items that wait for something."""
    rows = session.execute(
        select(InboxItem.item_id, InboxItem.fingerprint)
        .where(InboxItem.state == State.WAITING)
        .order_by(InboxItem.received_at)
        .limit(_AT_ONCE)
    )
    return [Key(row.item_id, row.fingerprint) for row in rows]


@periodic(minutes=1)
def finish_interpretations() -> None:
    """Finish what requests left; the handsets concerned may not come back today."""
    finish_left(patience=_PATIENCE_SECONDS)


@periodic(minutes=1)
def retry_waiting() -> None:
    """Look again at items that wait for a task or for a kind that only a newer release knows."""
    interpret(DatabaseInbox(), read(waiting_items), until=time.monotonic() + _PATIENCE_SECONDS)


@periodic(minutes=60)
def sweep_uploads() -> None:
    """Remove rows and segment files of uploads that expired a day ago, and files that killed writers left."""
    lasting = timedelta(days=settings().upload_days)
    transact(forget_expired, now() - _GRACE)
    removed = upload_engine().sweep((lasting + _GRACE).total_seconds())
    store = blobs()
    if isinstance(store, DiskBlobs):
        removed += store.sweep()
    if removed:
        log.info("uploads-swept", files=removed)
