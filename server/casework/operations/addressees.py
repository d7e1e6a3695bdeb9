"""Whether a squad or an officer can be given work by somebody at a desk."""

from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from server.identity.models import Officer, RoleGrant, Squad
from server.identity.rules import FIELD_ROLES
from server.identity.scope import agencies_in
from server.problems import Problem, _


def check_squad(session: Session, squad_id: UUID, scope: tuple[str, ...]) -> None:
    """Raise validation unless there is such a squad in scope."""
    known = select(Squad.id).where(Squad.id == squad_id, Squad.agency_id.in_(agencies_in(scope)))
    if session.scalar(known) is None:
        raise Problem("validation", errors={"squad_id": [_("There is no such squad in your scope.")]})


def check_officer(session: Session, officer_id: UUID, scope: tuple[str, ...]) -> None:
    """Raise validation unless there is such an active field officer in scope."""
    granted = exists().where(RoleGrant.officer_id == Officer.id, RoleGrant.role.in_(FIELD_ROLES))
    mine = Officer.id == officer_id, Officer.active.is_(True), Officer.agency_id.in_(agencies_in(scope))
    if session.scalar(select(Officer.id).where(*mine, granted)) is None:
        told = _("There is no active field officer of this id in your scope.")
        raise Problem("validation", errors={"officer_id": [told]})
