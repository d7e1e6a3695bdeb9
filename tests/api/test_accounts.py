"""Accounts: own password, reset, deactivation, and how far an administrator's arm reaches."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import world
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import create_app
from server.db import db, read, transact
from server.identity.models import RoleGrant
from server.identity.passwords import DEMO_PASSWORD
from server.identity.queries import actor_by_session
from server.identity.rules import MOST_FAILURES, Role
from server.ledger.models import CustodyEvent

SESSIONS = "/api/v1/sessions"
PASSWORD = "/api/v1/account/password"
OFFICERS = "/api/v1/officers"
NEW = "a longer way round the lake"


def change(client: FlaskClient, headers: dict[str, str], current: str, new: str) -> tuple[int, str]:
    response = client.post(PASSWORD, headers=headers, json={"current_password": current, "new_password": new})
    return response.status_code, "" if response.status_code == 204 else response.get_json()["type"].rpartition("/")[2]


def administer(client: FlaskClient, by: world.Person, officer: world.Person, verb: str) -> tuple[int, str]:
    response = client.post(f"{OFFICERS}/{officer.id}/{verb}", headers=world.signed_in(client, by))
    return response.status_code, "" if response.status_code < 300 else response.get_json()["type"].rpartition("/")[2]


def test_a_changed_password_replaces_the_old_one(client: FlaskClient, city: world.World) -> None:
    assert change(client, world.signed_in(client, city.admin), world.PASSWORD, NEW) == (204, "")
    assert client.post(SESSIONS, json={"login": "admin", "password": world.PASSWORD}).status_code == 401
    assert client.post(SESSIONS, json={"login": "admin", "password": NEW}).status_code == 201


def test_changing_the_password_ends_all_other_sessions_but_not_this_one(
    app: Flask, client: FlaskClient, city: world.World
) -> None:
    here, elsewhere = world.signed_in(client, city.admin), world.signed_in(client, city.admin)
    change(client, here, world.PASSWORD, NEW)
    assert client.get(OFFICERS, headers=here).status_code == 200
    assert client.get(OFFICERS, headers=elsewhere).status_code == 401
    with app.app_context():
        assert read(actor_by_session, city.admin.id, 0) is None


def test_the_current_password_is_demanded_and_guesses_are_counted(client: FlaskClient, city: world.World) -> None:
    headers = world.signed_in(client, city.admin)
    for _ in range(MOST_FAILURES):
        assert change(client, headers, "wrong", NEW) == (401, "wrong-credentials")
    assert change(client, headers, world.PASSWORD, NEW) == (429, "too-many-attempts")


@pytest.mark.parametrize("new", ["too short", DEMO_PASSWORD, world.PASSWORD], ids=["short", "demo", "same"])
def test_weak_passwords_are_refused_by_field(client: FlaskClient, city: world.World, new: str) -> None:
    response = client.post(
        PASSWORD,
        headers=world.signed_in(client, city.admin),
        json={"current_password": world.PASSWORD, "new_password": new},
    )
    assert response.status_code == 422
    assert list(response.get_json()["errors"]) == ["new_password"]


def test_without_a_session_no_password_is_changed(client: FlaskClient, city: world.World) -> None:
    assert change(client, {}, world.PASSWORD, NEW) == (401, "sign-in-required")


def test_a_reset_gives_a_temporary_password_that_only_opens_the_change_of_password(
    client: FlaskClient, city: world.World
) -> None:
    before = world.signed_in(client, city.dispatcher)
    admin = world.signed_in(client, city.admin)
    given = client.post(f"{OFFICERS}/{city.dispatcher.id}/reset-password", headers=admin)
    assert given.status_code == 200
    assert given.get_json()["login"] == "dispatcher"
    assert client.get(OFFICERS, headers=before).status_code == 401

    opened = client.post(SESSIONS, json={"login": "dispatcher", "password": given.get_json()["password"]})
    assert opened.get_json()["must_change_password"] is True
    headers = {"Authorization": f"Bearer {opened.get_json()['token']}"}
    refused = client.get(OFFICERS, headers=headers)
    assert (refused.status_code, refused.get_json()["type"].rpartition("/")[2]) == (403, "password-change-required")
    assert change(client, headers, given.get_json()["password"], NEW) == (204, "")
    assert client.get(OFFICERS, headers=headers).status_code == 200


def test_with_a_temporary_password_one_can_sign_out(client: FlaskClient, city: world.World) -> None:
    admin = world.signed_in(client, city.admin)
    given = client.post(f"{OFFICERS}/{city.dispatcher.id}/reset-password", headers=admin).get_json()["password"]
    headers = world.signed_in(client, replace(city.dispatcher, password=given))
    assert client.delete(f"{SESSIONS}/current", headers=headers).status_code == 204
    assert client.delete(SESSIONS, headers=headers).status_code == 401


def test_deactivation_ends_sessions_and_reactivation_restores_the_account(
    client: FlaskClient, city: world.World
) -> None:
    before = world.signed_in(client, city.dispatcher)
    assert administer(client, city.admin, city.dispatcher, "deactivate") == (204, "")
    assert client.get(OFFICERS, headers=before).status_code == 401
    assert administer(client, city.admin, city.dispatcher, "reactivate") == (204, "")
    assert client.get(OFFICERS, headers=before).status_code == 401
    assert client.get(OFFICERS, headers=world.signed_in(client, city.dispatcher)).status_code == 200


@pytest.mark.parametrize("verb", ["reset-password", "deactivate", "reactivate"])
def test_a_towns_administrator_reaches_the_town_only(client: FlaskClient, city: world.World, verb: str) -> None:
    assert administer(client, city.town_admin, city.town_dispatcher, verb)[0] in {200, 204}
    assert administer(client, city.town_admin, city.admin, verb) == (404, "not-found")
    assert administer(client, city.town_admin, city.collector, verb) == (404, "not-found")


@pytest.mark.parametrize("verb", ["reset-password", "deactivate", "reactivate"])
def test_who_holds_a_role_above_the_administrator_is_out_of_reach(
    app: Flask, client: FlaskClient, city: world.World, verb: str
) -> None:
    with app.app_context():
        transact(grant, city.town_dispatcher, Role.SYSTEM_ADMIN, city)
    assert administer(client, city.town_admin, city.town_dispatcher, verb) == (403, "forbidden")
    assert administer(client, city.admin, city.town_dispatcher, verb)[0] in {200, 204}


@pytest.mark.parametrize("verb", ["reset-password", "deactivate", "reactivate"])
def test_other_roles_administer_nobody(client: FlaskClient, city: world.World, verb: str) -> None:
    assert administer(client, city.dispatcher, city.collector, verb) == (403, "forbidden")


def test_nobody_administers_their_own_account(client: FlaskClient, city: world.World) -> None:
    assert administer(client, city.admin, city.admin, "reset-password") == (403, "forbidden")
    assert administer(client, city.admin, city.admin, "deactivate") == (403, "forbidden")
    assert administer(client, city.second_admin, city.admin, "deactivate") == (204, "")


def test_every_administrative_act_is_recorded_once(app: Flask, client: FlaskClient, city: world.World) -> None:
    for verb in ("reset-password", "deactivate", "deactivate", "reactivate", "reactivate"):
        administer(client, city.admin, city.dispatcher, verb)
    with app.app_context():
        events = read(custody, city.dispatcher)
    assert [event.kind for event in events] == ["password_reset", "deactivated", "reactivated"]
    assert {event.actor_id for event in events} == {city.admin.id}
    assert {event.agency_id for event in events} == {city.city_id}


def test_officers_are_listed_by_login_in_pages_within_scope(client: FlaskClient, city: world.World) -> None:
    headers = world.signed_in(client, city.dispatcher)
    whole = client.get(OFFICERS, headers=headers).get_json()
    logins = [officer["login"] for officer in whole["officers"]]
    assert logins == sorted(logins)
    assert len(logins) == 12
    assert whole["next"] is None

    paged: list[str] = []
    after: str | None = ""
    while after is not None:
        page = client.get(f"{OFFICERS}?limit=5&after={after}", headers=headers).get_json()
        paged += [officer["login"] for officer in page["officers"]]
        after = page["next"]
    assert paged == logins

    town = client.get(OFFICERS, headers=world.signed_in(client, city.town_dispatcher)).get_json()["officers"]
    assert [officer["login"] for officer in town] == ["e031", "shaqiao-admin", "shaqiao-dispatcher"]


def test_officers_can_be_asked_for_by_role(client: FlaskClient, city: world.World) -> None:
    headers = world.signed_in(client, city.dispatcher)
    field = client.get(f"{OFFICERS}?role=enforcement_officer", headers=headers).get_json()["officers"]
    assert [officer["login"] for officer in field] == ["e001", "e002", "e031"]
    assert field[0]["squad_id"] == str(city.street_squad_id)
    assert field[0]["roles"] == ["enforcement_officer"]
    unknown = client.get(f"{OFFICERS}?role=wizard", headers=headers)
    assert unknown.status_code == 422
    assert list(unknown.get_json()["errors"]) == ["role"]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "after=%00"])
def test_senseless_paging_is_refused(client: FlaskClient, city: world.World, query: str) -> None:
    response = client.get(f"{OFFICERS}?{query}", headers=world.signed_in(client, city.dispatcher))
    assert response.status_code == 422


def test_squads_are_listed_within_scope(client: FlaskClient, city: world.World) -> None:
    whole = client.get("/api/v1/squads", headers=world.signed_in(client, city.dispatcher)).get_json()["squads"]
    assert {squad["id"] for squad in whole} == {str(city.street_squad_id), str(city.town_squad_id)}
    town = client.get("/api/v1/squads", headers=world.signed_in(client, city.town_dispatcher)).get_json()["squads"]
    assert town == [{"id": str(city.town_squad_id), "name": "沙桥中队", "agency_id": str(city.town_id)}]


class TestInTheDemo:
    @pytest.fixture
    def demo_client(self, app: Flask) -> Iterator[FlaskClient]:
        """Return a client of the same installation, started as the demo."""
        made = create_app(replace(app.extensions["xuncha_settings"], demo=True))
        yield made.test_client()
        with made.app_context():
            db.engine.dispose()

    def test_choosing_the_demo_password_marks_the_account(
        self, client: FlaskClient, demo_client: FlaskClient, city: world.World
    ) -> None:
        assert change(demo_client, world.signed_in(demo_client, city.admin), world.PASSWORD, DEMO_PASSWORD)[0] == 204
        refused = client.post(SESSIONS, json={"login": "admin", "password": DEMO_PASSWORD})
        assert (refused.status_code, refused.get_json()["type"].rpartition("/")[2]) == (403, "demo-password")

    def test_a_reset_takes_an_account_out_of_the_demo(
        self, client: FlaskClient, demo_client: FlaskClient, city: world.World
    ) -> None:
        change(demo_client, world.signed_in(demo_client, city.reviewer), world.PASSWORD, DEMO_PASSWORD)
        admin = world.signed_in(client, city.admin)
        given = client.post(f"{OFFICERS}/{city.reviewer.id}/reset-password", headers=admin).get_json()["password"]
        assert client.post(SESSIONS, json={"login": "reviewer", "password": given}).status_code == 201


def grant(session: Session, person: world.Person, role: Role, city: world.World) -> None:
    session.add(RoleGrant(officer_id=person.id, role=role.value, agency_id=city.city_id))


def custody(session: Session, person: world.Person) -> list[CustodyEvent]:
    wanted = select(CustodyEvent).where(CustodyEvent.subject_id == str(person.id)).order_by(CustodyEvent.id)
    return list(session.scalars(wanted))
