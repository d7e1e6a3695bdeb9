"""The roster: agencies, squads and officers as they are set up. Facts in, ids out; nobody is asked for rights here.

Called by set-up and the demo, which have no actor yet.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from server.base import uuid7
from server.identity.models import Agency, Officer, RoleGrant, Squad
from server.identity.rules import Role, normal_login


@dataclass(frozen=True)
class NewAgency:
    """A node of the tree; ``code`` is unique in the deployment and becomes the last step of the path."""

    code: str
    name: str
    kind: str
    parent_id: UUID | None = None


@dataclass(frozen=True)
class NewOfficer:
    """A person with an account; ``grants`` are roles, each at an agency; the password is hashed already."""

    agency_id: UUID
    login: str
    name: str
    password_hash: str
    grants: tuple[tuple[Role, UUID], ...]
    squad_id: UUID | None = None
    certificate_no: str | None = None
    demo_password: bool = False
    must_change_password: bool = False
    locale: str | None = None


def create_agency(session: Session, agency: NewAgency) -> UUID:
    """Add an agency below its parent and return its id."""
    above = "" if agency.parent_id is None else session.get_one(Agency, agency.parent_id).path
    made = Agency(
        id=uuid7(),
        parent_id=agency.parent_id,
        code=agency.code,
        name=agency.name,
        kind=agency.kind,
        path=f"{above}{agency.code}/",
    )
    session.add(made)
    session.flush()
    return made.id


def create_squad(session: Session, agency_id: UUID, name: str) -> UUID:
    """Add a squad or disposal unit to an agency and return its id."""
    made = Squad(id=uuid7(), agency_id=agency_id, name=name)
    session.add(made)
    session.flush()
    return made.id


def create_officer(session: Session, officer: NewOfficer) -> UUID:
    """Add an officer with roles and return the id; the login is stored in its one normal spelling."""
    made = Officer(
        id=uuid7(),
        agency_id=officer.agency_id,
        squad_id=officer.squad_id,
        login=normal_login(officer.login),
        name=officer.name,
        certificate_no=officer.certificate_no,
        password_hash=officer.password_hash,
        demo_password=officer.demo_password,
        must_change_password=officer.must_change_password,
        locale=officer.locale,
    )
    session.add(made)
    session.flush()
    session.add_all(
        RoleGrant(officer_id=made.id, role=role.value, agency_id=agency_id) for role, agency_id in officer.grants
    )
    session.flush()
    return made.id
