"""Writes the demo city's people: agencies, squads, officers, and the category schemes; one transaction."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from server.demo.people import AREAS, CITY_CODE, CITY_NAME, SQUADS, UNITS, people
from server.identity.models import Agency, Officer
from server.identity.operations import NewAgency, NewOfficer, create_agency, create_officer, create_squad
from server.identity.queries import actor_by_session
from server.identity.rules import Actor
from server.standards.operations import load_scheme
from server.standards.shipped import read_shipped, shipped_names


@dataclass(frozen=True)
class Roster:
    """Ids by login, by squad's name, and by agency's code."""

    officers: dict[str, UUID]
    squads: dict[str, UUID]
    agencies: dict[str, UUID]


def has_agencies(session: Session) -> bool:
    """Tell whether somebody has set up this database already."""
    return bool(session.scalar(select(exists().where(Agency.id.is_not(None)))))


def settle(session: Session, seed: int, password_hash: str) -> Roster:
    """Write the whole roster; all accounts share one hash, because Argon2 is slow on purpose."""
    for name in shipped_names():
        load_scheme(session, read_shipped(name))
    city_id = create_agency(session, NewAgency(CITY_CODE, CITY_NAME, "city"))
    areas = {
        area.code: create_agency(session, NewAgency(area.code, area.name, area.kind, city_id)) for area in AREAS
    } | {CITY_CODE: city_id}
    squads = {name: create_squad(session, areas[code], name) for name, code in (*SQUADS, *UNITS)}
    officers = {}
    for person in people(seed):
        officer = NewOfficer(
            agency_id=areas[person.area],
            login=person.login,
            name=person.name,
            password_hash=password_hash,
            grants=((person.role, areas[person.area]),),
            squad_id=squads[person.squad] if person.squad else None,
            certificate_no=person.certificate_no,
            demo_password=True,
        )
        officers[person.login] = create_officer(session, officer)
    return Roster(officers, squads, areas)


def actor_of(session: Session, login: str) -> Actor | None:
    """Return what a session of this login would carry now, or None if it is gone or deactivated."""
    found = session.execute(select(Officer.id, Officer.session_generation).where(Officer.login == login)).one_or_none()
    return None if found is None else actor_by_session(session, *found)
