"""Whether a squad or an officer can be given work by somebody at a desk."""

from functools import lru_cache
from uuid import UUID

from sqlalchemy import Select, bindparam, exists, select
from sqlalchemy.orm import Session

from server.identity.models import Officer, RoleGrant, Squad
from server.identity.rules import FIELD_ROLES
from server.identity.scope import agencies_in
from server.problems import Problem, _

# Everybody at one desk has the same.
_SCOPES = 256


def check_squad(session: Session, squad_id: UUID, scope: tuple[str, ...]) -> None:
    """Raise validation unless there is such a squad in scope."""
    if session.scalar(_squads_in(scope), {"squad_id": squad_id}) is None:
        raise Problem("validation", errors={"squad_id": [_("There is no such squad in your scope.")]})


def check_officer(session: Session, officer_id: UUID, scope: tuple[str, ...]) -> None:
    """Raise validation unless there is such an active field officer in scope."""
    if session.scalar(_field_officers_in(scope), {"officer_id": officer_id}) is None:
        told = _("There is no active field officer of this id in your scope.")
        raise Problem("validation", errors={"officer_id": [told]})


@lru_cache(_SCOPES)
def _squads_in(scope: tuple[str, ...]) -> Select[UUID]:
    return select(Squad.id).where(Squad.id == bindparam("squad_id"), Squad.agency_id.in_(agencies_in(scope)))


@lru_cache(_SCOPES)
def _field_officers_in(scope: tuple[str, ...]) -> Select[UUID]:
    granted = exists().where(RoleGrant.officer_id == Officer.id, RoleGrant.role.in_(FIELD_ROLES))
    mine = Officer.id == bindparam("officer_id"), Officer.active.is_(True), Officer.agency_id.in_(agencies_in(scope))
    return select(Officer.id).where(*mine, granted)
