"""Whether a second person could confirm what one has proposed: where nobody could, one may do both, marked so."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.identity.models import Agency, Officer, RoleGrant
from server.identity.rules import ADMINISTRATORS, ROLES_FOR, Permission, Role, within
from server.problems import Problem


def another_may(session: Session, permission: Permission, agency_id: UUID, officer_id: UUID) -> bool:
    """Tell whether any active officer but this one has the permission for an agency."""
    return _another_holds(session, [role.value for role in ROLES_FOR[permission]], agency_id, officer_id)


def demand_replaceable(session: Session, officer_id: UUID, only: tuple[Role, UUID] | None = None) -> None:
    """Raise last-administrator if the officer holds one of the three offices somewhere where nobody else does.

    ``only`` asks about one role at one agency instead of all that the officer holds.
    """
    held = select(RoleGrant.role, RoleGrant.agency_id).where(
        RoleGrant.officer_id == officer_id, RoleGrant.role.in_([role.value for role in ADMINISTRATORS])
    )
    if only is not None:
        held = held.where(RoleGrant.role == only[0].value, RoleGrant.agency_id == only[1])
    for role, agency_id in session.execute(held).all():
        if not _another_holds(session, [role], agency_id, officer_id):
            raise Problem("last-administrator", roles=[role])


def _another_holds(session: Session, roles: list[str], agency_id: UUID, officer_id: UUID) -> bool:
    path = session.scalars(select(Agency.path).where(Agency.id == agency_id)).one()
    grants = session.execute(
        select(RoleGrant.officer_id, Agency.path)
        .join(Agency, Agency.id == RoleGrant.agency_id)
        .join(Officer, Officer.id == RoleGrant.officer_id)
        .where(RoleGrant.role.in_(roles), Officer.active.is_(True), RoleGrant.officer_id != officer_id)
    )
    return any(within(path, (granted_at,)) for _officer_id, granted_at in grants)
