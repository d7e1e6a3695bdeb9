"""Does the log still say what its checkpoints said? Asked before every signature; reads, never writes."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.base import table_of
from server.ledger.custody.merkle import extends
from server.ledger.custody.note import Statement
from server.ledger.custody.proofs import Checkpoint, consistency, latest_checkpoint, root_of
from server.ledger.custody.tree import NodeMissing
from server.ledger.models import CustodyLog

_log = table_of(CustodyLog)


class Forked(Exception):
    """The log contradicts a checkpoint that was signed: it was cut, rewritten, or put back from a copy."""


def examine(session: Session, log_id: int, outside: Statement | None, *, is_former: bool) -> Statement:
    """Return what the log states now. Raises Forked if that contradicts its last checkpoint here or ``outside``.

    A former log may be behind the one outside: a restore lost the rest, and the log after it says so.
    """
    log = session.execute(select(_log.c.origin, _log.c.size).where(_log.c.id == log_id)).one()
    last = latest_checkpoint(session, log_id)
    try:
        root = root_of(session, log_id, log.size)
        if last is not None:
            _demand_growth(session, last, log.size, root)
        if outside is not None:
            _demand_agreement(session, log_id, log.size, outside, is_former=is_former)
    except NodeMissing as error:
        raise Forked(str(error)) from error
    return Statement(log.origin, log.size, root)


def _demand_growth(session: Session, last: Checkpoint, size: int, root: bytes) -> None:
    if last.size > size:
        raise Forked(f"The log has {size} events; its last checkpoint states {last.size}.")
    proof = consistency(session, last.log_id, last.size, size)
    if not extends(last.size, size, proof, last.root, root):
        raise Forked(f"The log's first {last.size} events are not those of its last checkpoint.")


def _demand_agreement(session: Session, log_id: int, size: int, outside: Statement, *, is_former: bool) -> None:
    if outside.size > size:
        if not is_former:
            raise Forked(f"The log has {size} events; a checkpoint outside states {outside.size}.")
    elif root_of(session, log_id, outside.size) != outside.root:
        raise Forked(f"The log's first {outside.size} events are not those of a checkpoint outside.")
