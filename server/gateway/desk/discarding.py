"""Discarding an item: one person proposes it with a reason, another confirms. Nothing is deleted.

One person may do both only where nobody else could: that is marked on the decision for ever.
"""

import json

from sqlalchemy import update
from sqlalchemy.orm import Session

from server.gateway.desk.held import Decided, Held, decide, lock, written
from server.gateway.models import InboxItem, ItemDecision
from server.gateway.opened import open_rows, settle_one
from server.identity.rules import Actor, Permission
from server.identity.second_person import another_may
from server.ledger.operations import bring
from server.problems import Problem, _
from sync.item import State, Verdict

_PROPOSED = "discard_proposed"


def propose_discard(session: Session, actor: Actor, row_id: str, *, reason: str, seen: str | None = None) -> Decided:
    """Propose to discard an item. Raises what `lock` raises, and stale-version if somebody has proposed it."""
    why = written(reason)
    held = lock(session, actor, row_id, seen)
    if _proposal(held) is not None:
        told = _("Somebody has proposed it already: confirm that, or take it back.")
        raise Problem("stale-version", told, current={"state": held.state})
    decide(session, held, actor, _PROPOSED, why)
    return Decided(str(held.name), held.state, {})


def withdraw_discard(session: Session, actor: Actor, row_id: str, *, reason: str, seen: str | None = None) -> Decided:
    """Take a proposal back, one's own or another's. Raises discard-not-proposed if there is none."""
    why = written(reason)
    held = lock(session, actor, row_id, seen)
    if _proposal(held) is None:
        raise Problem("discard-not-proposed")
    decide(session, held, actor, "discard_withdrawn", why)
    return Decided(str(held.name), held.state, {})


def confirm_discard(session: Session, actor: Actor, row_id: str, *, reason: str, seen: str | None = None) -> Decided:
    """Discard an item that somebody else proposed: it is superseded, its text stays readable.

    Raises discard-not-proposed, and second-person-needed for the proposer while anybody else may confirm.
    """
    why = written(reason)
    held = lock(session, actor, row_id, seen)
    proposal = _proposal(held)
    if proposal is None:
        raise Problem("discard-not-proposed")
    alone = proposal.officer_id == actor.officer_id
    if alone and another_may(session, Permission.MANAGE_QUARANTINE, held.agency_id, actor.officer_id):
        raise Problem("second-person-needed")
    verdict = Verdict(State.SUPERSEDED, {"problem": Problem("item-discarded").body()})
    decide(session, held, actor, "discarded", why, single_person=alone)
    _settle(session, held, verdict)
    return Decided(str(held.name), verdict.state, verdict.members)


def _proposal(held: Held) -> ItemDecision | None:
    """Return the open proposal: only the newest decision can be one, any later step has answered it."""
    newest = held.newest
    return newest if newest is not None and newest.action == _PROPOSED else None


def _settle(session: Session, held: Held, verdict: Verdict) -> None:
    name = held.name
    if held.is_primary:
        (row,) = open_rows(session, name.install_id, [name.key])
        settle_one(session, name.install_id, row.opened(), verdict, told=False)
        # What waits for this item must learn that it will never come.
        bring(session, [f"item:{name.key.item_id}"])
        return
    # The second content of an id has no receipt of its own: the one of its id tells of the content in effect.
    problem = json.dumps(dict(verdict.members))
    session.execute(update(InboxItem).where(name.condition()).values(state=verdict.state, outcome=problem))
