"""Puts a backup back: checked first, loaded beside the present data, settled, and exchanged in one step.

Nothing that is there is deleted. Originals come first: until the exchange, a failure leaves the present database in
its place, and originals too many harm nobody.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from photo_store.blobs import BlobMissing, BlobStore, original_key, rendition_key
from photo_store.derive import RECIPE, RENDITIONS
from photo_store.fingerprint import is_sha256
from photo_store.inspect_image import ImageFacts, ImageLimits, NotAnImage, PhotoTooLarge, inspect
from server.casework.models import NumberSeries
from server.clock import now
from server.config import Settings
from server.current import blobs, settings, spooled_on
from server.db import db
from server.evidence.models import Photo
from server.launcher import LaunchError, demand_free_port
from server.progress import Told
from server.safekeeping.aftermath import Findings, Settled, forget_renditions, settle
from server.safekeeping.backup import collection_paused
from server.safekeeping.epoch import mark_neighbour
from server.safekeeping.errors import SafekeepingError
from server.safekeeping.holdings import settle_spooled, spooled_originals
from server.safekeeping.inventory import check_blobs, is_sound, put_back, stored_originals
from server.safekeeping.keepers import keeper_of
from server.safekeeping.manifest import DATABASE, Manifest, check_files, listed_blobs, read_manifest
from server.safekeeping.migrating import is_known


@dataclass(frozen=True)
class Restored:
    """What a restore did. ``aside``: where the former database lies. ``brought``: originals put into the store."""

    manifest: Manifest
    settled: Settled
    aside: str
    brought: int


def restore(folder: Path, told: Told) -> Restored:
    """Replace the database by the backup in ``folder`` and complete the store from it.

    Raises SafekeepingError (not a sound backup, or somebody still works), BlobUnavailable, OSError.
    """
    manifest = checked(folder, db.engine.dialect.name, told)
    with collection_paused(settings().blob_dir):
        _demand_stillness(settings())
        keeper = keeper_of(db.engine, now())
        series = _series_given(db.engine)
        db.engine.dispose()
        keeper.demand_alone()
        brought = put_back(blobs(), folder, told, manifest.blobs)
        findings = Findings(series, _strays(blobs(), folder, told), settings().timezone)

        def settle_all(session: Session) -> Settled:
            forget_renditions(session, _underived(session, blobs()))
            settle_spooled(session, *_places(spooled_originals(session), blobs()))
            return settle(session, manifest, findings, now())

        aside, settled = keeper.replace(folder / DATABASE, manifest.revision, settle_all)
        mark_neighbour()
    told("restored", 1, 1)
    return Restored(manifest, settled, aside, len(brought))


def checked(folder: Path, dialect: str, told: Told) -> Manifest:
    """Return the manifest of a backup all of whose files were read again. Raises SafekeepingError."""
    manifest = read_manifest(folder)
    if manifest.dialect != dialect:
        msg = f"This is a backup of {manifest.dialect}; XUNCHA_DATABASE_URL names {dialect}. There is no way across."
        raise SafekeepingError(msg)
    if not is_known(manifest.revision):
        msg = f"This backup is of a newer release (revision {manifest.revision}). Install that release first."
        raise SafekeepingError(msg)
    check_files(folder, manifest)
    check_blobs(folder, told, manifest.blobs)
    return manifest


def _demand_stillness(chosen: Settings) -> None:
    try:
        demand_free_port(chosen)
    except LaunchError as error:
        msg = f"Something answers on port {chosen.port}. Stop web server and worker before a restore."
        raise SafekeepingError(msg) from error


def _series_given(engine: Engine) -> dict[str, int]:
    """Return the numbers that the present database has given; nothing if it cannot be read, which may be why."""
    try:
        with Session(engine) as session:
            return dict(session.execute(select(NumberSeries.name, NumberSeries.last)).all())
    except SQLAlchemyError:
        return {}


def _strays(store: BlobStore, folder: Path, told: Told) -> dict[str, ImageFacts]:
    """Return the sound originals in the store that the backup does not know: they came after the snapshot."""
    known = set(listed_blobs(folder))
    found: dict[str, ImageFacts] = {}
    for sha256 in stored_originals(store):
        if sha256 not in known and is_sha256(sha256) and is_sound(store, sha256):
            image = _inspected(store, sha256)
            if image is not None:
                found[sha256] = image
    told("strays", len(found), len(found))
    return found


def _inspected(store: BlobStore, sha256: str) -> ImageFacts | None:
    try:
        with store.open(original_key(sha256)) as stream:
            return inspect(stream, ImageLimits())
    except (NotAnImage, PhotoTooLarge, BlobMissing):
        return None


def _places(hashes: list[str], store: BlobStore) -> tuple[set[str], dict[str, str]]:
    """Return which of these originals are in the store now, and which wait here because it is down, by machine."""
    waiting = {sha256: node for sha256 in hashes if (node := spooled_on(sha256)) is not None}
    stored = {sha256 for sha256 in hashes if sha256 not in waiting and store.exists(original_key(sha256))}
    return stored, waiting


def _underived(session: Session, store: BlobStore) -> Iterator[str]:
    """Return the originals that count as derived and whose renditions are not in the store."""
    for sha256 in session.scalars(select(Photo.sha256).where(Photo.derived_recipe.is_not(None))).all():
        if not all(store.exists(rendition_key(sha256, name, RECIPE)) for name in RENDITIONS):
            yield sha256
