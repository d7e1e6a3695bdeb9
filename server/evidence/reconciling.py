"""Compares the photo rows with the store, in both directions, hash prefix by hash prefix.

A row without bytes: the photograph is lost; it raises an alarm and handsets that declared it are asked for it again.
Bytes without a row: one that an install has completely sent gets its row back; any other is told, and put among the
condemned on demand, from where the collector deletes it a day later unless somebody brings it. Interrupt it and
repeat it at any time: every finding is settled in a transaction of its own, after a second look.
"""

from collections import Counter
from dataclasses import dataclass, field

from photo_store.blobs import BlobMissing, BlobStore, original_key
from photo_store.fingerprint import digest
from photo_store.inspect_image import ImageFacts, ImageLimits, NotAnImage, PhotoTooLarge, inspect
from server.current import blobs
from server.db import read, transact
from server.evidence import pool
from server.evidence import strays as rows
from server.progress import Told, silent

_STAGE = "reconcile"
_PREFIXES = 256
MOST_LISTED = 1000


@dataclass
class Reconciled:
    """What was found; the lists of hashes end after the first thousand, ``counts`` do not.

    ``lost``: rows whose bytes are gone. ``found``: those that were lost and are back. ``adopted``: bytes that got
    their row back. ``strays``: bytes that nobody knows. ``condemned``: strays that the collector will delete.
    """

    counts: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    adopted: list[str] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)
    condemned: list[str] = field(default_factory=list)

    def note(self, what: str, sha256: str) -> None:
        """Count one hash under a heading."""
        self.counts[what] += 1
        listed: list[str] = getattr(self, what)
        if len(listed) < MOST_LISTED:
            listed.append(sha256)


def reconcile(told: Told = silent, *, remove: bool = False) -> Reconciled:
    """Compare everything and settle what differs; with ``remove`` the strays go too. Raises BlobUnavailable."""
    store, result = blobs(), Reconciled()
    for number in range(_PREFIXES):
        _reconcile_prefix(store, f"{number:02x}", result, remove=remove)
        told(_STAGE, number + 1, _PREFIXES)
    return result


def _reconcile_prefix(store: BlobStore, prefix: str, result: Reconciled, *, remove: bool) -> None:
    # Rows before bytes: what arrives in between has bytes first, and is no finding.
    known = read(rows.rows_of_prefix, prefix)
    stored = {key.rpartition("/")[2] for key in store.keys(f"original/{prefix}/")}
    for sha256, is_lost in known.items():
        if sha256 not in stored and not is_lost and not store.exists(original_key(sha256)):
            if transact(rows.note_lost, sha256):
                result.note("lost", sha256)
        elif sha256 in stored and is_lost and transact(rows.note_found, sha256):
            result.note("found", sha256)
    for sha256 in sorted(stored - set(known)):
        _settle_stray(store, sha256, result, remove=remove)


def _settle_stray(store: BlobStore, sha256: str, result: Reconciled, *, remove: bool) -> None:
    standing = read(rows.standing_of, sha256)
    if standing.has_row or standing.is_arriving:
        return
    try:
        size, image = _looked_at(store, sha256)
    except BlobMissing:
        return
    if standing.sender is not None and image is not None:
        if transact(rows.adopt, sha256, image, standing.sender):
            result.note("adopted", sha256)
        return
    result.note("strays", sha256)
    if remove and transact(pool.condemn_stray, sha256, size):
        result.note("condemned", sha256)


def _looked_at(store: BlobStore, sha256: str) -> tuple[int, ImageFacts | None]:
    """Return the size of a blob, and its facts if it is the photograph that its name says. Raises BlobMissing."""
    with store.open(original_key(sha256)) as original:
        found = digest(original)
        if found.sha256 != sha256:
            return found.size, None
        try:
            return found.size, inspect(original, ImageLimits(max_bytes=found.size))
        except (NotAnImage, PhotoTooLarge):
            return found.size, None
