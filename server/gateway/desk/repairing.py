"""Repair: a person writes a sound text beside the damaged one. Replay: the same text, looked at again."""

import hashlib

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.clock import now
from server.gateway.desk.held import Decided, Held, decide, decided, demand_effect, lock, written
from server.gateway.interpreting import interpret_row
from server.gateway.models import ItemRevision
from server.gateway.revisions import newest_bodies
from server.identity.rules import Actor
from server.problems import Problem, _
from sync.limits import LIMITS


def repair(session: Session, actor: Actor, row_id: str, *, body: str, reason: str, seen: str | None = None) -> Decided:
    """Interpret ``body`` in place of the item's text; the repairer's word stands for head and signature.

    The item keeps its id, its bytes and its fingerprint; the text is kept beside it as a revision. Raises what
    `lock` raises, item-conflict, validation, and what is wrong with a text that cannot be read as an item.
    """
    why, text = written(reason), _encoded(body)
    held = lock(session, actor, row_id, seen)
    demand_effect(held)
    revision = _keep(session, held, actor, text, why)
    verdict = interpret_row(session, held.name.install_id, held.name.key, body_override=text)
    facts = {"revision": revision, "sha256": hashlib.sha256(text).hexdigest(), "state": verdict.state}
    decide(session, held, actor, "repaired", why, facts=facts)
    return decided(held, verdict)


def replay(session: Session, actor: Actor, row_id: str, *, reason: str, seen: str | None = None) -> Decided:
    """Interpret an item again as it is, or as it was last repaired: the world around it may have changed."""
    why = written(reason)
    held = lock(session, actor, row_id, seen)
    demand_effect(held)
    name = held.name
    text = newest_bodies(session, [(name.install_id, name.key)]).get((name.install_id, name.key))
    verdict = interpret_row(session, name.install_id, name.key, body_override=text)
    decide(session, held, actor, "replayed", why, facts={"state": verdict.state})
    return decided(held, verdict)


def _keep(session: Session, held: Held, actor: Actor, text: bytes, reason: str) -> int:
    name = held.name
    earlier = select(func.count()).where(
        ItemRevision.install_id == name.install_id,
        ItemRevision.item_id == name.key.item_id,
        ItemRevision.fingerprint == name.key.fingerprint,
    )
    revision = 1 + session.execute(earlier).scalar_one()
    session.add(
        ItemRevision(
            install_id=name.install_id,
            item_id=name.key.item_id,
            fingerprint=name.key.fingerprint,
            revision=revision,
            body=text,
            reason=reason,
            officer_id=actor.officer_id,
            at=now(),
        )
    )
    session.flush()
    return revision


def _encoded(body: str) -> bytes:
    try:
        text = body.encode()
    except UnicodeEncodeError as error:
        told = _("Holds half a surrogate pair, which is no text.")
        raise Problem("validation", errors={"body": [told]}) from error
    if not text.strip() or len(text) > LIMITS.max_item_bytes:
        raise Problem("validation", errors={"body": [_("Write the whole item as JSON, at most 256 KiB.")]})
    return text
