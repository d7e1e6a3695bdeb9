"""Executes disposals and erases what they ended, repeatable after any crash. Knows the store, not the rows."""

from photo_store.blobs import BlobUnavailable, original_key, rendition_key
from photo_store.derive import FORMER_RECIPES, RECIPE, RENDITIONS
from photo_store.redact import full_name
from server.current import blobs
from server.db import read, transact
from server.evidence.tombstones import Erasure, erasures, executable, execute, note_erased
from server.ledger.custody.disposing import EventsUnnumbered
from server.logs import log

MOST_AT_ONCE = 200


def execute_due() -> int:
    """Execute the disposals that are due, each in a transaction of its own; return how many were."""
    done = 0
    for disposal_id in read(executable, MOST_AT_ONCE):
        try:
            executed = transact(execute, disposal_id)
        except EventsUnnumbered as waiting:
            log.info("disposal-waits", disposal=str(disposal_id), reason=str(waiting))
            continue
        if executed is not None:
            done += 1
            log.info("disposed", disposal=str(disposal_id), erased=executed.erased, shared=executed.shared)
    return done


def erase_ended() -> int:
    """Erase the bytes of photographs that were disposed of; return how many are gone. A dead store is tried again."""
    gone = 0
    for erasure in read(erasures, MOST_AT_ONCE):
        try:
            _erase(erasure)
        except BlobUnavailable as error:
            log.warning("erasing-postponed", sha256=erasure.sha256, error=str(error))
            break
        transact(note_erased, erasure)
        gone += 1
    return gone


def _erase(erasure: Erasure) -> None:
    """Delete renditions first and the original last: what is left after a crash is found by its row, and ended."""
    store = blobs()
    names = [*RENDITIONS, *erasure.redactions, *(full_name(name) for name in erasure.redactions)]
    for recipe in {RECIPE, *FORMER_RECIPES, *erasure.recipes}:
        for name in names:
            store.delete(rendition_key(erasure.sha256, name, recipe))
    store.delete(original_key(erasure.sha256))
