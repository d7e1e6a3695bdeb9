"""The originals of a bundle: which of them the store has, asked before the first byte of the bundle leaves."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from photo_store.blobs import BlobMissing, BlobStore, original_key
from server.evidence.models import Photo
from server.evidence.records import EvidenceRecord
from server.evidence.serving import EXTENSIONS
from server.progress import Told

_BLOCK = 1024 * 1024


@dataclass(frozen=True)
class StoredPhoto:
    """What the database knows of an original; ``node``: the machine on which alone it waits for the store."""

    sha256: str
    media_type: str
    received_at: datetime
    node: str | None
    derived_recipe: str | None
    condemned_at: datetime | None
    deleting_at: datetime | None
    disposed_at: datetime | None


@dataclass(frozen=True)
class Original:
    """A photograph of the case: its file in the bundle and its bytes in the store, or why it is ``absent``."""

    sha256: str
    file: str | None
    size: int
    photo: StoredPhoto | None
    absent: str | None


def stored_photos(session: Session, hashes: Collection[str]) -> dict[str, StoredPhoto]:
    """Return what is known of these originals, by hash; those that never arrived are left out."""
    rows = session.execute(
        select(*(getattr(Photo, name) for name in StoredPhoto.__dataclass_fields__)).where(Photo.sha256.in_(hashes))
    )
    return {row.sha256: StoredPhoto(*row) for row in rows}


def look_up(
    shots: Iterable[EvidenceRecord], photos: Mapping[str, StoredPhoto], store: BlobStore, told: Told
) -> dict[str, Original]:
    """Return what the store has of each declared photograph, by hash. Raises BlobUnavailable."""
    wanted = {shot.sha256: shot for shot in shots}
    found: dict[str, Original] = {}
    for done, (sha256, shot) in enumerate(sorted(wanted.items()), 1):
        photo = photos.get(sha256)
        found[sha256] = _looked_up(sha256, photo, _absent(shot, photo), store)
        told("originals looked up", done, len(wanted))
    return found


def blocks(store: BlobStore, sha256: str) -> Iterator[bytes]:
    """Yield an original's bytes as they lie in the store. Raises BlobMissing, BlobUnavailable."""
    with store.open(original_key(sha256)) as stream:
        while block := stream.read(_BLOCK):
            yield block


def _looked_up(sha256: str, photo: StoredPhoto | None, absent: str | None, store: BlobStore) -> Original:
    if absent is not None or photo is None:
        return Original(sha256, None, 0, photo, absent)
    try:
        size = store.size(original_key(sha256))
    except BlobMissing:
        lost = "the photo store has lost it" if photo.node is None else f"it waits on {photo.node} for the photo store"
        return Original(sha256, None, 0, photo, lost)
    extension = EXTENSIONS.get(photo.media_type, "bin")
    return Original(sha256, f"originals/{sha256}.{extension}", size, photo, None)


def _absent(shot: EvidenceRecord, photo: StoredPhoto | None) -> str | None:
    if shot.disposed_at is not None or (photo is not None and photo.disposed_at is not None):
        return "it was lawfully disposed of"
    if photo is None or shot.present_at is None:
        return "it has not arrived from the handset"
    if photo.condemned_at is not None or photo.deleting_at is not None:
        return "the server lost it and waits for the handset to send it again"
    return None
