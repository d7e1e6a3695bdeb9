"""A small city for the tests, made through identity's own operations: agencies, squads, one officer per role.

``city(app)`` writes it and returns its ids; ``signed_in`` and ``enrolled`` open the two kinds of doors.
"""

from dataclasses import dataclass, replace
from functools import cache
from uuid import UUID

from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from support.rehearsal import rehearsed

from server.db import read, transact
from server.identity import operations
from server.identity.queries import actor_by_session
from server.identity.rules import Actor, Role
from server.ledger.operations import ensure_epoch

PASSWORD = "seven bridges over the Cheng"


@dataclass(frozen=True)
class Person:
    """An officer who can sign in with ``login`` and ``password``."""

    id: UUID
    login: str
    name: str
    role: Role
    agency_id: UUID
    squad_id: UUID | None
    password: str = PASSWORD


@dataclass(frozen=True)
class World:
    """City above street and town; each of the two has a squad. Desk officers are the city's unless named otherwise."""

    city_id: UUID
    street_id: UUID
    town_id: UUID
    street_squad_id: UUID
    town_squad_id: UUID
    collector: Person
    enforcer: Person
    squad_mate: Person
    town_enforcer: Person
    acceptance: Person
    dispatcher: Person
    reviewer: Person
    supervisor: Person
    admin: Person
    second_admin: Person
    town_admin: Person
    town_dispatcher: Person


@dataclass(frozen=True)
class EnrolledHandset:
    """An install, its credential as headers, and the private key that signs its items."""

    install_id: UUID
    officer_id: UUID
    credential: str
    headers: dict[str, str]
    key: ec.EllipticCurvePrivateKey


def city(app: Flask) -> World:
    """Write the city into the application's database and return what was made."""

    def write() -> World:
        with app.app_context():
            transact(ensure_epoch)
            return transact(_build)

    return rehearsed(app, "city", write)


def signed_in(client: FlaskClient, person: Person) -> dict[str, str]:
    """Sign in through the API and return the headers of the session."""

    def sign_in() -> dict[str, str]:
        response = client.post("/api/v1/sessions", json={"login": person.login, "password": person.password})
        assert response.status_code == 201, response.text
        return {"Authorization": f"Bearer {response.get_json()['token']}"}

    app = client.application
    return dict(rehearsed(app, ("signed in", person, app.extensions["xuncha_settings"]), sign_in))


def enrolled(app: Flask, world: World, person: Person, label: str = "test handset") -> EnrolledHandset:
    """Enrol a handset for a field officer, without the network."""
    secret = app.extensions["xuncha_settings"].secret()
    step = ("enrolled", person, label, secret)
    made = rehearsed(app, step, lambda: _enrolled(app, world, person, label, secret))
    return replace(made, headers=dict(made.headers))


def _enrolled(app: Flask, world: World, person: Person, label: str, secret: str) -> EnrolledHandset:
    key = ec.generate_private_key(ec.SECP256R1())
    public_key = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    with app.app_context():
        issued = transact(operations.create_enrolment_code, acting(app, world.admin), person.id)
        offer = operations.KeyOffer(issued.code, "ES256", public_key, label, "2.4.1")
        made = transact(operations.enrol, offer, secret)
    headers = {"Authorization": f"Bearer {made.credential}"}
    return EnrolledHandset(made.install_id, person.id, made.credential, headers, key)


def acting(app: Flask, person: Person) -> Actor:
    """Return the actor that a session of ``person`` opened just now would carry."""
    with app.app_context():
        actor = read(actor_by_session, person.id, 0)
    assert actor is not None, f"{person.login} was deactivated or signed out everywhere"
    return actor


def _build(session: Session) -> World:
    city_id = operations.create_agency(session, operations.NewAgency("990101", "澄浦市", "city"))
    street_id = operations.create_agency(session, operations.NewAgency("001", "城中街道", "street", city_id))
    town_id = operations.create_agency(session, operations.NewAgency("101", "沙桥镇", "town", city_id))
    street_squad_id = operations.create_squad(session, street_id, "城中中队")
    town_squad_id = operations.create_squad(session, town_id, "沙桥中队")

    def person(login: str, role: Role, agency_id: UUID, squad_id: UUID | None = None) -> Person:
        facts = operations.NewOfficer(
            agency_id=agency_id,
            login=login,
            name=f"测试 {login}",
            password_hash=hashed_password(),
            grants=((role, agency_id),),
            squad_id=squad_id,
        )
        return Person(operations.create_officer(session, facts), login, facts.name, role, agency_id, squad_id)

    return World(
        city_id=city_id,
        street_id=street_id,
        town_id=town_id,
        street_squad_id=street_squad_id,
        town_squad_id=town_squad_id,
        collector=person("c001", Role.COLLECTOR, street_id),
        enforcer=person("e001", Role.ENFORCEMENT_OFFICER, street_id, street_squad_id),
        squad_mate=person("e002", Role.ENFORCEMENT_OFFICER, street_id, street_squad_id),
        town_enforcer=person("e031", Role.ENFORCEMENT_OFFICER, town_id, town_squad_id),
        acceptance=person("acceptance", Role.ACCEPTANCE, city_id),
        dispatcher=person("dispatcher", Role.DISPATCHER, city_id),
        reviewer=person("reviewer", Role.REVIEWER, city_id),
        supervisor=person("supervisor", Role.SUPERVISOR, city_id),
        admin=person("admin", Role.SYSTEM_ADMIN, city_id),
        second_admin=person("admin2", Role.SYSTEM_ADMIN, city_id),
        town_admin=person("shaqiao-admin", Role.SYSTEM_ADMIN, town_id),
        town_dispatcher=person("shaqiao-dispatcher", Role.DISPATCHER, town_id),
    )


@cache
def hashed_password() -> str:
    """Return the hash of PASSWORD: one for all, and the cheapest, because it decides itself what its check costs."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
