"""Checks that each log begins with how the one before it ended, and learns what restores are known to have lost."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.base import table_of
from server.ledger.custody.audit.faults import Faults
from server.ledger.custody.audit.rereading import Rereading
from server.ledger.custody.note import NoteMalformed, parse_note
from server.ledger.custody.opening import OPENED
from server.ledger.custody.proofs import Log
from server.ledger.models import CustodyEvent

_event = table_of(CustodyEvent)


@dataclass(frozen=True)
class Opening:
    """What a log's first event tells about the log before it; None and empty in the first log of all."""

    former_origin: str | None
    former_size: int | None
    former_root: str | None
    lost: Mapping[str, int]


def read_opening(session: Session, log: Log, faults: Faults) -> Opening:
    """Return what the log's first event tells; notes a fault if that is no opening."""
    event = session.execute(
        select(_event.c.kind, _event.c.subject_id, _event.c.facts).where(
            _event.c.log_id == log.id, _event.c.position == 0
        )
    ).one_or_none()
    try:
        if event is None or (event.kind, event.subject_id) != (OPENED, log.origin):
            raise ValueError  # noqa: TRY301 (one sentence for all that may be wrong with it)
        facts: dict[str, Any] = json.loads(event.facts)
        return Opening(facts["former_origin"], facts["former_size"], facts["former_root"], _lost(facts["outside"]))
    except (ValueError, KeyError, TypeError, NoteMalformed):
        faults.add(log.origin, "The first event does not open this log.")
        return Opening(None, None, None, {})


def check_chain(logs: list[Rereading], openings: Mapping[str, Opening], faults: Faults) -> None:
    """Check every log's opening against the log before it, in the order in which they were opened."""
    former: Rereading | None = None
    for log in logs:
        opening = openings[log.log.origin]
        if opening.former_origin != (former.log.origin if former else None):
            faults.add(log.log.origin, f"It follows {opening.former_origin}, which is not the log before it.")
        elif former is not None and not _ended_so(former, opening):
            faults.add(former.log.origin, f"It is not what {log.log.origin} says it was when it ended.")
        former = log


def _ended_so(former: Rereading, opening: Opening) -> bool:
    size = opening.former_size
    if size is None or size != former.log.size:
        return False
    return former.roots[size].hex() == opening.former_root


def _lost(outside: list[str]) -> dict[str, int]:
    statements = [parse_note(note).statement for note in outside]
    return {stated.origin: stated.size for stated in statements}
