"""What a desk does about duplicates: merge, part again, take up a proposal or dismiss it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.casework.duplicates.linking import DUPLICATE, Word, attach, part, put
from server.casework.duplicates.models import CaseLink
from server.casework.models import Case
from server.casework.operations.roots import lock_cases
from server.casework.rules import ENDED
from server.evidence.reasons import written
from server.identity.models import Agency
from server.identity.rules import Actor, Permission, within
from server.problems import Problem, _


@dataclass(frozen=True)
class Wish:
    """What the desk saw and why it acts; ``version`` None skips the comparison."""

    reason: str
    version: str | None = None


def merge(session: Session, actor: Actor, case_id: UUID, into_id: UUID, wish: Wish) -> None:
    """Make a case a further report of another.

    Raises forbidden, not-found (either is out of scope), stale-version, validation (no reason, the other has ended
    or is itself a further report), illegal-transition (the case is past filing).
    """
    case, main = _both(session, actor, case_id, into_id)
    _check_version(case, wish)
    attach(session, case, _standing(main), Word(actor.officer_id, written(wish.reason)))


def undo_merge(session: Session, actor: Actor, case_id: UUID, wish: Wish) -> None:
    """Let a merged case stand for itself again; it is never attached to the same case by itself again.

    Raises forbidden, not-found, stale-version, validation (no reason), illegal-transition (it was not merged).
    """
    scope = actor.require(Permission.MERGE_CASES)
    case = _in_scope(session, lock_cases(session, [case_id]), scope, case_id)
    _check_version(case, wish)
    part(session, case, Word(actor.officer_id, written(wish.reason)), "undone")


def decide(session: Session, actor: Actor, link_id: UUID, *, accept: bool, reason: str) -> None:
    """Take up a proposed duplicate, or dismiss it: then the pair is never proposed again.

    Raises forbidden, not-found (also where the proposal is no more in force), and what `merge` raises.
    """
    actor.require(Permission.MERGE_CASES)
    found = session.execute(
        select(CaseLink.case_id, CaseLink.other_id).where(
            CaseLink.id == link_id, CaseLink.kind == DUPLICATE, CaseLink.state == "proposed"
        )
    ).one_or_none()
    if found is None:
        raise Problem("not-found", _("This proposal is not open any more."))
    case, main = _both(session, actor, found.case_id, found.other_id)
    word = Word(actor.officer_id, written(reason))
    if accept:
        attach(session, case, _standing(main), word)
    else:
        put(session, DUPLICATE, (case, main), "dismissed", word)


def _both(session: Session, actor: Actor, case_id: UUID, main_id: UUID) -> tuple[Case, Case]:
    if case_id == main_id:
        raise Problem("validation", errors={"into": [_("A case cannot be merged into itself.")]})
    scope = actor.require(Permission.MERGE_CASES)
    locked = lock_cases(session, {case_id, main_id})
    return _in_scope(session, locked, scope, case_id), _in_scope(session, locked, scope, main_id)


def _in_scope(session: Session, locked: Sequence[Case], scope: tuple[str, ...], case_id: UUID) -> Case:
    case = next((one for one in locked if one.id == case_id), None)
    if case is not None:
        path = session.scalars(select(Agency.path).where(Agency.id == case.agency_id)).one()
        if within(path, scope):
            return case
    raise Problem("not-found")


def _standing(main: Case) -> Case:
    if main.merged_into_id is not None:
        told = _("That case is itself a further report of another: merge into that one.")
        raise Problem("validation", errors={"into": [told]}, merged_into=str(main.merged_into_id))
    if main.state in ENDED:
        raise Problem("validation", errors={"into": [_("That case has ended; a case is merged into an open one.")]})
    return main


def _check_version(case: Case, wish: Wish) -> None:
    if wish.version is not None and wish.version != case.version:
        raise Problem("stale-version", current={"state": case.state, "version": case.version})
