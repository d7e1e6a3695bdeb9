"""The doctor's look at the custody log: its key, whether events wait for a number, how old the last signature is."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.base import table_of
from server.clock import now
from server.config import Settings
from server.db import read
from server.ledger.custody.log_key import LogKeyError, read_key
from server.ledger.custody.proofs import Checkpoint, latest_checkpoint, logs
from server.ledger.custody.sequencer import waits_since
from server.ledger.custody.signer import present_signer
from server.ledger.models import CustodyEvent
from server.safekeeping.findings import Finding, green, red, yellow

_event = table_of(CustodyEvent)
_FOR_ITS_OWNER = 0o077
# The worker numbers every minute and signs every five.
_WAITED_TOO_LONG = timedelta(minutes=3)
_UNSIGNED_TOO_LONG = timedelta(minutes=15)
_WITHOUT_TIME = timedelta(hours=24)
_WORKER = "Look at the worker: is it running, and what does its log say?"


def log_key(chosen: Settings) -> Iterator[Finding]:
    """Whether the log key is there, for its owner only, and the one that signs this log."""
    path = chosen.custody_key_file
    try:
        if read_key(path) is None and not read(logs):
            yield yellow("log key", "not made yet", "`flask custody key` makes it; keep a copy elsewhere.")
            return
        present_signer()
    except LogKeyError as error:
        what, _, fix = str(error).partition(": ")
        yield red("log key", what, fix)
        return
    if path.stat().st_mode & _FOR_ITS_OWNER:
        yield red("log key", f"{path} can be read by others", f"Run `chmod 600 {path}`.")
    else:
        yield green("log key", "there; it is in no backup: keep a copy elsewhere")


def custody_log(chosen: Settings) -> Iterator[Finding]:
    """Whether events get their numbers, logs their signatures, and checkpoints their time."""
    since = read(waits_since)
    if since is not None and now() - since > _WAITED_TOO_LONG:
        yield red("custody events", f"unnumbered since {since.isoformat(timespec='seconds')}", _WORKER)
    else:
        yield green("custody events", "numbered")
    known = read(logs)
    if not known:
        yield yellow("custody log", "not opened yet", _WORKER)
        return
    last = read(latest_checkpoint, known[-1].id)
    unsigned = read(_unsigned_since, known[-1].id, last.size if last else 0)
    if unsigned is not None and now() - unsigned > _UNSIGNED_TOO_LONG:
        yield red("custody log", f"not signed since {unsigned.isoformat(timespec='seconds')}", _WORKER)
    else:
        yield green("custody log", f"{known[-1].size} events, the last checkpoint states {last.size if last else 0}")
    if chosen.time_authority_url and last is not None and last.time_token is None:
        yield _timed(last)


def _unsigned_since(session: Session, log_id: int, signed: int) -> datetime | None:
    """Return when the first event was made that no checkpoint covers."""
    return session.execute(
        select(_event.c.at).where(_event.c.log_id == log_id, _event.c.position == signed)
    ).scalar_one_or_none()


def _timed(last: Checkpoint) -> Finding:
    if now() - last.signed_at > _WITHOUT_TIME:
        return yellow("time token", "the last checkpoint got none in a day", "Does XUNCHA_TIME_AUTHORITY_URL answer?")
    return green("time token", "will come")
