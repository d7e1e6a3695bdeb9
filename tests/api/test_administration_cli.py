"""Administration without a browser: the tree, roles at nodes, and the first set-up with three administrators."""

from dataclasses import replace

import pytest
import world
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from support.administrators import administrators

from server.db import read
from server.identity.queries import agencies, officer

PASSWORD = "nine lanterns over the Cheng"
CITY = ["--agency", "990101", "--agency-name", "澄浦市"]


def run(app: Flask, *arguments: str, typed: str | None = None) -> Result:
    return app.test_cli_runner().invoke(args=list(arguments), input=typed)


def create(app: Flask, login: str, *roles: str) -> Result:
    chosen = [part for role in roles for part in ("--role", role)]
    return run(app, "officers", "create", login, "--name", login, *chosen, *CITY, typed=f"{PASSWORD}\n{PASSWORD}\n")


def test_the_first_set_up_says_which_of_the_three_are_still_missing(app: Flask) -> None:
    first = create(app, "system", "system_admin")
    assert first.exit_code == 0, first.output
    assert "Still nobody is security_admin, audit_admin" in first.output
    assert "Still nobody is audit_admin" in create(app, "security", "security_admin").output
    assert "Still nobody" not in create(app, "audit", "audit_admin").output


def test_three_people_set_up_a_usable_system(app: Flask, client: FlaskClient) -> None:
    for login in ("system", "security", "audit"):
        assert create(app, login, f"{login}_admin").exit_code == 0
    headers = {}
    for login in ("system", "security", "audit"):
        answer = client.post("/api/v1/sessions", json={"login": login, "password": PASSWORD})
        headers[login] = {"Authorization": f"Bearer {answer.get_json()['token']}"}
    (city,) = client.get("/api/v1/agencies", headers=headers["system"]).get_json()["agencies"]
    body = {"login": "clerk", "name": "受理员", "agency_id": city["id"]}
    made = client.post("/api/v1/officers", json=body, headers=headers["system"]).get_json()
    grant = {"role": "acceptance", "agency_id": city["id"]}
    path = f"/api/v1/officers/{made['officer_id']}/grants"
    assert client.post(path, json=grant, headers=headers["system"]).status_code == 403
    assert client.post(path, json=grant, headers=headers["security"]).status_code == 204
    noted = client.get("/api/v1/audit", headers=headers["audit"]).get_json()["entries"]
    assert {"officer_created", "role_granted", "signed_in"} <= {entry["action"] for entry in noted}


def test_one_person_for_all_three_needs_the_setting(app: Flask) -> None:
    three = ("system_admin", "security_admin", "audit_admin")
    refused = create(app, "all", *three)
    assert (refused.exit_code, "XUNCHA_ONE_ADMINISTRATOR=1" in refused.output) == (1, True)
    strict = app.extensions["xuncha_settings"]
    app.extensions["xuncha_settings"] = replace(strict, one_administrator=True)
    try:
        allowed = create(app, "all", *three)
    finally:
        app.extensions["xuncha_settings"] = strict
    assert allowed.exit_code == 0, allowed.output
    assert "Still nobody" not in allowed.output


def test_the_tree_is_built_and_listed(app: Flask) -> None:
    assert run(app, "agencies", "add", "990101", "澄浦市", "--kind", "city").exit_code == 0
    assert run(app, "agencies", "add", "101", "沙桥镇", "--kind", "town", "--parent", "990101").exit_code == 0
    assert run(app, "agencies", "rename", "101", "沙桥新镇").exit_code == 0
    with app.app_context():
        found = [(row.path, row.name, row.kind) for row in read(agencies, ("",))]
    assert found == [("990101/", "澄浦市", "city"), ("990101/101/", "沙桥新镇", "town")]
    assert "沙桥新镇" in run(app, "agencies", "list").output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("add", "990101", "again", "--kind", "city"), "Another agency has this code"),
        (("add", "9/9", "slash", "--kind", "city"), "letters, digits"),
        (("add", "x", "orphan", "--kind", "town", "--parent", "nowhere"), "There is no agency nowhere"),
        (("rename", "nowhere", "x"), "There is no agency nowhere"),
        (("rename", "990101", "  "), "one line"),
    ],
)
@pytest.mark.usefixtures("city")
def test_what_cannot_be_is_named(app: Flask, arguments: tuple[str, ...], told: str) -> None:
    refused = run(app, "agencies", *arguments)
    assert refused.exit_code != 0
    assert told in refused.output


def test_roles_are_given_and_taken_where_nobody_could_sign_in(app: Flask, city: world.World) -> None:
    assert run(app, "officers", "grant", "dispatcher", "reviewer", "--agency", "101").exit_code == 0
    assert roles(app, city.dispatcher) == {("dispatcher", "澄浦市"), ("reviewer", "沙桥镇")}
    assert run(app, "officers", "revoke", "dispatcher", "reviewer", "--agency", "101").exit_code == 0
    assert roles(app, city.dispatcher) == {("dispatcher", "澄浦市")}


def test_the_command_line_keeps_the_three_apart_too(app: Flask, city: world.World) -> None:
    refused = run(app, "officers", "grant", "admin", "audit_admin", "--agency", "990101")
    assert (refused.exit_code, "three people" in refused.output) == (1, True)
    administrators(app, city)
    refused = run(app, "officers", "revoke", "audit", "audit_admin", "--agency", "990101")
    assert (refused.exit_code, "Nobody else" in refused.output) == (1, True)


@pytest.mark.usefixtures("city")
def test_unknown_logins_and_agencies_are_named(app: Flask) -> None:
    for arguments in (("nobody", "reviewer", "--agency", "101"), ("dispatcher", "reviewer", "--agency", "nowhere")):
        refused = run(app, "officers", "grant", *arguments)
        assert (refused.exit_code, "There is no" in refused.output) == (1, True)
    assert run(app, "officers", "reset-second-factor", "nobody").exit_code == 1


def roles(app: Flask, person: world.Person) -> set[tuple[str, str]]:
    with app.app_context():
        return {(grant.role, grant.agency_name) for grant in read(officer, ("",), person.id).grants}
