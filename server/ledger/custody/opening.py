"""Opening of a log: one for each epoch, whose first event tells how the former one ended and what is known outside.

A restored database lacks what came after its backup. The new log says so by itself: its first event carries the
former log as far as this database has it, and the newest checkpoints that lie outside, which may know more.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from server.base import table_of
from server.clock import now
from server.current import settings
from server.db import read, transact
from server.ledger.custody.merkle import EMPTY_ROOT
from server.ledger.custody.numbering import locked_log, number
from server.ledger.custody.outside import OutsideNote, newest_outside
from server.ledger.custody.proofs import Log, latest_checkpoint, logs, root_of
from server.ledger.custody.tree import NodeMissing
from server.ledger.models import CustodyEvent, CustodyLog
from server.ledger.operations import Doer, record
from server.ledger.queries import epoch

OPENED = "log_opened"
_HOST = "xuncha"
_event = table_of(CustodyEvent)


def open_log() -> None:
    """Open the log of the present epoch unless it is open. Raises OSError if the checkpoint folder cannot be read."""
    if not read(_is_open):
        chosen = settings()
        transact(_open, host_of(chosen.public_url), newest_outside(chosen.checkpoint_dir))


def host_of(public_url: str) -> str:
    """Return the host that names this deployment's logs and its key, as C2SP wants names: no blank, no plus."""
    host = urlsplit(public_url).hostname or _HOST
    return "".join(letter if letter.isalnum() or letter in ".-" else "-" for letter in host)


def _is_open(session: Session) -> bool:
    present = epoch(session)
    return any(log.epoch == present for log in logs(session))


def _open(session: Session, host: str, outside: Mapping[str, OutsideNote]) -> None:
    if locked_log(session) is not None:
        return  # another worker was first
    known = logs(session)
    present = epoch(session)
    origin = f"{host}/{present}"
    # Not the database's own counter, which a restore may have set back: logs are told in the order of their ids.
    fresh = insert(CustodyLog).values(id=max((log.id for log in known), default=0) + 1, origin=origin, epoch=present)
    session.execute(fresh.values(size=0, started_at=now()))
    facts = {**_former(session, known), "outside": _unknown(known, outside)}
    record(session, OPENED, ("log", origin), Doer(), facts)
    opened = session.execute(
        select(_event).where(_event.c.kind == OPENED, _event.c.subject_kind == "log", _event.c.subject_id == origin)
    ).all()
    log = locked_log(session)
    assert log is not None  # noqa: S101 (inserted above, in this transaction)
    number(session, log, opened)


def _former(session: Session, known: list[Log]) -> dict[str, Any]:
    """Return how the former log ended as far as this database has it; all None where there was none."""
    if not known:
        return {"former_origin": None, "former_size": None, "former_root": None}
    former = known[-1]
    try:
        size, root = former.size, root_of(session, former.id, former.size)
    except NodeMissing:
        # A damaged tree must not keep the new log shut: its last signed state stands for it.
        signed = latest_checkpoint(session, former.id)
        size, root = (signed.size, signed.root) if signed else (0, EMPTY_ROOT)
    return {"former_origin": former.origin, "former_size": size, "former_root": root.hex()}


def _unknown(known: list[Log], outside: Mapping[str, OutsideNote]) -> list[str]:
    """Return the checkpoints outside that state more than this database has: what a restore has lost."""
    sizes = {log.origin: log.size for log in known}
    return [
        found.text
        for origin, found in sorted(outside.items())
        if found.note is not None and found.note.statement.size > sizes.get(origin, 0)
    ]
