"""The scrubber: reads every original again and hashes it, the one that was checked longest ago first.

A disk that lies is found by nobody else until a court asks. Interrupt and repeat it at any time: what was checked is
noted page by page, and the next run goes on with the rest.
"""

import errno
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from zoneinfo import ZoneInfo

from photo_store.blobs import BlobMissing, BlobStore, original_key
from photo_store.fingerprint import digest
from server.clock import now
from server.current import blobs, node_name, settings
from server.db import read, transact
from server.evidence import scrubbed as rows
from server.evidence.presence import MISSING
from server.evidence.scrubbed import Checked
from server.jobs import periodic
from server.logs import log
from server.progress import Told, silent

_STAGE = "scrub"
_PAGE = 100
_UNREADABLE = "unreadable"
# Between these hours, local time, the disk has time. Four slices a night, so that 28 nights read everything.
_NIGHT = range(1, 5)
_SLICES = 28 * len(_NIGHT)
_SLICE_SECONDS = 50 * 60


@dataclass
class Scrubbed:
    """What a run read: how many originals of how many bytes; ``bad``: hash → finding; ``mended``: sound again."""

    checked: int = 0
    size: int = 0
    bad: dict[str, str] = field(default_factory=dict)
    mended: list[str] = field(default_factory=list)


def scrub(told: Told = silent, *, most: int | None = None, seconds: float | None = None) -> Scrubbed:
    """Check all originals that this machine can read, or the ``most`` that wait longest, or for so many ``seconds``.

    What differs raises ``photo_damaged`` or ``photo_lost``; the run is one custody event. Raises BlobUnavailable.
    """
    begun, until = now(), time.monotonic() + seconds if seconds is not None else None
    waiting = read(rows.count_waiting, begun, node_name())
    total = waiting if most is None else min(most, waiting)
    result = Scrubbed()
    try:
        while (page := _page(begun, total - result.checked)) and (until is None or time.monotonic() < until):
            _check(page, result, told, total)
    finally:
        if result.checked:
            transact(rows.tell, result.checked, result.size, result.bad, result.mended)
            log.info("photos-scrubbed", checked=result.checked, bad=len(result.bad), mended=len(result.mended))
    return result


@periodic(minutes=60)
def scrub_slice() -> None:
    """Check a slice at night, so that every original is read again within a month."""
    if now().astimezone(ZoneInfo(settings().timezone)).hour in _NIGHT:
        stored = read(rows.count_waiting, now(), node_name())
        scrub(most=ceil(stored / _SLICES), seconds=_SLICE_SECONDS)


def _page(begun: datetime, most: int) -> list[str]:
    return read(rows.waiting, begun, node_name(), min(_PAGE, most)) if most > 0 else []


def _check(page: list[str], result: Scrubbed, told: Told, total: int) -> None:
    done: list[Checked] = []
    try:
        for checked in _hashed(blobs(), page):
            done.append(checked)
            told(_STAGE, result.checked + len(done), total)
    finally:
        # Also what was read before the store went away, or before Ctrl-C.
        result.mended += transact(rows.note_checked, done) if done else []
        result.checked += len(done)
        result.size += sum(checked.size for checked in done)
        result.bad |= {checked.sha256: checked.damage for checked in done if checked.damage is not None}


def _hashed(store: BlobStore, page: list[str]) -> Iterator[Checked]:
    for sha256 in page:
        try:
            with store.open(original_key(sha256)) as original:
                found = digest(original)
        except BlobMissing:
            yield Checked(sha256, 0, MISSING)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            yield Checked(sha256, 0, _UNREADABLE)
        else:
            yield Checked(sha256, found.size, None if found.sha256 == sha256 else found.sha256)
