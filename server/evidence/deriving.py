"""Renditions are made: one by the worker's job, all that lack them by the command.

The attempt is committed before anything is decoded, so that a picture that takes its machine down stops after a few.
"""

import os
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from flask import Flask, current_app

from photo_store.blobs import BlobMissing, BlobUnavailable, rendition_key
from photo_store.decoder import decode
from photo_store.derive import (
    FORMER_RECIPES,
    RECIPE,
    RENDITIONS,
    Decode,
    DecodeLost,
    DecoderUnavailable,
    NotDerivable,
    derive,
)
from server.current import blobs, node_name
from server.db import read, transact
from server.evidence.photos import (
    begin_derive,
    give_attempt_back,
    note_derive_failed,
    note_derive_lost,
    note_derived,
    try_the_unexplained_again,
)
from server.evidence.queries import underived
from server.logs import log
from server.progress import Told

_ALL = 10_000_000
_QUEUED = 4  # for each that is under way: enough to keep it busy, few enough to stop soon


def derive_one(sha256: str, decode: Decode = decode) -> bool:
    """Make the renditions of one original, unless they exist or it was given up; True if they exist now."""
    if not transact(begin_derive, sha256, RECIPE):
        return False
    try:
        made = derive(blobs(), sha256, decode)
    except (BlobUnavailable, DecoderUnavailable) as error:
        transact(give_attempt_back, sha256)
        log.warning("derive-postponed", sha256=sha256, error=str(error))
    except BlobMissing:
        # The attempt stays counted: reconciliation says what is to be done about an original that is gone.
        log.error("derive-without-original", sha256=sha256)
    except DecodeLost as loss:
        transact(note_derive_lost, sha256, str(loss))
        log.warning("derive-lost", sha256=sha256, error=str(loss))
    except NotDerivable as error:
        transact(note_derive_failed, sha256, str(error))
        log.warning("derive-failed", sha256=sha256, error=str(error))
    else:
        if transact(note_derived, sha256, RECIPE, made):
            return True
        _forget(sha256)
    return False


def derive_all(told: Told, decode: Decode = decode, at_once: int | None = None) -> int:
    """Derive all originals that lack the recipe's renditions; return how many have them now.

    ``at_once``: how many at a time, as many as keep all cores busy if left out. Each is committed by itself: an
    interrupted run goes on where it stopped. Renditions of former recipes go at the
    end, once nothing waits for its new ones.
    """
    transact(try_the_unexplained_again)
    waiting = read(underived, RECIPE, _ALL, node_name())
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001  # threads need the app
    made = done = 0
    at_once = at_once or threads_for_all_cores()
    pool = ThreadPoolExecutor(at_once)
    try:
        under_way: set[Future[bool]] = set()
        for sha256 in waiting:
            under_way.add(pool.submit(_derive_in, app, sha256, decode))
            if len(under_way) >= at_once * _QUEUED:
                finished, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                made, done = made + sum(each.result() for each in finished), done + len(finished)
                told("renditions", done, len(waiting))
        made += sum(each.result() for each in under_way)
    finally:
        pool.shutdown(cancel_futures=True)
    told("renditions", len(waiting), len(waiting))
    if not read(underived, RECIPE, 1):
        _sweep_former()
    return made


def threads_for_all_cores() -> int:
    """Return how many photographs to derive at a time: one more than cores, as each waits for the disk at times."""
    return (os.cpu_count() or 1) + 1


def _derive_in(app: Flask, sha256: str, decode: Decode) -> bool:
    with app.app_context():
        return derive_one(sha256, decode)


def _sweep_former() -> None:
    """Remove what former recipes left; nothing shows it any more."""
    store = blobs()
    for recipe in FORMER_RECIPES:
        for key in list(store.keys(f"rendition/{recipe}/")):
            store.delete(key)


def _forget(sha256: str) -> None:
    """Remove the renditions of a photograph that was disposed of while they were being made."""
    for rendition in RENDITIONS:
        blobs().delete(rendition_key(sha256, rendition, RECIPE))
