"""Makes a backup: snapshot first, then what it names, read back from a temporary place, and only then promised."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy.orm import Session

from photo_store.durable import fsync_folder
from server.clock import now, stamp
from server.current import blobs, settings
from server.db import db, transact
from server.ledger.queries import epoch
from server.progress import Told
from server.safekeeping.epoch import settle_epoch
from server.safekeeping.errors import SafekeepingError
from server.safekeeping.holdings import held, named_originals, raise_backed_up, rows, spooled_originals
from server.safekeeping.inventory import check_blobs, collect, newest_backup, within_reach
from server.safekeeping.keepers import keeper_of
from server.safekeeping.manifest import DATABASE, Manifest, check_files, hashes_of, write_manifest
from server.safekeeping.migrating import newest_revision, revision_of
from server.safekeeping.signs import backup_sign_of, give_sign

_INSTALLS_AT_ONCE = 200


@dataclass(frozen=True)
class _Reading:
    """What the restored copy said."""

    epoch: str
    installs: dict[str, int]
    originals: list[str]
    rows: dict[str, int]


def make_backup(target: Path, told: Told, lost: frozenset[str] = frozenset()) -> Manifest:
    """Make the backup ``target`` (a new folder) and raise ``backed_up_through`` to what it holds.

    ``lost``: hashes of originals that nobody has any more. Raises SafekeepingError, BlobError, OSError; then no
    promise was raised, and what was begun stands in ``<target>.partial`` until the next run removes it.
    """
    if target.exists():
        raise SafekeepingError(f"{target} is there already. Choose another folder; a backup is never overwritten.")
    with collection_paused(settings().blob_dir):
        partial = _begun(target)
        manifest = _fill(partial, told, lost)
        check_files(partial, manifest)
        check_blobs(partial, told, manifest.blobs)
        write_manifest(partial, manifest)
        partial.rename(target)
        fsync_folder(target.parent)
    _promise(manifest)
    give_sign(backup_sign_of(settings()), manifest.taken)
    told("promised", 1, 1)
    return manifest


@contextmanager
def collection_paused(blob_dir: Path) -> Iterator[None]:
    """Hold the marker file beside the blob folder: who collects originals takes the same lock, and waits.

    Also keeps a second backup away. Raises SafekeepingError if one is running.
    """
    marker = blob_dir.absolute().with_name(f"{blob_dir.name}.backup-lock")
    handle = os.open(marker, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise SafekeepingError("Another backup or restore is running. Wait until it has ended.") from error
    finally:
        os.close(handle)


def _begun(target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in target.parent.glob("*.partial"):
        shutil.rmtree(left)  # of a run that was killed: we hold the lock, so nobody writes there
    partial = target.with_name(f"{target.name}.partial")
    partial.mkdir()
    return partial


def _fill(partial: Path, told: Told, lost: frozenset[str]) -> Manifest:
    """Bring snapshot and originals into the folder; all numbers come from the copy, restored to another place."""
    revision = newest_revision()
    if revision_of(db.engine) != revision:
        raise SafekeepingError("The database is not in this release's form. Run `flask prepare` first.")
    keeper, begun = keeper_of(db.engine, now()), now()
    keeper.snapshot(partial / DATABASE)
    settle_epoch()  # from here on a hand that puts the snapshot back by itself is noticed
    told("snapshot", 1, 1)
    with (
        keeper.opened(partial / DATABASE, revision, partial / "reading") as engine,
        Session(engine) as session,
    ):
        found = _Reading(
            epoch=epoch(session),
            installs={str(install): last for install, last in held(session, begun).items()},
            originals=[sha256 for sha256 in named_originals(session) if sha256 not in lost]
            + within_reach(blobs(), spooled_originals(session)),
            rows=rows(session),
        )
    told("read back", 1, 1)
    inventory = collect(blobs(), found.originals, partial, newest_backup(partial.parent), told)
    return Manifest(
        created_at=stamp(begun),
        epoch=found.epoch,
        dialect=keeper.dialect,
        revision=revision,
        files=hashes_of(partial),
        blobs=inventory.count,
        blob_bytes=inventory.size,
        installs=found.installs,
        rows=found.rows,
        lost=sorted(lost),
    )


def _promise(manifest: Manifest) -> None:
    """Raise the promise in small transactions: each holds the rows of its installs, whose pushes wait meanwhile."""
    installs = sorted((UUID(install), last) for install, last in manifest.installs.items())
    for first in range(0, len(installs), _INSTALLS_AT_ONCE):
        transact(raise_backed_up, dict(installs[first : first + _INSTALLS_AT_ONCE]), manifest.epoch)
