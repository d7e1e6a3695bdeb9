"""What a backup says of itself: ``manifest.json``, written last, so that a folder without it is no backup.

    backup/manifest.json   this file: form, time, epoch, hashes of everything else
    backup/database/       the snapshot, taken first: one SQLite file, or one COPY text per table of PostgreSQL
    backup/blobs/ab/cd/…   every original that the snapshot names
    backup/blobs.sha256    their list; ``sha256sum --check blobs.sha256`` reads it too

Knows paths and hashes, no database.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from pathlib import Path

from photo_store.durable import fsync_folder, write_durably
from photo_store.fingerprint import digest, is_sha256
from server.safekeeping.errors import SafekeepingError

FORMAT = 1
NAME, DATABASE, BLOBS, BLOB_LIST = "manifest.json", "database", "blobs", "blobs.sha256"


@dataclass(frozen=True)
class Manifest:
    """``installs``: the last ``n`` that this backup holds without a gap, by install; only they are acknowledged twice.

    ``files``: SHA-256 by path of everything but blobs. ``lost``: originals that the operator declared lost.
    """

    created_at: str
    epoch: str
    dialect: str
    revision: str
    files: dict[str, str]
    blobs: int
    blob_bytes: int
    installs: dict[str, int]
    rows: dict[str, int]
    lost: list[str] = field(default_factory=list)
    format: int = FORMAT

    @property
    def taken(self) -> datetime:
        """Return when the snapshot was begun."""
        return datetime.fromisoformat(self.created_at)


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a backup. Raises SafekeepingError if there is none that this release understands."""
    try:
        found = json.loads((folder / NAME).read_text(encoding="utf-8"))
        known = {one.name for one in fields(Manifest)}
        manifest = Manifest(**{name: value for name, value in found.items() if name in known})
        readable = manifest.format == FORMAT and manifest.taken.tzinfo is not None
    except FileNotFoundError as error:
        raise SafekeepingError(f"{folder} holds no {NAME}: it is no finished backup. Choose another folder.") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise SafekeepingError(f"{folder / NAME} cannot be read ({error}). Choose another backup.") from error
    if not readable:
        raise SafekeepingError(f"{folder} was written in another form ({manifest.format}). Use a newer release.")
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write it durably into a folder that has none yet."""
    write_durably(folder / NAME, (json.dumps(asdict(manifest), indent=2, sort_keys=True) + "\n").encode())


def hashes_of(folder: Path) -> dict[str, str]:
    """Return SHA-256 by relative path of everything in a backup but blobs and manifest, and make it durable."""
    found = {}
    places = [folder / BLOB_LIST, *sorted((folder / DATABASE).iterdir())]
    for place in places:
        found[place.relative_to(folder).as_posix()] = _hash(place)
    fsync_folder(folder / DATABASE)
    return found


def check_files(folder: Path, manifest: Manifest) -> None:
    """Read everything but the blobs again. Raises SafekeepingError for what is missing or was changed."""
    for name, sha256 in manifest.files.items():
        place = folder / name
        if not place.is_file():
            raise SafekeepingError(f"{place} is missing from the backup. Choose another backup.")
        if _hash(place) != sha256:
            raise SafekeepingError(f"{place} is damaged: it has another SHA-256. Choose another backup.")


def blob_path(folder: Path, sha256: str) -> Path:
    """Return where a backup holds an original."""
    return folder / BLOBS / sha256[:2] / sha256[2:4] / sha256


def listed_blobs(folder: Path) -> Iterator[str]:
    """Return the hashes of all originals in a backup, one by one: there may be millions."""
    with (folder / BLOB_LIST).open(encoding="ascii") as lines:
        for line in lines:
            sha256 = line.split("  ", 1)[0]
            if not is_sha256(sha256):
                raise SafekeepingError(f"{folder / BLOB_LIST} holds no hash in the line {line[:80]!r}.")
            yield sha256


def _hash(place: Path) -> str:
    with place.open("rb") as stream:
        return digest(stream).sha256
