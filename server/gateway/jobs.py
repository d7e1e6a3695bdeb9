"""What the worker does for the gateway: finish what was left, wake what waits, clear away expired uploads."""

from datetime import timedelta

from photo_store.disk import DiskBlobs
from server.clock import now
from server.current import blobs, settings
from server.db import transact
from server.evidence.uploads import forget_expired
from server.gateway.left import finish_left
from server.gateway.upload_ledger import upload_engine
from server.gateway.waking import give_up_waiting, sweep_waiting, wake_ready
from server.jobs import job, periodic
from server.logs import log

_PATIENCE_SECONDS = 50.0
# A request may still hold an upload in the moment it expires; none takes a day.
_GRACE = timedelta(days=1)


@periodic(minutes=1)
def finish_interpretations() -> None:
    """Finish what requests left; the handsets concerned may not come back today."""
    finish_left(patience=_PATIENCE_SECONDS)


@job
def interpret_ready() -> None:
    """Interpret items whose needs were brought just now; asked for after the commit that brought them."""
    wake_ready(_PATIENCE_SECONDS)


@periodic(minutes=1)
def retry_waiting() -> None:
    """Wake what a lost hint left asleep, then look again at items that wait, the longest untouched first."""
    wake_ready(_PATIENCE_SECONDS)
    sweep_waiting(_PATIENCE_SECONDS)


@periodic(minutes=60)
def ask_a_person() -> None:
    """Put what has waited for two weeks before a person."""
    if given_up := give_up_waiting():
        log.info("waited-too-long", items=given_up)


@periodic(minutes=60)
def sweep_uploads() -> None:
    """Remove rows and segment files of uploads that expired a day ago, and files that killed writers left."""
    lasting = timedelta(days=settings().upload_days)
    transact(forget_expired, now() - _GRACE)
    removed = upload_engine().sweep((lasting + _GRACE).total_seconds())
    store = blobs()
    if isinstance(store, DiskBlobs):
        removed += store.sweep()
    if removed:
        log.info("uploads-swept", files=removed)
