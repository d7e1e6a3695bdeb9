"""Whether a second person could confirm what one has proposed: where nobody could, one may do both, marked so."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.identity.models import Agency, Officer, RoleGrant
from server.identity.rules import ROLES_FOR, Permission, within


def another_may(session: Session, permission: Permission, agency_id: UUID, officer_id: UUID) -> bool:
    """Tell whether any active officer but this one has the permission for an agency."""
    path = session.scalars(select(Agency.path).where(Agency.id == agency_id)).one()
    grants = session.execute(
        select(RoleGrant.officer_id, Agency.path)
        .join(Agency, Agency.id == RoleGrant.agency_id)
        .join(Officer, Officer.id == RoleGrant.officer_id)
        .where(
            RoleGrant.role.in_([role.value for role in ROLES_FOR[permission]]),
            Officer.active.is_(True),
            RoleGrant.officer_id != officer_id,
        )
    )
    return any(within(path, (granted_at,)) for _officer_id, granted_at in grants)
