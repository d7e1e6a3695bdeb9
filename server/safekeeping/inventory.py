"""The originals in a backup: linked from an earlier backup where it has them, else copied, and all read again.

Never linked with the store itself: a disk that damages the one would damage the other. Knows the blob store's port
and folders.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from photo_store.blobs import BlobMissing, BlobStore, BlobUnavailable, original_key
from photo_store.durable import fsync_folder
from photo_store.fingerprint import digest
from server.progress import Told
from server.safekeeping.errors import SafekeepingError
from server.safekeeping.manifest import BLOB_LIST, BLOBS, NAME, blob_path, listed_blobs

_EVERY = 64


@dataclass(frozen=True)
class Inventory:
    """How many originals a backup holds, of how many bytes."""

    count: int
    size: int


def newest_backup(folder: Path) -> Path | None:
    """Return the newest finished backup in a folder of backups."""
    found = [place.parent for place in folder.glob(f"*/{NAME}")]
    return max(found, key=lambda place: (place / NAME).stat().st_mtime, default=None)


def collect(store: BlobStore, wanted: list[str], folder: Path, earlier: Path | None, told: Told) -> Inventory:
    """Bring the originals ``wanted`` (hashes) into a backup and list them. Raises SafekeepingError, BlobUnavailable."""
    size = 0
    made: set[Path] = set()
    with (folder / BLOB_LIST).open("x", encoding="ascii", newline="\n") as listed:
        for done, sha256 in enumerate(wanted):
            if done % _EVERY == 0:
                told("originals", done, len(wanted))
            place = blob_path(folder, sha256)
            place.parent.mkdir(parents=True, exist_ok=True)
            made.add(place.parent)
            size += _bring(store, sha256, place, earlier)
            listed.write(f"{sha256}  {place.relative_to(folder).as_posix()}\n")
        listed.flush()
        os.fsync(listed.fileno())
    for lowest in sorted(made):
        fsync_folder(lowest)
    for above in sorted({place.parent for place in made} | {folder / BLOBS} if made else ()):
        fsync_folder(above)
    told("originals", len(wanted), len(wanted))
    return Inventory(len(wanted), size)


def check_blobs(folder: Path, told: Told, count: int) -> None:
    """Read all originals of a backup again. Raises SafekeepingError for the first that is missing or damaged."""
    seen = 0
    for seen, sha256 in enumerate(listed_blobs(folder), start=1):
        place = blob_path(folder, sha256)
        if _read(place, sha256) is None:
            raise SafekeepingError(f"{place} is missing or damaged. Take it from another backup, or choose that one.")
        if seen % _EVERY == 0:
            told("read again", seen, count)
    if seen != count:
        raise SafekeepingError(f"{folder / BLOB_LIST} lists {seen} originals, the manifest says {count}.")
    told("read again", seen, count)


def put_back(store: BlobStore, folder: Path, told: Told, count: int) -> list[str]:
    """Bring a backup's originals into the store; one that is damaged there is replaced. Return what was brought."""
    brought = []
    for done, sha256 in enumerate(listed_blobs(folder), start=1):
        key = original_key(sha256)
        if not is_sound(store, sha256):
            store.delete(key)
            with blob_path(folder, sha256).open("rb") as source:
                store.put(key, source, sha256=sha256)
            brought.append(sha256)
        if done % _EVERY == 0:
            told("originals", done, count)
    told("originals", count, count)
    return brought


def is_sound(store: BlobStore, sha256: str) -> bool:
    """Tell whether the store holds exactly these bytes. Raises BlobUnavailable."""
    try:
        with store.open(original_key(sha256)) as stream:
            return digest(stream).sha256 == sha256
    except BlobMissing:
        return False


def within_reach(store: BlobStore, hashes: list[str]) -> list[str]:
    """Return those originals that can be read from here; for the others the machine must be asked that holds them."""
    found = []
    for sha256 in hashes:
        with contextlib.suppress(BlobUnavailable):
            if is_sound(store, sha256):
                found.append(sha256)
    return found


def stored_originals(store: BlobStore) -> Iterator[str]:
    """Return the hash in the name of every original in the store."""
    for key in store.keys("original/"):
        yield key.rpartition("/")[2]


def _bring(store: BlobStore, sha256: str, place: Path, earlier: Path | None) -> int:
    """Link or copy one original, read it again, and return its size."""
    if earlier is not None:
        with contextlib.suppress(OSError):  # not there, another file system, or no links here: copied below
            os.link(blob_path(earlier, sha256), place)
            size = _read(place, sha256)
            if size is not None:
                return size
            place.unlink()  # ill in the earlier backup; the store may have it sound
    try:
        with store.open(original_key(sha256)) as source, place.open("xb") as sink:
            digest(source, sink.write)
            sink.flush()
            os.fsync(sink.fileno())
    except BlobMissing as error:
        raise SafekeepingError(f"The store lacks the original {sha256}. {_ADVICE}") from error
    size = _read(place, sha256)
    if size is None:
        raise SafekeepingError(f"The original {sha256} is damaged in the store. {_ADVICE}")
    return size


_ADVICE = "Put it back from an older backup; if nobody has it any more, go on with --lost and its hash."


def _read(place: Path, sha256: str) -> int | None:
    """Return the size of a file if it is what its name says."""
    try:
        with place.open("rb") as stream:
            found = digest(stream)
    except FileNotFoundError:
        return None
    return found.size if found.sha256 == sha256 else None
