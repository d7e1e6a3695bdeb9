"""What both sides of a request ask first: whose case it is, how its clocks stand, whether a second person is needed."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from server.casework.models import Case, CaseClock, CaseRequest
from server.casework.operations.roots import lock_case
from server.casework.requests.rules import RequestKind, RequestState, Standing
from server.identity.models import Agency
from server.identity.rules import Actor, Permission, within
from server.identity.second_person import another_may
from server.problems import Problem, _

_NONE = UUID(int=0)


def seen_case(session: Session, actor: Actor, case_id: UUID) -> Case:
    """Lock a case that the actor may see, as a desk or as the unit that has it; raises not-found."""
    case = lock_case(session, case_id)
    if case is None or not (holds(actor, case) or in_scope(session, actor, Permission.READ_CASES, case.agency_id)):
        raise Problem("not-found")
    return case


def holds(actor: Actor, case: Case) -> bool:
    """Tell whether the actor is a unit account of the squad that has the case."""
    return actor.squad_id is not None and actor.squad_id == case.squad_id and actor.may(Permission.DISPOSE_CASE)


def in_scope(session: Session, actor: Actor, permission: Permission, agency_id: UUID) -> bool:
    """Tell whether the actor's ``permission`` reaches an agency."""
    path = session.scalars(select(Agency.path).where(Agency.id == agency_id)).one()
    return within(path, actor.scope(permission))


def demand(session: Session, actor: Actor, permission: Permission, agency_id: UUID) -> None:
    """Raise forbidden unless the actor's ``permission`` reaches an agency."""
    actor.require(permission)
    if not in_scope(session, actor, permission, agency_id):
        raise Problem("forbidden", _("Your role does not reach the agency of this case."))


def standing_of(session: Session, case: Case, besides: UUID | None = None) -> Standing:
    """Return how a locked case stands for a request of more time, ``besides`` being that very request."""
    due_at = session.scalars(
        select(CaseClock.due_at).where(
            CaseClock.case_id == case.id, CaseClock.stage == "disposal", CaseClock.stopped_at.is_(None)
        )
    ).first()
    suspended = exists().where(
        CaseRequest.case_id == case.id,
        CaseRequest.kind == RequestKind.SUSPENSION.value,
        CaseRequest.state == RequestState.APPROVED.value,
        CaseRequest.id != (besides or _NONE),
    )
    return Standing(case.state, due_at, case.extension_count, bool(session.scalar(select(suspended))))


def late_clock(session: Session, case: Case, stage: str, at: datetime) -> CaseClock | None:
    """Return the newest clock of a stage that is late and not exempted."""
    running_late = and_(CaseClock.stopped_at.is_(None), CaseClock.due_at < at)
    return session.scalars(
        select(CaseClock)
        .where(
            CaseClock.case_id == case.id,
            CaseClock.stage == stage,
            CaseClock.exempted_at.is_(None),
            or_(CaseClock.late.is_(True), running_late),
        )
        .order_by(CaseClock.round.desc())
        .with_for_update()
    ).first()


def alone(
    session: Session, actor: Actor, permission: Permission, agency_id: UUID, *, others: Collection[UUID | None]
) -> bool:
    """Tell whether the actor has to be the second person too, because nobody else could be.

    Raises second-person-needed if the actor is one of ``others``, who have had their say, and somebody else could.
    """
    if actor.officer_id not in others:
        return False
    if another_may(session, permission, agency_id, actor.officer_id):
        raise Problem("second-person-needed", _("You asked for it or reviewed it already: somebody else decides."))
    return True
