"""What each item kind means: from a believed item to an operation of a subject, and the verdict on it.

One row of KINDS per (kind, version). A handler raises Problem to quarantine its item, or NeedsError to let it
wait; either way nothing that it wrote stays (the caller holds a savepoint around it).
"""

from traceback import clear_frames

from sqlalchemy.orm import Session

from server.gateway.deadline import deadline
from server.gateway.kinds import amend, evidence, report, self_handled, shift, task_event, track
from server.gateway.kinds.kind import Kind, NeedsError, reporter_of
from server.gateway.payloads import AMEND, EVIDENCE, REPORT, SELF_HANDLED, SHIFT, TASK_EVENT, TRACK
from server.ledger.operations import bring
from sync.handset_time import Corrected
from sync.item import Item, Verdict

__all__ = ["KINDS", "Kind", "NeedsError", "handle", "reporter_of", "versions"]

KINDS: dict[tuple[str, int], Kind] = {
    ("report", 1): Kind(REPORT, report.apply),
    ("self_handled", 1): Kind(SELF_HANDLED, self_handled.apply),
    ("task_event", 1): Kind(TASK_EVENT, task_event.apply),
    ("evidence", 1): Kind(EVIDENCE, evidence.apply),
    ("amend", 1): Kind(AMEND, amend.apply),
    ("shift", 1): Kind(SHIFT, shift.apply),
    ("track", 1): Kind(TRACK, track.apply),
}


def handle(session: Session, item: Item, corrected: Corrected) -> Verdict:
    """Interpret one item and wake those that wait for it. Raises Problem (quarantine) or NeedsError (wait)."""
    kind = KINDS.get((item.kind, item.kv))
    if kind is None:
        raise NeedsError([f"kind:{item.kind[:32]}:{item.kv}"])
    try:
        with deadline():
            verdict = kind.handler(session, item, corrected, kind.load(item))
    except MemoryError as error:
        # What the item filled the memory with would live as long as the error: nothing else would find room.
        clear_frames(error.__traceback__)
        raise
    bring(session, [f"item:{item.key.item_id}"])
    return verdict


def versions() -> dict[str, list[int]]:
    """Return the versions of each kind that this server interprets, for hello."""
    found: dict[str, list[int]] = {}
    for kind, version in sorted(KINDS):
        found.setdefault(kind, []).append(version)
    return found
