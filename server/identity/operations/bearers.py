"""The officer for whom a handset works, as the handset is told."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from server.identity.models import Officer, RoleGrant

_ROLES = select(RoleGrant.role).where(RoleGrant.officer_id == bindparam("officer_id"))


@dataclass(frozen=True)
class Bearer:
    """An officer who carries a handset; ``roles`` are sorted, each named once."""

    id: UUID
    name: str
    agency_id: UUID
    squad_id: UUID | None
    roles: tuple[str, ...]


def bearer(session: Session, officer: Officer) -> Bearer:
    """Return what a handset is told of its officer."""
    return Bearer(
        officer.id, officer.name, officer.agency_id, officer.squad_id, tuple(sorted(roles_of(session, officer)))
    )


def roles_of(session: Session, officer: Officer) -> set[str]:
    """Return the roles that an officer holds anywhere."""
    return set(session.scalars(_ROLES, {"officer_id": officer.id}))
