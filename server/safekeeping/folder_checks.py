"""The doctor's look at folders and files: photo store, free disk, backups, secret, and the worker's heartbeat."""

import io
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from sqlalchemy import make_url

from photo_store.blobs import BlobError, BlobMismatch, BlobStore
from server.base import uuid7
from server.clock import now
from server.config import Settings
from server.safekeeping.findings import Finding, green, red, yellow
from server.safekeeping.signs import backup_sign_of, heartbeat_of, read_sign

# Where `flask backup` puts a backup unless it is told another place.
BACKUPS = Path("var/backups")
DISK_FIX = "Check XUNCHA_BLOB_DIR: is it mounted, writable, and not full?"
_MB = 1024 * 1024
_SCARCE_MB, _RED_MB = 2048, 200
_SILENT = timedelta(minutes=3)
_OLD_BACKUP = timedelta(days=7)


def photo_store(store: BlobStore, fix: str = DISK_FIX) -> Iterator[Finding]:
    """Write, read, refuse to overwrite, delete: what every photograph needs. ``fix``: where it is set up."""
    key, content = f"doctor/{uuid7().hex}", b"doctor"
    try:
        store.put(key, io.BytesIO(content))
        with store.open(key) as stream:
            kept = stream.read() == content
        kept = kept and not _overwrites(store, key)
        store.delete(key)
        kept = kept and not store.exists(key)
    except BlobError as error:
        yield red("photo store", str(error), fix)
        return
    if kept:
        yield green("photo store", "writes, reads, refuses to overwrite, deletes")
    else:
        yield red("photo store", "gave back other bytes, or let itself be overwritten", "Use another store.")


def free_disk(chosen: Settings) -> Iterator[Finding]:
    """Free space where the product writes."""
    places = {"photo store": chosen.blob_dir, "spool": chosen.spool_dir, "queue": chosen.queue_file.parent}
    address = make_url(chosen.database_url)
    if address.get_backend_name() == "sqlite" and address.database:
        places["database"] = Path(address.database).parent
    for name, place in places.items():
        yield _free(f"disk of {name}", _existing(place.absolute()))


def backup_age(chosen: Settings) -> Iterator[Finding]:
    """How old the newest backup that was read again is."""
    taken = read_sign(backup_sign_of(chosen))
    alarming = red if chosen.production else yellow
    fix = "Run `flask backup` every day."
    if taken is None:
        yield alarming("backup", "none was ever made from here", fix)
        return
    age = now() - taken
    if age > _OLD_BACKUP:
        yield alarming("backup", f"the newest is {age.days} days old", fix)
    else:
        yield green("backup", f"the newest is {age.days * 24 + age.seconds // 3600} hours old")


def worker(chosen: Settings) -> Iterator[Finding]:
    """Whether the worker has shown itself within three minutes."""
    fix = "Start `flask work`; `flask up` starts it too."
    beaten = read_sign(heartbeat_of(chosen))
    if beaten is None:
        yield yellow("worker", "was never seen", fix)
        return
    if now() - beaten > _SILENT:
        yield red("worker", f"silent since {beaten.isoformat(timespec='seconds')}", fix)
    else:
        yield green("worker", "alive")


def secret(chosen: Settings) -> Iterator[Finding]:
    """Whether the secret is chosen, and kept where losing this machine does not lose it."""
    if chosen.secret_key:
        yield green("secret", "set")
    elif chosen.production:
        yield red("secret", "missing", "Set XUNCHA_SECRET_KEY, the same for all processes.")
    else:
        yield green("secret", "made once, beside the photo store; it is not in backups: keep a copy elsewhere")


def _overwrites(store: BlobStore, key: str) -> bool:
    if store.put(key, io.BytesIO(b"doctor")):
        return True
    try:
        store.put(key, io.BytesIO(b"another"))
    except BlobMismatch:
        return False
    return True


def _existing(place: Path) -> Path:
    """Return the place, or the nearest folder above it that is there already."""
    return place if place.exists() else _existing(place.parent)


def _free(name: str, place: Path) -> Finding:
    megabytes = shutil.disk_usage(place).free // _MB
    fix = f"Make room on the disk of {place}: handsets keep everything until there is some."
    if megabytes < _RED_MB:
        return red(name, f"{megabytes} MB free", fix)
    if megabytes < _SCARCE_MB:
        return yellow(name, f"{megabytes} MB free", fix)
    return green(name, f"{megabytes // 1024} GB free")
