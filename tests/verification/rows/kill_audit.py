"""The books of the street against the tables and the blob store themselves, never against what the server says."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, NullPool, create_engine, func, select, text
from verification.pictures import Shot
from verification.rows.kill_street import Books

from photo_store.blobs import original_key
from photo_store.disk import DiskBlobs
from photo_store.fingerprint import digest
from server.casework.models import Case
from server.config import Settings
from server.evidence.models import Evidence, Upload
from server.gateway.models import InboxItem
from server.identity.models import Install
from server.ledger.models import FeedMark, FeedScope

_MOST_SHOWN = 5


@contextmanager
def tables(settings: Settings) -> Iterator[Connection]:
    """Open the database; nothing stays open, or a killed server's log would not be recovered by the next one."""
    engine = create_engine(settings.database_url, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def audit(settings: Settings, street: Mapping[UUID, Books], reread: Iterable[Shot]) -> list[str]:
    """Return what is lost, doubled or untrue; ``reread`` are the photographs whose bytes are hashed again."""
    with tables(settings) as connection:
        found = [finding for install, books in street.items() for finding in _install(connection, install, books)]
        found += _feed(connection)
        if connection.dialect.name == "sqlite":
            told = connection.execute(text("PRAGMA quick_check")).scalar_one()
            found += [f"quick_check: {told}"] * (told != "ok")
    return found + list(_photographs(settings, reread))


def _install(connection: Connection, install: UUID, books: Books) -> Iterator[str]:
    stored = _stored(connection, install)
    yield from _some(
        "acknowledged and not stored",
        (item_id for item_id, told in books.acknowledged.items() if stored.get(item_id) != told),
    )
    yield from _some(
        "stored and never made", (item_id for item_id, (h, _) in stored.items() if books.made.get(item_id) != h)
    )
    count = connection.execute(select(Install.item_count).where(Install.id == install)).scalar_one()
    if sorted(n for _, n in stored.values()) != list(range(1, count + 1)):
        yield f"install {install}: numbers have a gap or are doubled, or its counter {count} is wrong"
    yield from _effects(connection, install, books)
    yield from _uploads(connection, install, books)


def _stored(connection: Connection, install: UUID) -> dict[str, tuple[str, int]]:
    rows = connection.execute(
        select(InboxItem.item_id, InboxItem.fingerprint, InboxItem.n).where(InboxItem.install_id == install)
    ).all()
    found = {str(row.item_id): (row.fingerprint, row.n) for row in rows}
    if len(found) != len(rows):
        found["an item id that is stored twice"] = ("", 0)
    return found


def _effects(connection: Connection, install: UUID, books: Books) -> Iterator[str]:
    applied = connection.execute(
        select(InboxItem.item_id).where(InboxItem.install_id == install, InboxItem.state == "applied")
    ).scalars()
    cases = connection.execute(select(Case.origin_item_id).where(Case.install_id == install)).scalars().all()
    effective, origins = {str(each) for each in applied}, {str(each) for each in cases}
    if len(origins) != len(cases):
        yield f"install {install}: a report became two cases"
    yield from _some("applied without a case, or a case without an applied item", effective ^ origins)
    yield from _some("applied and no sound report", effective - books.reports)


def _uploads(connection: Connection, install: UUID, books: Books) -> Iterator[str]:
    rows = connection.execute(
        select(Upload.id, Upload.sha256, Upload.offset_, Upload.length, Upload.state).where(
            Upload.install_id == install
        )
    )
    offsets, complete = {}, set()
    for row in rows:
        offsets[str(row.id)] = row.offset_
        if row.state == "complete" and row.offset_ == row.length:
            complete.add(row.sha256)
    yield from _some(
        "an offset that was told as durable is not reached",
        (
            f"{upload.path} {upload.told}"
            for upload in list(books.uploads.values())
            if upload.path is not None and offsets.get(upload.path.rpartition("/")[2], -1) < upload.told
        ),
    )
    yield from _some("delivered and not complete", set(books.delivered) - complete)
    missed = select(Evidence.sha256).where(Evidence.install_id == install, Evidence.present_at.is_(None))
    still_missed = set(connection.execute(missed).scalars())
    yield from _some("delivered and still missed by its case", still_missed & set(books.delivered))


def _feed(connection: Connection) -> Iterator[str]:
    last = select(FeedMark.scope, func.max(FeedMark.seq).label("seq")).group_by(FeedMark.scope).subquery()
    rows = connection.execute(
        select(FeedScope.scope, FeedScope.head, last.c.seq).join(last, last.c.scope == FeedScope.scope)
    )
    yield from _some("a feed's head is not its last mark", (row.scope for row in rows if row.head != row.seq))


def _photographs(settings: Settings, reread: Iterable[Shot]) -> Iterator[str]:
    store = DiskBlobs(Path(settings.blob_dir))
    for shot in reread:
        with store.open(original_key(shot.sha256)) as original:
            if digest(original).sha256 != shot.sha256:
                yield f"photograph {shot.sha256} was acknowledged and its bytes are others"


def _some(what: str, which: Iterable[str]) -> Iterator[str]:
    shown = list(islice(which, _MOST_SHOWN))
    if shown:
        yield f"{what}: {', '.join(shown)}"


def mirrored_cases(connection: Connection, officer_id: Any) -> dict[str, str]:  # noqa: ANN401 (a UUID column's value)
    """Return id and version of the cases that an officer's handset must show."""
    rows = connection.execute(select(Case.id, Case.version).where(Case.reporter_id == officer_id))
    return {str(row.id): row.version for row in rows}
