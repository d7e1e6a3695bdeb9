"""The server's books for the fleet's auditor, read from the tables and the blob store themselves.

Never through the API and never from counters: the auditor must see what is there, not what the server says.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from photo_store import BlobMissing, BlobStore, original_key
from photo_store.fingerprint import digest
from server.casework.models import Case, TaskEvent
from server.db import read
from server.evidence.models import Evidence
from server.gateway.models import InboxItem
from sync.fleet import Effect, InboxEntry

# Both databases bound the parameters of one statement.
_CHUNK = 500


class DatabaseBooks:
    """`sync.fleet.ServerBooks` on the running application's database and its blob store."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs

    def inbox(self, install_ids: Collection[str]) -> Sequence[InboxEntry]:
        """Return every inbox row of these installs."""
        return read(_inbox, install_ids)

    def effects(self, item_ids: Collection[str]) -> Sequence[Effect]:
        """Return the cases and task events that these items brought about."""
        return read(_effects, item_ids)

    def declared(self, item_ids: Collection[str]) -> Mapping[str, Collection[str]]:
        """Return the photo hashes of each item's evidence, expected or present."""
        return read(_declared, item_ids)

    def originals(self, hashes: Collection[str]) -> Mapping[str, str]:
        """Read every original to its end and return the hash of what was read; a missing one has no entry."""
        found = {}
        for sha256 in hashes:
            try:
                with self._blobs.open(original_key(sha256)) as original:
                    found[sha256] = digest(original).sha256
            except BlobMissing:
                continue
        return found


def _inbox(session: Session, install_ids: Collection[str]) -> list[InboxEntry]:
    columns = (
        InboxItem.item_id,
        InboxItem.fingerprint,
        InboxItem.install_id,
        InboxItem.state,
        InboxItem.is_primary,
    )
    return [
        InboxEntry(str(row.item_id), row.fingerprint, str(row.install_id), row.state, is_primary=row.is_primary)
        for row in _rows(session, columns, InboxItem.install_id, install_ids)
    ]


def _effects(session: Session, item_ids: Collection[str]) -> list[Effect]:
    cases = _rows(session, (Case.origin_item_id, Case.id, Case.state), Case.origin_item_id, item_ids)
    events = _rows(session, (TaskEvent.item_id, TaskEvent.id), TaskEvent.item_id, item_ids)
    return [
        *(Effect(str(row.origin_item_id), "case", str(row.id), row.state) for row in cases),
        *(Effect(str(row.item_id), "task_event", str(row.id)) for row in events),
    ]


def _declared(session: Session, item_ids: Collection[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for row in _rows(session, (Evidence.item_id, Evidence.sha256), Evidence.item_id, item_ids):
        found[str(row.item_id)].add(row.sha256)
    return dict(found)


def _rows(
    session: Session,
    columns: Sequence[InstrumentedAttribute[Any]],
    key: InstrumentedAttribute[UUID] | InstrumentedAttribute[UUID | None],
    ids: Iterable[str],
) -> Iterator[Any]:
    """Select ``columns`` of all rows whose ``key`` is among ``ids``, a chunk of ids at a time."""
    wanted = sorted(UUID(text) for text in set(ids))
    for start in range(0, len(wanted), _CHUNK):
        yield from session.execute(select(*columns).where(key.in_(wanted[start : start + _CHUNK])))
