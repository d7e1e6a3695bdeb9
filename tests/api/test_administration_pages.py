"""The console's pages of administration: the tree, one officer, the audit log."""

import csv
import io

import pytest
import world
from console import Console, console
from flask import Flask
from support.administrators import Administrators, administrators

from server.db import read
from server.identity.queries import OfficerCard, agencies, officer, squads


@pytest.fixture
def three(app: Flask, city: world.World) -> Administrators:
    return administrators(app, city)


@pytest.fixture
def system(app: Flask, city: world.World) -> Console:
    return console(app, city.admin)


@pytest.fixture
def security(app: Flask, three: Administrators) -> Console:
    return console(app, three.security)


def card(app: Flask, person: world.Person) -> OfficerCard:
    with app.app_context():
        return read(officer, ("",), person.id)


def test_the_tree_grows_by_forms(app: Flask, system: Console, city: world.World) -> None:
    town = str(city.town_id)
    system.post("/agencies/add", agency_id=town, code="101-1", name="盐仓社区", kind="community")
    system.post("/agencies/rename", agency_id=town, name="沙桥新镇")
    system.post("/agencies/squad", agency_id=town, name="夜班中队")
    system.post("/agencies/rename_squad", squad_id=str(city.town_squad_id), name="晨班中队")
    with app.app_context():
        assert {"盐仓社区", "沙桥新镇"} <= {row.name for row in read(agencies, ("",))}
        assert {"夜班中队", "晨班中队"} <= {row.name for row in read(squads, ("",))}
    page = system.text("/agencies")
    assert all(name in page for name in ("盐仓社区", "沙桥新镇", "夜班中队", "晨班中队"))


def test_a_refused_form_says_why(system: Console, city: world.World) -> None:
    system.post("/agencies/add", agency_id=str(city.town_id), code="001", name="x", kind="town")
    assert "Another agency has this code" in system.text("/agencies")
    system.post("/agencies/add", agency_id=str(city.town_id), code="ok", name="x", kind="empire")
    assert "Choose one." in system.text("/agencies")


def test_a_new_account_shows_its_password_once(app: Flask, system: Console, city: world.World) -> None:
    assert "Make the account" in system.text(f"/officers/new?agency={city.town_id}")
    made = system.post(
        "/officers/new", login="new", name="新人", agency_id=str(city.town_id), squad_id=str(city.town_squad_id)
    )
    assert made.status_code == 200
    assert made.headers["Cache-Control"] == "no-store"
    password = made.text.partition('<p class="code mono">')[2].partition("<")[0]
    person = world.Person(city.town_id, "new", "新人", world.Role.COLLECTOR, city.town_id, None, password)
    browser = console(app, person)
    assert browser.get("/").headers["Location"] == "/account"


def test_a_login_that_is_taken_is_told(system: Console, city: world.World) -> None:
    refused = system.post("/officers/new", login="admin", name="x", agency_id=str(city.town_id))
    assert refused.status_code == 303
    assert "This login is taken" in system.text(refused.headers["Location"])


def test_each_administrator_sees_the_forms_of_the_own_office(
    system: Console, security: Console, city: world.World
) -> None:
    path = f"/officers/{city.dispatcher.id}"
    assert "Grant the role" not in system.text(path)
    assert 'name="certificate_no"' in system.text(path)
    assert "Grant the role" in security.text(path)
    assert 'name="certificate_no"' not in security.text(path)


def test_facts_are_changed_by_one_and_roles_by_the_other(
    app: Flask, system: Console, security: Console, city: world.World
) -> None:
    path = f"/officers/{city.enforcer.id}"
    system.post(f"{path}/facts", name="改名", agency_id=str(city.street_id), certificate_no="N-1")
    security.post(f"{path}/grant", role="collector", agency_id=str(city.town_id))
    security.post(f"{path}/revoke", role="enforcement_officer", agency_id=str(city.street_id))
    found = card(app, city.enforcer)
    assert (found.name, found.certificate_no, found.squad_id) == ("改名", "N-1", None)
    assert [(grant.role, grant.agency_id) for grant in found.grants] == [("collector", city.town_id)]
    system.post(f"{path}/grant", role="reviewer", agency_id=str(city.town_id))
    assert "Your role does not allow this" in system.text(path)
    assert len(card(app, city.enforcer).grants) == 1


def test_another_towns_officer_is_not_there(app: Flask, city: world.World) -> None:
    browser = console(app, city.town_admin)
    assert browser.get(f"/officers/{city.collector.id}").status_code == 404
    assert (
        browser.post(f"/officers/{city.collector.id}/facts", name="x", agency_id=str(city.town_id)).status_code == 404
    )


def test_the_audit_page_filters_and_downloads(app: Flask, city: world.World, three: Administrators) -> None:
    console(app, city.dispatcher)
    reader = console(app, three.audit)
    page = reader.text("/audit?action=signed_in")
    assert "测试 dispatcher" in page
    assert "Signed in" in page
    assert "No entry under these filters" in reader.text("/audit?since=2001-01-01&until=2001-01-02")
    assert reader.get("/audit?since=yesterday").status_code == 422
    answer = reader.get("/audit.csv?action=signed_in")
    rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert [row["actor_login"] for row in rows] == ["audit", "dispatcher"]


def test_the_audit_log_is_in_the_menu_of_its_reader_only(
    app: Flask, system: Console, city: world.World, three: Administrators
) -> None:
    assert 'href="/audit"' in console(app, three.audit).text("/")
    assert 'href="/audit"' not in system.text("/")
    assert 'href="/agencies"' in system.text("/")
