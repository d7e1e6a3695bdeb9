"""Legal hold: while one is open on an owner, nothing of its evidence is disposed of.

Whoever binds the subjects together finds the owner and checks the scope before placing. Placing, releasing and
executing a disposal meet at the owner's key, so that a hold either stops a disposal or comes after it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.clock import now
from server.evidence.models import LegalHold
from server.evidence.reasons import written
from server.identity.rules import Actor, Permission
from server.identity.scope import agencies_in
from server.ledger.operations import Doer, meet, record
from server.problems import Problem, _

Owner = tuple[str, UUID]


@dataclass(frozen=True)
class HoldRecord:
    """A hold on an owner; open while ``released_at`` is None."""

    id: UUID
    owner_kind: str
    owner_id: UUID
    reason: str
    placed_by: UUID
    placed_at: datetime
    released_by: UUID | None
    released_at: datetime | None
    release_reason: str | None


def meet_owner(session: Session, owner: Owner) -> None:
    """Take turns with whoever holds, releases or disposes of this owner's evidence."""
    meet(session, [f"evidence:{owner[0]}:{owner[1]}"])


def place(session: Session, actor: Actor, owner: Owner, agency_id: UUID, *, reason: str) -> UUID:
    """Place a hold on an owner of an agency and return its id; the caller has checked that it is in scope.

    An owner may be held several times, for several reasons. Raises forbidden, validation.
    """
    actor.require(Permission.HOLD_EVIDENCE)
    why = written(reason)
    meet_owner(session, owner)
    hold = LegalHold(
        agency_id=agency_id,
        owner_kind=owner[0],
        owner_id=owner[1],
        reason=why,
        placed_by=actor.officer_id,
        placed_at=now(),
    )
    session.add(hold)
    session.flush()
    facts = {"hold_id": str(hold.id), "reason": why}
    record(session, "held", (owner[0], str(owner[1])), Doer(agency_id, actor.officer_id), facts)
    return hold.id


def release(session: Session, actor: Actor, hold_id: UUID, *, reason: str) -> Owner:
    """Release one hold and return its owner.

    Raises forbidden, not-found (also out of scope), validation, stale-version (it is released already).
    """
    scope = actor.require(Permission.HOLD_EVIDENCE)
    why = written(reason)
    mine = LegalHold.id == hold_id, LegalHold.agency_id.in_(agencies_in(scope))
    named = session.execute(select(LegalHold.owner_kind, LegalHold.owner_id).where(*mine)).one_or_none()
    if named is None:
        raise Problem("not-found")
    owner: Owner = (named.owner_kind, named.owner_id)
    meet_owner(session, owner)
    hold = session.scalars(select(LegalHold).where(*mine).with_for_update()).one()
    if hold.released_at is not None:
        raise Problem("stale-version", _("Somebody has released this hold already."))
    hold.released_by, hold.released_at, hold.release_reason = actor.officer_id, now(), why
    facts = {"hold_id": str(hold.id), "reason": why}
    record(session, "released", (owner[0], str(owner[1])), Doer(hold.agency_id, actor.officer_id), facts)
    session.flush()
    return owner


def of_owner(session: Session, kind: str, owner_id: UUID) -> tuple[HoldRecord, ...]:
    """Return all holds of an owner, the open ones too, oldest first; the caller has checked the scope."""
    rows = select(LegalHold).where(LegalHold.owner_kind == kind, LegalHold.owner_id == owner_id).order_by(LegalHold.id)
    names = HoldRecord.__dataclass_fields__
    return tuple(HoldRecord(**{name: getattr(row, name) for name in names}) for row in session.scalars(rows))


def held(session: Session, kind: str, owner_ids: Collection[UUID]) -> set[UUID]:
    """Return which of these owners are under an open hold."""
    rows = select(LegalHold.owner_id).where(
        LegalHold.owner_kind == kind, LegalHold.owner_id.in_(owner_ids), LegalHold.released_at.is_(None)
    )
    return set(session.scalars(rows))
