"""The disposal of one owner's photographs: proposed, approved by a second person, executed after a delay or refused.

Deciding only; what is then erased is evidence.tombstones. All steps meet at the owner's key, where holds meet too.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from server.base import new_tag
from server.clock import now
from server.evidence.holds import held, meet_owner
from server.evidence.models import Disposal, Evidence
from server.evidence.reasons import written
from server.evidence.retention import Finished, is_over
from server.identity.rules import Actor, Permission
from server.identity.scope import agencies_in
from server.identity.second_person import another_may
from server.ledger.operations import Doer, record
from server.problems import Problem, _

# Between the second person's word and the end: time for whoever learns of it to object or to place a hold.
DELAY = timedelta(days=7)
# Who proposed where it was the yearly job.
THE_SYSTEM = UUID(int=0)
OPEN_STATES = ("proposed", "approved")


@dataclass(frozen=True)
class DisposalRecord:
    """One disposal and where it stands."""

    id: UUID
    agency_id: UUID
    owner_kind: str
    owner_id: UUID
    state: str
    reason: str
    proposed_by: UUID
    proposed_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    decision: str | None
    single_person: bool
    executed_at: datetime | None
    version: str

    @property
    def executable_at(self) -> datetime | None:
        """Return when an approved one may be executed at the earliest."""
        return self.decided_at + DELAY if self.state == "approved" and self.decided_at else None


def propose(session: Session, actor: Actor | None, owner: Finished, *, reason: str, default_years: int) -> UUID:
    """Propose to dispose of an owner's photographs; ``actor`` None is the yearly job. Returns the disposal's id.

    The caller has checked that the owner is in scope. Raises forbidden, validation, retention-runs, legal-hold,
    stale-version (somebody has proposed it), nothing-to-dispose.
    """
    if actor is not None:
        actor.require(Permission.MANAGE_RETENTION)
    why = written(reason)
    meet_owner(session, (owner.kind, owner.id))
    if not is_over(session, owner, default_years):
        raise Problem("retention-runs")
    _demand_no_hold(session, owner.kind, owner.id)
    same = Disposal.owner_kind == owner.kind, Disposal.owner_id == owner.id
    if session.scalar(select(exists().where(*same, Disposal.state.in_(OPEN_STATES)))):
        raise Problem("stale-version", _("Somebody has proposed it already."))
    if not any_left(session, owner.kind, [owner.id]):
        raise Problem("nothing-to-dispose")
    row = Disposal(
        agency_id=owner.agency_id,
        owner_kind=owner.kind,
        owner_id=owner.id,
        state="proposed",
        reason=why,
        proposed_by=THE_SYSTEM if actor is None else actor.officer_id,
        proposed_at=now(),
    )
    session.add(row)
    session.flush()
    _note(session, row, "disposal_proposed", actor, {"reason": why})
    return row.id


def approve(
    session: Session, actor: Actor, disposal_id: UUID, *, reason: str | None = None, version: str | None = None
) -> DisposalRecord:
    """Approve what another has proposed; it is executed after DELAY.

    The proposer may approve where nobody else could: with a written reason, and marked for ever. Raises forbidden,
    not-found (also out of scope), stale-version, legal-hold, second-person-needed, validation.
    """
    row = _lock(session, actor, disposal_id, version, states=("proposed",))
    _demand_no_hold(session, row.owner_kind, row.owner_id)
    alone = row.proposed_by == actor.officer_id
    if alone and another_may(session, Permission.MANAGE_RETENTION, row.agency_id, actor.officer_id):
        raise Problem("second-person-needed", _("Ask somebody else who manages the retention of this agency."))
    decision = written(reason) if alone else (reason or "").strip() or None
    _decide(row, actor, "approved", decision)
    row.single_person = alone
    session.flush()
    _note(session, row, "disposal_approved", actor, {"reason": decision, "single_person": alone})
    return record_of(row)


def refuse(
    session: Session, actor: Actor, disposal_id: UUID, *, reason: str | None = None, version: str | None = None
) -> DisposalRecord:
    """Refuse a disposal, also an approved one that is not executed yet. Raises what :func:`approve` does."""
    decision = written(reason)
    row = _lock(session, actor, disposal_id, version, states=OPEN_STATES)
    _decide(row, actor, "refused", decision)
    session.flush()
    _note(session, row, "disposal_refused", actor, {"reason": decision})
    return record_of(row)


def listing(session: Session, scope: tuple[str, ...], states: Collection[str], limit: int) -> list[DisposalRecord]:
    """Return disposals in scope in any of ``states``, the newest first."""
    rows = select(Disposal).where(Disposal.agency_id.in_(agencies_in(scope)), Disposal.state.in_(states))
    return [record_of(row) for row in session.scalars(rows.order_by(Disposal.id.desc()).limit(limit))]


def any_left(session: Session, kind: str, owner_ids: Collection[UUID]) -> set[UUID]:
    """Return which owners have evidence that nobody has disposed of."""
    rows = select(Evidence.owner_id).where(
        Evidence.owner_kind == kind, Evidence.owner_id.in_(owner_ids), Evidence.disposed_at.is_(None)
    )
    return set(session.scalars(rows.distinct()))


def record_of(row: Disposal) -> DisposalRecord:
    """Return the record of a row."""
    return DisposalRecord(**{name: getattr(row, name) for name in DisposalRecord.__dataclass_fields__})


def _lock(
    session: Session, actor: Actor, disposal_id: UUID, version: str | None, *, states: Collection[str]
) -> Disposal:
    scope = actor.require(Permission.MANAGE_RETENTION)
    mine = Disposal.id == disposal_id, Disposal.agency_id.in_(agencies_in(scope))
    owner = session.execute(select(Disposal.owner_kind, Disposal.owner_id).where(*mine)).one_or_none()
    if owner is None:
        raise Problem("not-found")
    meet_owner(session, (owner.owner_kind, owner.owner_id))
    row = session.scalars(select(Disposal).where(*mine).with_for_update()).one()
    if row.state not in states or (version is not None and version != row.version):
        raise Problem("stale-version", current={"state": row.state, "version": row.version})
    return row


def _decide(row: Disposal, actor: Actor, state: str, decision: str | None) -> None:
    row.state, row.decided_by, row.decided_at = state, actor.officer_id, now()
    row.decision, row.version = decision, new_tag()


def _demand_no_hold(session: Session, kind: str, owner_id: UUID) -> None:
    if held(session, kind, [owner_id]):
        raise Problem("legal-hold")


def _note(session: Session, row: Disposal, kind: str, actor: Actor | None, facts: dict[str, object]) -> None:
    doer = Doer(row.agency_id, None if actor is None else actor.officer_id)
    record(session, kind, (row.owner_kind, str(row.owner_id)), doer, {"disposal_id": str(row.id), **facts})
