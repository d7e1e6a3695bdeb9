"""An item in quarantine under a person's hands: found, locked, compared with what the person saw, and written about.

Lock order: the install and its officers, the inbox row, then whatever its interpretation locks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.clock import now
from server.gateway.models import InboxItem, ItemDecision
from server.gateway.row_id import HELD, RowId
from server.identity.locks import lock_sender
from server.identity.rules import Actor, Permission
from server.identity.scope import agencies_in
from server.ledger.operations import Doer, record
from server.problems import Problem, _
from sync.item import Verdict

MOST_REASON = 500


@dataclass(frozen=True)
class Held:
    """One row of the inbox, locked; ``newest`` is the last decision about it."""

    name: RowId
    agency_id: UUID
    state: str
    is_primary: bool
    newest: ItemDecision | None


@dataclass(frozen=True)
class Decided:
    """What an item is after a person's decision: its state, and the members that go with it."""

    row_id: str
    state: str
    members: Mapping[str, Any]


def lock(session: Session, actor: Actor, row_id: str, seen: str | None) -> Held:
    """Lock an item for a decision.

    ``seen`` is the `seen` that the person read with the item (None skips the comparison). Raises forbidden,
    not-found (also out of scope), and stale-version when somebody else has decided meanwhile.
    """
    scope = actor.require(Permission.MANAGE_QUARANTINE)
    name = RowId.read(row_id)
    lock_sender(session, name.install_id)
    wanted = select(InboxItem.agency_id, InboxItem.state, InboxItem.is_primary).where(
        name.condition(), InboxItem.agency_id.in_(agencies_in(scope))
    )
    row = session.execute(wanted.with_for_update()).one_or_none()
    if row is None:
        raise Problem("not-found")
    newest = newest_decision(session, name)
    if row.state not in HELD or (seen is not None and seen != token(newest)):
        raise Problem("stale-version", current={"state": row.state, "seen": token(newest)})
    return Held(name, row.agency_id, row.state, row.is_primary, newest)


def newest_decision(session: Session, name: RowId) -> ItemDecision | None:
    """Return the last decision about an item."""
    about = select(ItemDecision).where(
        ItemDecision.install_id == name.install_id,
        ItemDecision.item_id == name.key.item_id,
        ItemDecision.fingerprint == name.key.fingerprint,
    )
    return session.scalars(about.order_by(ItemDecision.id.desc()).limit(1)).one_or_none()


def token(newest: ItemDecision | None) -> str:
    """Return what stands for the decisions known so far; another one makes another token."""
    return "" if newest is None else str(newest.id)


def demand_effect(held: Held) -> None:
    """Refuse to let a content take effect beside the one that has this id already."""
    if not held.is_primary:
        told = _("Only one content of an id takes effect: record an amendment, or discard this one.")
        raise Problem("item-conflict", told)


def written(reason: str) -> str:
    """Return a person's reason without blanks around it; raises validation."""
    text = reason.strip()
    if not text or len(text) > MOST_REASON or not text.isprintable():
        told = _("Write a reason: one line, at most 500 characters.")
        raise Problem("validation", errors={"reason": [told]})
    return text


def decide(
    session: Session,
    held: Held,
    actor: Actor,
    action: str,
    reason: str,
    *,
    single_person: bool = False,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Keep a decision beside the item and in the custody record, there with further ``facts`` (JSON values)."""
    name = held.name
    session.add(
        ItemDecision(
            install_id=name.install_id,
            item_id=name.key.item_id,
            fingerprint=name.key.fingerprint,
            action=action,
            reason=reason,
            officer_id=actor.officer_id,
            single_person=single_person,
            at=now(),
        )
    )
    doer = Doer(held.agency_id, actor.officer_id, name.install_id)
    told = {"fingerprint": name.key.fingerprint, "reason": reason, "single_person": single_person, **(facts or {})}
    record(session, f"item_{action}", ("item", str(name.key.item_id)), doer, told)
    session.flush()


def decided(held: Held, verdict: Verdict) -> Decided:
    """Return the answer to a decision that gave the item this verdict."""
    return Decided(str(held.name), verdict.state, verdict.members)
