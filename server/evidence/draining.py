"""What waited on this machine while the store was down moves into it: the bytes first, then the rows.

Every minute, and at once when a process finds that the store answers again. Safe to interrupt and to repeat: bytes
that were moved and whose row still says ``spooled`` are found by the row, whoever moved them.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from photo_store.blobs import BlobMismatch, BlobUnavailable, original_key
from photo_store.spooling import SpoolingBlobs
from server.clock import now
from server.current import node_name, settings, spooling, store_parts
from server.db import read, transact
from server.evidence.models import Photo
from server.evidence.presence import is_on_a_silent_node
from server.evidence.strays import note_lost
from server.jobs import job, periodic
from server.ledger.alarms import raise_alarm
from server.logs import log
from server.progress import Told, silent

DEPLOYMENT = "deployment"
MOST_AT_ONCE = 2000
# So many blobs are moved before their rows are corrected: a long drain that breaks off leaves few for the next.
_EVERY = 50
# Nobody writes this key: only the store's answer counts.
_NOTHING = "check/alive"


@job
def drain_waiting() -> None:
    """Empty this machine's spool; asked for when the store answers again."""
    drain(silent)


@periodic(minutes=1)
def drain_spool() -> None:
    """Empty this machine's spool, and raise the alarm while the store does not answer."""
    drain(silent)


@periodic(minutes=10)
def sweep_spool() -> None:
    """Keep the copies of renditions within their bounds; remove files that killed processes left in the spool."""
    parts = store_parts()
    gone = parts.cache.sweep() if parts.cache else 0
    gone += parts.spool.local.sweep() if parts.spool else 0
    if gone:
        log.info("copies-swept", files=gone)


def drain(told: Told) -> int:
    """Move all that waits here into the store and note it; return how many blobs were moved.

    Zero with a disk store, while another process drains, or while the store does not answer (which is an alarm).
    """
    spool = spooling()
    if spool is None:
        return 0
    with _alone(settings().blob_dir) as mine:
        if not mine:
            return 0
        try:
            moved = _drain(spool, told)
            while _settle(spool):
                pass
        except BlobUnavailable as error:
            log.warning("store-unreachable", error=str(error))
            transact(raise_alarm, "store_unreachable", DEPLOYMENT, {"node": node_name(), "says": str(error)})
            return 0
    if moved:
        log.info("spool-drained", blobs=moved)
    return moved


def _drain(spool: SpoolingBlobs, told: Told) -> int:
    """Ask the store whether it answers, then move what waits; what cannot be moved is an alarm of its own."""
    abilities = store_parts().abilities
    if abilities is not None:
        abilities()
    spool.exists(_NOTHING)
    waited = len(spool.all_waiting())

    def settling(stage: str, done: int, of: int) -> None:
        told(stage, done, of)
        if done % _EVERY == 0:
            _settle(spool)

    try:
        return spool.drain(settling) if waited else 0
    except BlobMismatch as refusal:
        left = spool.all_waiting()
        transact(raise_alarm, "photo_damaged", f"node:{node_name()}", {"waiting": left[:10], "says": str(refusal)})
        return max(0, waited - len(left))


def _settle(spool: SpoolingBlobs) -> int:
    """Note for rows that say they wait here whether their bytes are in the store now; return how many were settled.

    Also for rows of machines that are silent: their bytes may have come by another way, but only those machines can say
    that they did not. Raises BlobUnavailable.
    """
    here, settled = node_name(), 0
    for sha256, node in read(spooled_on_or_silent, here):
        key = original_key(sha256)
        if node == here and spool.waiting(key):
            continue
        if spool.primary.exists(key):
            settled += transact(note_stored, sha256, node)
        # Looked at again after the store: meanwhile somebody may have brought it anew, and the store gone down.
        elif node == here and not spool.waiting(key):
            settled += transact(_note_gone, sha256, node)
    return settled


def spooled_on_or_silent(session: Session, node: str) -> list[tuple[str, str]]:
    """Return hash and machine of the originals that wait on ``node`` or on one that is silent; at most so many."""
    rows = session.execute(
        select(Photo.sha256, Photo.node)
        .where(Photo.durability == "spooled", or_(Photo.node == node, is_on_a_silent_node(now())))
        .order_by(Photo.node != node, Photo.received_at)
        .limit(MOST_AT_ONCE)
    )
    return [(sha256, name) for sha256, name in rows if name is not None]


def note_stored(session: Session, sha256: str, node: str) -> bool:
    """Note that an original which waited on ``node`` is in the store. False: another process noted it."""
    noted = session.execute(
        update(Photo)
        .where(Photo.sha256 == sha256, Photo.durability == "spooled", Photo.node == node)
        .values(durability="stored", node=None)
        .returning(Photo.sha256)
        .execution_options(synchronize_session=False)
    )
    return noted.one_or_none() is not None


def spooled_by_node(session: Session) -> dict[str, int]:
    """Return how many originals wait on each machine; one on which none waits has no entry."""
    rows = session.execute(select(Photo.node, func.count()).where(Photo.durability == "spooled").group_by(Photo.node))
    return {name: count for name, count in rows if name is not None}


def _note_gone(session: Session, sha256: str, node: str) -> bool:
    """Note that an original is neither here nor in the store: handsets are asked for it again."""
    mine = note_stored(session, sha256, node)
    if mine:
        note_lost(session, sha256)
    return mine


@contextmanager
def _alone(blob_dir: Path) -> Iterator[bool]:
    """Tell whether no other process of this machine drains; the answer holds inside the block."""
    lock = blob_dir.absolute().with_name(f"{blob_dir.name}.drain-lock")
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        mine = False
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            mine = True
        yield mine
    finally:
        os.close(handle)
