"""The worker's part of deadlines: every minute it looks what time has done to cases."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from uuid import UUID

from server.casework import resuming, sweeps
from server.casework.sweeps import Found
from server.clock import now
from server.current import settings
from server.db import read, transact
from server.jobs import periodic
from server.logs import log

# Of each running clock: until when it cannot be due soon. Every worker remembers for itself.
_NOT_BEFORE: dict[UUID, datetime] = {}


@periodic(minutes=1)
def resume_suspended() -> None:
    """Let cases go on whose suspension is over, a transaction each, before anybody looks at their limits."""
    while found := read(resuming.ended, now()):
        resumed = sum(transact(resuming.resume, one) for one in found)
        log.info("suspensions-ended", cases=resumed)
        if len(found) < resuming.MOST_AT_ONCE:
            break


@periodic(minutes=1)
def sweep_due_soon() -> None:
    """Tell units whose time ends soon, in chunks of one transaction each."""
    moment = now()
    found = read(sweeps.due_soon, moment, settings().due_soon_percent, _NOT_BEFORE)
    told = sum(transact(sweeps.tell_due_soon, chunk, moment) for chunk in _chunks(found))
    if told:
        log.info("told-due-soon", clocks=told)


@periodic(minutes=1)
def sweep_overdue() -> None:
    """Tell what is overdue, in chunks of one transaction each."""
    moment, told = now(), 0
    while found := read(sweeps.overdue, moment):
        told += transact(sweeps.tell_overdue, found, moment)
        if len(found) < sweeps.MOST_AT_ONCE:
            break
    if told:
        log.info("told-overdue", clocks=told)


def _chunks(found: Sequence[Found]) -> list[tuple[Found, ...]]:
    # By case: chunks are locked in the order of cases, and two that share one would only wait for each other.
    ordered = iter(sorted(found, key=lambda one: (one.case_id, one.clock_id)))
    chunks = []
    while chunk := tuple(islice(ordered, sweeps.MOST_AT_ONCE)):
        chunks.append(chunk)
    return chunks
