"""Attaching a case to another as a further report, parting them again, and the record that is kept of both.

Callers hold the locks of both cases. The merged case keeps its reporter, photographs and number, so both officers
keep credit, and parting restores it to the state it had.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.casework.cause import Cause
from server.casework.duplicates.candidates import sighting_of
from server.casework.duplicates.grouping import distance_m
from server.casework.duplicates.models import CaseLink
from server.casework.inbox.acts import tell_merged
from server.casework.models import Case
from server.casework.operations.moving import move
from server.casework.rules import Action
from server.clock import now
from server.upsert import insert

DUPLICATE = "duplicate"


@dataclass(frozen=True)
class Word:
    """Who says what about a link: a policy (``by`` None) or a person with a reason."""

    by: UUID | None = None
    reason: str | None = None

    @property
    def origin(self) -> str:
        """Return whose word it is."""
        return "policy" if self.by is None else "desk"


POLICY = Word()


def attach(session: Session, case: Case, main: Case, word: Word) -> None:
    """Make ``case`` a further report of ``main``; what was attached to ``case`` follows it."""
    case.merged_into_id = main.id
    put(session, DUPLICATE, (case, main), "attached", word)
    followed = update(Case).where(Case.merged_into_id == case.id).values(merged_into_id=main.id)
    session.execute(followed.execution_options(synchronize_session="fetch", unmarked="their handsets show the state"))
    cause = Cause(word.by, word.reason)
    move(session, case, Action.MERGE, cause, facts={"into": str(main.id)})
    tell_merged(session, case, main, cause)


def part(session: Session, case: Case, word: Word, state: str) -> None:
    """Let a merged case stand for itself again, as it was; ``state`` is what becomes of the link."""
    main_id = session.scalar(
        select(CaseLink.other_id).where(
            CaseLink.case_id == case.id, CaseLink.kind == DUPLICATE, CaseLink.state == "attached"
        )
    )
    session.execute(
        update(CaseLink)
        .where(CaseLink.case_id == case.id, CaseLink.kind == DUPLICATE, CaseLink.state == "attached")
        .values(state=state, decided_at=now(), decided_by=word.by, reason=word.reason)
    )
    case.merged_into_id = None
    move(session, case, Action.UNDO_MERGE, Cause(word.by, word.reason), facts={"from": str(main_id)})
    own = select(CaseLink.case_id).where(
        CaseLink.other_id == case.id, CaseLink.kind == DUPLICATE, CaseLink.state == "attached"
    )
    back = update(Case).where(Case.id.in_(own)).values(merged_into_id=case.id)
    session.execute(back.execution_options(synchronize_session="fetch", unmarked="their handsets show the state"))


def put(session: Session, kind: str, cases: tuple[Case, Case], state: str, word: Word) -> None:
    """Write the link of a case to another, or bring the one that is there to ``state``."""
    case, other = cases
    one, two = sighting_of(case, anchored=False), sighting_of(other, anchored=False)
    decided = {"decided_at": None if word.by is None else now(), "decided_by": word.by, "reason": word.reason}
    facts = {"state": state, "origin": word.origin, **decided}
    stored = insert(session, CaseLink).values(
        kind=kind,
        case_id=case.id,
        other_id=other.id,
        distance_m=round(distance_m(one, two), 1),
        apart_s=round(abs(one.at - two.at).total_seconds()),
        made_at=now(),
        made_by=word.by,
        **facts,
    )
    keys = [CaseLink.kind, CaseLink.case_id, CaseLink.other_id]
    session.execute(stored.on_conflict_do_update(index_elements=keys, set_=facts))
