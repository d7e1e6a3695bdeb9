"""log.json: the custody events of a case with their proofs, one log after the other, up to a signed checkpoint.

A restore from a backup begins another log; its first event vouches for the one before. So a former log needs no
checkpoint of its own here: its size and root are the ones that the next log's first event names.
"""

import json
from base64 import b64encode
from collections.abc import Iterable, Sequence
from datetime import UTC, date
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from server.casework.bundle.gathering import Event, events_of_case, opening_of
from server.ledger.custody import proofs
from server.ledger.custody.record import record_bytes
from server.ledger.custody.tree import read_nodes

# Earlier checkpoints of a log, one a day: whoever was handed one can see that history was not rewritten since.
_MOST_EARLIER = 100


class LogUnsigned(Exception):
    """The events of this export are not under a signed checkpoint; the sentence says what to do."""


def log_document(session: Session, events: Sequence[Event], case_id: UUID, export: str) -> dict[str, Any]:
    """Return log.json for ``events`` and the event ``exported`` that names ``export``, the hash of SHA256SUMS.

    Raises LogUnsigned, NodeMissing (the stored tree is damaged).
    """
    exported = [event for event in events_of_case(session, case_id) if event.kind == "exported"]
    mine = [event for event in exported if export in event.facts]
    logs = proofs.logs(session)
    newest = proofs.latest_checkpoint(session, logs[-1].id) if logs else None
    if newest is None or not mine or mine[-1].log_id != newest.log_id or mine[-1].position >= newest.size:
        raise LogUnsigned("The custody log could not be signed: look at the alarms and at the log key.")
    first = min(event.log_id for event in (*events, *mine))
    chain = [log for log in logs if log.id >= first]
    wanted = {event.id: event for event in (*events, *mine)}
    described, ends = [], (newest.size, newest.root)
    for log in reversed(chain):
        opening = opening_of(session, log.id)
        of_log = [event for event in wanted.values() if event.log_id == log.id]
        if opening is not None and log.id != first:
            of_log = [opening, *(event for event in of_log if event.id != opening.id)]
        checkpoint = newest if log.id == newest.log_id else None
        described.append(_log(session, log, of_log, ends, checkpoint))
        ends = _former(opening)
    return {"logs": described[::-1]}


def _log(
    session: Session,
    log: proofs.Log,
    events: Iterable[Event],
    ends: tuple[int, bytes],
    checkpoint: proofs.Checkpoint | None,
) -> dict[str, Any]:
    size, root = ends
    inside = sorted((event for event in events if event.position < size), key=lambda event: event.position)
    proven = proofs.inclusions(session, log.id, [event.position for event in inside], size)
    token = None if checkpoint is None else checkpoint.time_token
    return {
        "origin": log.origin,
        "size": size,
        "root": root.hex(),
        "checkpoint": checkpoint and checkpoint.note,
        "time_token": None if token is None else b64encode(token).decode(),
        "earlier": _earlier(session, log.id, size),
        "events": [_event(session, event, proven[event.position]) for event in inside],
    }


def _event(session: Session, event: Event, proof: list[bytes]) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": str(event.id), "position": event.position}
    if event.disposed_at is None:
        shown["record"] = record_bytes(event).decode()
    else:
        place = (0, event.position)
        leaf = read_nodes(session, event.log_id, [place])[place]
        shown |= {"record": None, "leaf": leaf.hex()}
    return {**shown, "proof": [step.hex() for step in proof]}


def _earlier(session: Session, log_id: int, size: int) -> list[dict[str, Any]]:
    by_day: dict[date, proofs.Checkpoint] = {}
    for checkpoint in proofs.checkpoints(session, log_id):
        if checkpoint.size < size:
            by_day[checkpoint.signed_at.astimezone(UTC).date()] = checkpoint
    return [
        {
            "checkpoint": checkpoint.note,
            "consistency": [step.hex() for step in proofs.consistency(session, log_id, checkpoint.size, size)],
        }
        for checkpoint in [*by_day.values()][-_MOST_EARLIER:]
    ]


def _former(opening: Event | None) -> tuple[int, bytes]:
    """Return size and root of the log before, as the first event of a log states them."""
    facts = {} if opening is None else json.loads(opening.facts)
    return facts.get("former_size") or 0, bytes.fromhex(facts.get("former_root") or "")
