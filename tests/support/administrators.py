"""The other two of the three administrators, at the city and at the town, beside the system administrators of world."""

from dataclasses import dataclass

import world
from flask import Flask
from sqlalchemy.orm import Session

from server.db import transact
from server.identity import operations
from server.identity.rules import Role


@dataclass(frozen=True)
class Administrators:
    """Security and audit administrators."""

    security: world.Person
    audit: world.Person
    town_security: world.Person
    town_audit: world.Person


def administrators(app: Flask, city: world.World) -> Administrators:
    """Write the four accounts."""
    password_hash = world.hashed_password()

    def person(session: Session, login: str, role: Role, *, town: bool) -> world.Person:
        agency_id = city.town_id if town else city.city_id
        grants = ((role, agency_id),)
        facts = operations.NewOfficer(agency_id, login, f"测试 {login}", password_hash, grants)
        return world.Person(operations.create_officer(session, facts), login, facts.name, role, agency_id, None)

    def write(session: Session) -> Administrators:
        return Administrators(
            security=person(session, "security", Role.SECURITY_ADMIN, town=False),
            audit=person(session, "audit", Role.AUDIT_ADMIN, town=False),
            town_security=person(session, "shaqiao-security", Role.SECURITY_ADMIN, town=True),
            town_audit=person(session, "shaqiao-audit", Role.AUDIT_ADMIN, town=True),
        )

    with app.app_context():
        return transact(write)


def slug_of(body: dict[str, object]) -> str:
    """Return the name of a problem's type."""
    return str(body["type"]).rpartition("/")[2]
