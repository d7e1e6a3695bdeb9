"""Checkpoints: signed statements of a log's size and root, kept here and written to a folder outside.

Nothing is signed that contradicts what was signed before, here or outside: two checkpoints of one log that disagree
are the one thing that a log must never make.
"""

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from server.clock import now
from server.current import settings
from server.db import read, transact
from server.ledger.alarms import raise_alarm
from server.ledger.custody.forks import Forked, examine
from server.ledger.custody.log_key import LogKeyError
from server.ledger.custody.note import Statement, VerifierKey
from server.ledger.custody.outside import outside_of, write_key, write_outside
from server.ledger.custody.proofs import Checkpoint, Log, checkpoints, latest_checkpoint, logs
from server.ledger.custody.signer import signer_of
from server.ledger.models import CustodyCheckpoint
from server.ledger.queries import epoch
from server.logs import log as log_lines
from server.upsert import insert

MOST_EVENTS = 1000
LONGEST = timedelta(minutes=5)


def is_due(session: Session, moment: datetime) -> bool:
    """Tell whether a log has grown since its last checkpoint by 1,000 events, or at all when that is 5 minutes old."""
    return any(_waits(log, latest_checkpoint(session, log.id), moment) for log in logs(session))


def sign_checkpoint() -> list[Checkpoint]:
    """Sign every log that has grown since its last checkpoint, also former ones; return what was signed.

    A log that contradicts what was signed before is not signed, and raises the alarm ``checkpoint_forked``. Raises
    LogKeyError if the log of the present epoch cannot be signed.
    """
    present = read(epoch)
    signed = []
    for log in read(logs):
        last = read(latest_checkpoint, log.id)
        if log.epoch == present:
            signed += _signed(log, last, is_former=False)
        elif last is None or last.size != log.size:
            try:
                signed += _signed(log, last, is_former=True)
            except LogKeyError as error:
                log_lines.warning("former-log-unsigned", origin=log.origin, reason=str(error))
    return signed


def _waits(log: Log, last: Checkpoint | None, moment: datetime) -> bool:
    if last is None:
        return log.size > 0
    grown = log.size - last.size
    return grown >= MOST_EVENTS or (grown > 0 and moment - last.signed_at >= LONGEST)


def _signed(log: Log, last: Checkpoint | None, *, is_former: bool) -> list[Checkpoint]:
    folder = settings().checkpoint_dir
    signer = signer_of(settings().custody_key_file, log.origin, last)
    outside = _newest(folder, log.origin, signer.verifier)
    try:
        statement = read(examine, log.id, outside, is_former=is_former)
    except Forked as fork:
        facts = {"origin": log.origin, "reason": str(fork), "last": last.note if last else None}
        transact(raise_alarm, "checkpoint_forked", f"log:{log.origin}", facts)
        return []
    made = []
    if statement.size > (last.size if last else 0):
        made.append(transact(_keep, log.id, statement, signer.sign(statement)))
    behind = read(checkpoints, log.id, outside.size if outside else 0)
    _publish(folder, signer.verifier, [*behind, *made])
    return made


def _newest(folder: Path, origin: str, key: VerifierKey) -> Statement | None:
    """Return the greatest statement in the folder that this key signed: others are not ours to contradict."""
    for found in outside_of(folder, origin):
        if found.note is not None and found.note.is_signed_by(key):
            return found.note.statement
        log_lines.warning("foreign-checkpoint", path=str(found.path))
    return None


def _keep(session: Session, log_id: int, statement: Statement, note: str) -> Checkpoint:
    moment = now()
    kept = insert(session, CustodyCheckpoint).values(
        log_id=log_id, size=statement.size, root=statement.root, note=note, signed_at=moment
    )
    # Another worker may have signed the same size: then it has written the same text.
    session.execute(kept.on_conflict_do_nothing())
    return Checkpoint(log_id, statement.origin, statement.size, statement.root, note, None, moment)


def _publish(folder: Path, key: VerifierKey, kept: list[Checkpoint]) -> None:
    """Write files for checkpoints; what cannot be written now is written with the next checkpoint."""
    try:
        for checkpoint in kept:
            write_outside(folder, checkpoint.origin, checkpoint.size, checkpoint.note)
        if kept:
            write_key(folder, key)
    except OSError as error:
        log_lines.error("checkpoint-not-outside", folder=str(folder), error=str(error))
