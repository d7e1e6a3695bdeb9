"""Runs all checks of the custody log and tells what was looked at and what is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from server.current import settings
from server.db import read
from server.ledger.custody.audit.chain import Opening, check_chain, read_opening
from server.ledger.custody.audit.faults import Faults
from server.ledger.custody.audit.rereading import Rereading, demand_no_more
from server.ledger.custody.audit.statements import StatementCheck
from server.ledger.custody.log_key import read_key
from server.ledger.custody.note import VerifierKey
from server.ledger.custody.outside import OutsideNote, all_outside, keys_outside
from server.ledger.custody.proofs import Checkpoint, Log, checkpoints, logs
from server.ledger.custody.signer import name_in
from server.progress import Told


@dataclass(frozen=True)
class Audited:
    """What a run looked at, and what it found wrong."""

    faults: Faults
    logs: int
    events: int
    disposed: int
    checkpoints: int
    tokens: int
    outside: int


@dataclass(frozen=True)
class _Plan:
    """What one snapshot knew at the beginning: later events and checkpoints are for the next run."""

    logs: list[Log]
    openings: dict[str, Opening] = field(default_factory=dict)
    checkpoints: dict[str, list[Checkpoint]] = field(default_factory=dict)


def audit(told: Told, keys: Sequence[VerifierKey] = ()) -> Audited:
    """Check everything; ``keys``: the verifier keys to trust, else this machine's and those beside the checkpoints.

    Raises LogKeyError, OSError.
    """
    faults = Faults()
    # The files first: what is written while this runs is also in no list of the database.
    outside = list(all_outside(settings().checkpoint_dir))
    plan = read(_plan, faults)
    rereadings = [Rereading(log, _sizes(log, plan, outside), faults) for log in plan.logs]
    for rereading in rereadings:
        rereading.run(told)
    check_chain(rereadings, plan.openings, faults)
    _check_disposal(rereadings, faults)
    lost: dict[str, int] = {}
    for opening in plan.openings.values():
        lost |= {origin: max(size, lost.get(origin, 0)) for origin, size in opening.lost.items()}
    by_origin = {rereading.log.origin: rereading for rereading in rereadings}
    check = StatementCheck(by_origin, keys or _known_keys(plan.logs), lost, faults)
    kept = [checkpoint for each in plan.checkpoints.values() for checkpoint in each]
    for done, checkpoint in enumerate(kept, start=1):
        check.kept(checkpoint, settings().time_authority_ca_file)
        told("checkpoints", done, len(kept))
    for done, found in enumerate(outside, start=1):
        check.outside(found)
        told("checkpoints outside", done, len(outside))
    return Audited(
        faults=faults,
        logs=len(plan.logs),
        events=sum(log.size for log in plan.logs),
        disposed=sum(len(rereading.blank) for rereading in rereadings),
        checkpoints=len(kept),
        tokens=check.tokens,
        outside=len(outside),
    )


def _plan(session: Session, faults: Faults) -> _Plan:
    plan = _Plan(logs(session))
    for log in plan.logs:
        demand_no_more(session, log, faults)
        plan.openings[log.origin] = read_opening(session, log, faults)
        plan.checkpoints[log.origin] = checkpoints(session, log.id)
    return plan


def _sizes(log: Log, plan: _Plan, outside: list[OutsideNote]) -> set[int]:
    """Return the sizes at which anybody states the log's root."""
    stated = {checkpoint.size for checkpoint in plan.checkpoints[log.origin]}
    stated |= {found.note.statement.size for found in outside if found.note}
    return {log.size, *stated}


def _check_disposal(rereadings: list[Rereading], faults: Faults) -> None:
    disposed = set().union(*(rereading.disposed for rereading in rereadings))
    for rereading in rereadings:
        for event_id in sorted(rereading.blank - disposed):
            faults.add(rereading.log.origin, f"Event {event_id} was blanked, and no disposal names it.")


def _known_keys(known: list[Log]) -> list[VerifierKey]:
    found = keys_outside(settings().checkpoint_dir)
    key = read_key(settings().custody_key_file)
    if key is not None:
        found += [VerifierKey.of(name, key) for name in {name_in(log.origin) for log in known}]
    return found
