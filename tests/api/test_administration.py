"""Agencies, squads, accounts and roles at nodes: who may change what, how far an arm reaches, and clear refusals."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
import world
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from support.administrators import Administrators, administrators, slug_of

from server.db import read
from server.identity.models import RoleGrant
from server.identity.rules import Role

API = "/api/v1"


class Desk:
    """One administrator at the API."""

    def __init__(self, client: FlaskClient, person: world.Person) -> None:
        self._client = client
        self._headers = world.signed_in(client, person)

    def ask(self, method: str, path: str, **body: object) -> tuple[int, Any]:
        """Return status and body; of a problem its slug alone."""
        json = {"json": body} if body else {}
        response = self._client.open(f"{API}{path}", method=method, headers=self._headers, **json)
        told = response.get_json(silent=True)
        return response.status_code, slug_of(told) if response.status_code >= 400 else told

    def made(self, path: str, **body: object) -> str:
        """Post what must succeed and return the id of what was made."""
        status, told = self.ask("POST", path, **body)
        assert status == 201, told
        return str(told.get("id") or told["officer_id"])


@pytest.fixture
def three(app: Flask, city: world.World) -> Administrators:
    return administrators(app, city)


@pytest.fixture
def system(client: FlaskClient, city: world.World) -> Desk:
    return Desk(client, city.admin)


@pytest.fixture
def security(client: FlaskClient, three: Administrators) -> Desk:
    return Desk(client, three.security)


@pytest.fixture
def town(client: FlaskClient, city: world.World) -> Desk:
    return Desk(client, city.town_admin)


def grants(app: Flask, officer_id: UUID | str) -> set[tuple[str, UUID]]:
    with app.app_context():
        return read(_grants, UUID(str(officer_id)))


def _grants(session: Session, officer_id: UUID) -> set[tuple[str, UUID]]:
    rows = session.execute(select(RoleGrant.role, RoleGrant.agency_id).where(RoleGrant.officer_id == officer_id))
    return {(row.role, row.agency_id) for row in rows}


class TestTree:
    def test_an_agency_is_added_below_another_and_renamed(self, system: Desk, city: world.World) -> None:
        made = system.made("/agencies", parent_id=str(city.town_id), code="101-01", name="盐仓社区", kind="community")
        assert system.ask("PATCH", f"/agencies/{made}", name="盐仓新村社区") == (204, None)
        _status, told = system.ask("GET", "/agencies")
        (row,) = [row for row in told["agencies"] if row["id"] == made]
        assert (row["path"], row["name"], row["parent_id"]) == ("990101/101/101-01/", "盐仓新村社区", str(city.town_id))
        assert [row["path"] for row in told["agencies"]] == sorted(row["path"] for row in told["agencies"])

    @pytest.mark.parametrize("code", ["001", "a/b", "", "x" * 17, "空格", "a b"])
    def test_a_code_is_new_and_fit_for_a_path(self, system: Desk, city: world.World, code: str) -> None:
        body = {"parent_id": str(city.town_id), "code": code, "name": "某社区", "kind": "community"}
        assert system.ask("POST", "/agencies", **body) == (422, "validation")

    def test_the_tree_ends_before_a_path_grows_too_long(self, system: Desk, city: world.World) -> None:
        above = str(city.city_id)
        codes = [str(number) * 16 for number in range(1, 9)]
        answers = []
        for code in codes:
            answer = system.ask("POST", "/agencies", parent_id=above, code=code, name="某处", kind="community")
            answers.append(answer[0])
            above = answer[1]["id"] if answer[0] == 201 else above
        assert answers == [201] * 7 + [422]

    def test_a_squad_is_added_once_by_name_and_renamed(self, system: Desk, city: world.World) -> None:
        made = system.made("/squads", agency_id=str(city.town_id), name="夜班中队")
        again = system.ask("POST", "/squads", agency_id=str(city.town_id), name="夜班中队")
        assert again == (422, "validation")
        assert system.ask("PATCH", f"/squads/{made}", name="沙桥中队") == (422, "validation")
        assert system.ask("PATCH", f"/squads/{made}", name="晨班中队") == (204, None)
        names = [row["name"] for row in system.ask("GET", "/squads")[1]["squads"]]
        assert "晨班中队" in names
        assert "夜班中队" not in names

    def test_a_town_reaches_its_own_node_only(self, town: Desk, city: world.World) -> None:
        below_street = {"parent_id": str(city.street_id), "code": "x1", "name": "x", "kind": "community"}
        assert town.ask("POST", "/agencies", **below_street) == (404, "not-found")
        assert town.ask("PATCH", f"/agencies/{city.city_id}", name="x") == (404, "not-found")
        assert town.ask("POST", "/squads", agency_id=str(city.street_id), name="x") == (404, "not-found")
        assert town.ask("PATCH", f"/squads/{city.street_squad_id}", name="x") == (404, "not-found")
        assert [row["code"] for row in town.ask("GET", "/agencies")[1]["agencies"]] == ["101"]

    def test_who_grants_roles_keeps_no_tree(self, security: Desk, city: world.World) -> None:
        body = {"parent_id": str(city.city_id), "code": "x1", "name": "x", "kind": "street"}
        assert security.ask("POST", "/agencies", **body) == (403, "forbidden")


class TestAccounts:
    def test_a_new_account_has_a_temporary_password_and_no_role(
        self, client: FlaskClient, system: Desk, city: world.World
    ) -> None:
        body = {"login": "Ｎew", "name": "新人", "agency_id": str(city.town_id), "squad_id": str(city.town_squad_id)}
        status, made = system.ask("POST", "/officers", **body)
        assert (status, made["login"]) == (201, "new")
        opened = client.post(f"{API}/sessions", json={"login": "new", "password": made["password"]}).get_json()
        assert (opened["must_change_password"], opened["officer"]["roles"]) == (True, [])
        card = system.ask("GET", f"/officers/{made['officer_id']}")[1]
        assert (card["squad_name"], card["grants"], card["second_factor_at"]) == ("沙桥中队", [], None)

    def test_a_login_is_given_once_in_any_spelling(self, system: Desk, city: world.World) -> None:
        body = {"login": "ＡＤＭＩＮ", "name": "x", "agency_id": str(city.city_id)}
        assert system.ask("POST", "/officers", **body) == (422, "validation")

    def test_a_squad_belongs_to_the_agency(self, system: Desk, city: world.World) -> None:
        body = {"login": "new", "name": "x", "agency_id": str(city.city_id), "squad_id": str(city.town_squad_id)}
        assert system.ask("POST", "/officers", **body) == (422, "validation")
        assert system.ask("POST", "/officers", **body | {"squad_id": str(uuid4())}) == (422, "validation")

    def test_an_officer_moves_with_the_roles_left_where_they_were(
        self, app: Flask, system: Desk, city: world.World
    ) -> None:
        before = grants(app, city.enforcer.id)
        body = {"name": "改名", "agency_id": str(city.town_id), "squad_id": str(city.town_squad_id)}
        assert system.ask("PUT", f"/officers/{city.enforcer.id}", **body) == (204, None)
        card = system.ask("GET", f"/officers/{city.enforcer.id}")[1]
        assert (card["name"], card["agency_id"], card["squad_name"]) == ("改名", str(city.town_id), "沙桥中队")
        assert grants(app, city.enforcer.id) == before

    def test_nobody_changes_the_own_account_nor_one_out_of_reach(
        self, system: Desk, town: Desk, city: world.World
    ) -> None:
        body = {"name": "x", "agency_id": str(city.city_id)}
        assert system.ask("PUT", f"/officers/{city.admin.id}", **body) == (403, "forbidden")
        assert town.ask("PUT", f"/officers/{city.enforcer.id}", **body) == (404, "not-found")
        theirs = f"/officers/{city.town_enforcer.id}"
        assert town.ask("PUT", theirs, **body | {"agency_id": str(city.street_id)}) == (404, "not-found")

    def test_the_last_administrator_keeps_the_account(
        self, system: Desk, city: world.World, three: Administrators
    ) -> None:
        assert system.ask("POST", f"/officers/{three.security.id}/deactivate") == (409, "last-administrator")
        # The city's reach the town, too: there the town's own is not the last.
        assert system.ask("POST", f"/officers/{three.town_security.id}/deactivate") == (204, None)
        assert system.ask("POST", f"/officers/{city.second_admin.id}/deactivate") == (204, None)


class TestRoles:
    def test_a_role_is_granted_at_a_node_and_holds_below_it_only(
        self, app: Flask, security: Desk, city: world.World
    ) -> None:
        path = f"/officers/{city.dispatcher.id}/grants"
        assert security.ask("POST", path, role="reviewer", agency_id=str(city.town_id)) == (204, None)
        assert security.ask("POST", path, role="reviewer", agency_id=str(city.town_id)) == (204, None)
        assert ("reviewer", city.town_id) in grants(app, city.dispatcher.id)
        assert security.ask("DELETE", f"{path}/reviewer/{city.town_id}") == (204, None)
        assert security.ask("DELETE", f"{path}/reviewer/{city.town_id}") == (204, None)
        assert grants(app, city.dispatcher.id) == {("dispatcher", city.city_id)}

    def test_only_security_administrators_grant(
        self, app: Flask, client: FlaskClient, city: world.World, three: Administrators
    ) -> None:
        for person in (city.admin, three.audit, city.dispatcher, city.supervisor):
            desk = Desk(client, person)
            path = f"/officers/{city.collector.id}/grants"
            assert desk.ask("POST", path, role="reviewer", agency_id=str(city.city_id)) == (403, "forbidden")
            assert desk.ask("DELETE", f"{path}/collector/{city.street_id}") == (403, "forbidden")
        assert grants(app, city.collector.id) == {("collector", city.street_id)}

    def test_nobody_changes_the_own_roles(
        self, app: Flask, security: Desk, city: world.World, three: Administrators
    ) -> None:
        path = f"/officers/{three.security.id}/grants"
        before = grants(app, three.security.id)
        assert security.ask("POST", path, role="reviewer", agency_id=str(city.city_id)) == (403, "forbidden")
        assert security.ask("DELETE", f"{path}/security_admin/{city.city_id}") == (403, "forbidden")
        assert grants(app, three.security.id) == before

    def test_a_town_grants_to_its_own_officers_at_its_own_node(
        self, app: Flask, client: FlaskClient, city: world.World, three: Administrators
    ) -> None:
        desk = Desk(client, three.town_security)
        own, other = f"/officers/{city.town_enforcer.id}/grants", f"/officers/{city.enforcer.id}/grants"
        assert desk.ask("POST", own, role="collector", agency_id=str(city.town_id)) == (204, None)
        assert desk.ask("POST", own, role="collector", agency_id=str(city.city_id)) == (404, "not-found")
        assert desk.ask("POST", other, role="collector", agency_id=str(city.town_id)) == (404, "not-found")
        assert grants(app, city.enforcer.id) == {("enforcement_officer", city.street_id)}

    @pytest.mark.parametrize("second", [Role.SECURITY_ADMIN, Role.AUDIT_ADMIN])
    def test_nobody_holds_two_of_the_three_offices(
        self, app: Flask, security: Desk, city: world.World, second: Role
    ) -> None:
        path = f"/officers/{city.second_admin.id}/grants"
        # Nor one of them at another node: the person is the same.
        for agency_id in (city.city_id, city.town_id):
            answer = security.ask("POST", path, role=second.value, agency_id=str(agency_id))
            assert answer == (409, "administrators-separate")
        assert grants(app, city.second_admin.id) == {("system_admin", city.city_id)}

    def test_a_small_town_may_have_one_for_all(self, app: Flask, security: Desk, city: world.World) -> None:
        path = f"/officers/{city.second_admin.id}/grants"
        strict = app.extensions["xuncha_settings"]
        app.extensions["xuncha_settings"] = replace(strict, one_administrator=True)
        try:
            answer = security.ask("POST", path, role="audit_admin", agency_id=str(city.city_id))
        finally:
            app.extensions["xuncha_settings"] = strict
        assert answer == (204, None)

    def test_the_only_holder_of_an_office_keeps_it(
        self, security: Desk, city: world.World, three: Administrators
    ) -> None:
        path = f"/officers/{three.audit.id}/grants/audit_admin/{city.city_id}"
        assert security.ask("DELETE", path) == (409, "last-administrator")
        assert security.ask("DELETE", f"/officers/{city.admin.id}/grants/system_admin/{city.city_id}") == (204, None)

    def test_a_role_taken_is_gone_at_the_next_request(
        self, client: FlaskClient, security: Desk, city: world.World
    ) -> None:
        supervisor = Desk(client, city.supervisor)
        assert supervisor.ask("GET", "/officers")[0] == 200
        security.ask("DELETE", f"/officers/{city.supervisor.id}/grants/supervisor/{city.city_id}")
        assert supervisor.ask("GET", "/officers") == (403, "forbidden")

    def test_an_unknown_role_or_node_is_refused(self, security: Desk, city: world.World) -> None:
        path = f"/officers/{city.collector.id}/grants"
        assert security.ask("POST", path, role="emperor", agency_id=str(city.city_id)) == (422, "validation")
        assert security.ask("POST", path, role="reviewer", agency_id=str(uuid4())) == (404, "not-found")
        assert security.ask("DELETE", f"{path}/emperor/{city.city_id}") == (404, "not-found")
