"""What the gateway asks about an officer on a handset: the key that signs, and the capacity to act."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.identity.models import InstallKey, Officer, RoleGrant
from server.identity.rules import Role

# Evidence grade follows capacity at capture: with enforcement power first, then a lead (casework.md section 12).
_BY_WEIGHT = (Role.ENFORCEMENT_OFFICER, Role.COLLECTOR, Role.ASSISTANT)


@dataclass(frozen=True)
class FieldOfficer:
    """Where an officer belongs and in what capacity the officer acts in the field."""

    agency_id: UUID
    squad_id: UUID | None
    capacity: str


def field_officer(session: Session, officer_id: UUID) -> FieldOfficer:
    """Return the officer's place and capacity."""
    row = session.execute(select(Officer.agency_id, Officer.squad_id).where(Officer.id == officer_id)).one()
    roles = set(session.scalars(select(RoleGrant.role).where(RoleGrant.officer_id == officer_id)))
    capacity = next((role.value for role in _BY_WEIGHT if role in roles), "none")
    return FieldOfficer(row.agency_id, row.squad_id, capacity)


def install_public_key(session: Session, install_id: UUID, officer_id: UUID) -> bytes | None:
    """Return the officer's public key on this install (SubjectPublicKeyInfo DER), or None."""
    return session.scalars(
        select(InstallKey.public_key).where(InstallKey.install_id == install_id, InstallKey.officer_id == officer_id)
    ).one_or_none()
