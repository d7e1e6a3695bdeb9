"""``officers create`` and ``officers list``: the first administrator of a real deployment."""

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.db import read
from server.identity.models import Agency, Officer
from server.identity.passwords import DEMO_PASSWORD

PASSWORD = "nine lanterns over the Cheng"
FIRST = ["boss", "--name", "林测试", "--role", "system_admin", "--agency", "990101"]


def create(app: Flask, arguments: list[str], password: str = PASSWORD, again: str | None = None) -> Result:
    typed = f"{password}\n{password if again is None else again}\n"
    return app.test_cli_runner().invoke(args=["officers", "create", *arguments], input=typed)


def test_the_first_administrator_signs_in_with_the_password_that_was_typed(app: Flask, client: FlaskClient) -> None:
    made = create(app, [*FIRST, "--role", "dispatcher", "--agency-name", "澄浦市"])
    assert made.exit_code == 0, made.output
    answer = client.post("/api/v1/sessions", json={"login": "boss", "password": PASSWORD})
    assert answer.status_code == 201
    assert answer.get_json()["officer"]["roles"] == ["dispatcher", "system_admin"]
    assert PASSWORD not in made.output


def test_a_known_agency_is_used_and_not_made_again(app: Flask) -> None:
    assert create(app, [*FIRST, "--agency-name", "澄浦市"]).exit_code == 0
    assert create(app, ["second", *FIRST[1:], "--agency-name", "another"]).exit_code == 0
    with app.app_context():
        assert read(_names_of_agencies) == ["澄浦市"]


def test_an_unknown_agency_without_a_name_changes_nothing(app: Flask) -> None:
    refused = create(app, FIRST)
    assert refused.exit_code == 1
    assert "--agency-name" in refused.output
    with app.app_context():
        assert read(_accounts) == 0


@pytest.mark.parametrize("password", ["short", "boss boss", DEMO_PASSWORD])
def test_a_weak_password_is_refused(app: Flask, password: str) -> None:
    refused = create(app, [*FIRST, "--agency-name", "澄浦市"], password)
    assert refused.exit_code == 1
    assert "too weak" in refused.output
    with app.app_context():
        assert read(_accounts) == 0
        assert read(_names_of_agencies) == []


def test_a_password_must_be_typed_twice_alike(app: Flask) -> None:
    refused = create(app, [*FIRST, "--agency-name", "澄浦市"], again="something else entirely")
    assert refused.exit_code == 1
    with app.app_context():
        assert read(_accounts) == 0


def test_a_login_is_given_once_whatever_its_spelling(app: Flask) -> None:
    assert create(app, [*FIRST, "--agency-name", "澄浦市"]).exit_code == 0
    refused = create(app, ["ＢＯＳＳ", *FIRST[1:]])
    assert refused.exit_code == 1
    assert "taken" in refused.output


@pytest.mark.parametrize("arguments", [["  ", *FIRST[1:]], [*FIRST[:-1], "99/01"], [*FIRST[:4], "emperor", *FIRST[5:]]])
def test_impossible_facts_are_named(app: Flask, arguments: list[str]) -> None:
    refused = create(app, [*arguments, "--agency-name", "澄浦市"])
    assert refused.exit_code == 2
    assert "Invalid value" in refused.output


def test_the_list_shows_every_officer_with_roles_and_state(app: Flask) -> None:
    assert create(app, [*FIRST, "--agency-name", "澄浦市"]).exit_code == 0
    listed = app.test_cli_runner().invoke(args=["officers", "list"])
    assert listed.exit_code == 0
    assert all(word in listed.output for word in ("boss", "林测试", "system_admin", "澄浦市", "active"))


def squad(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["officers", "squad", *arguments])


def test_an_officer_joins_a_squad_of_the_own_agency(app: Flask, client: FlaskClient) -> None:
    assert create(app, [*FIRST, "--agency-name", "澄浦市"]).exit_code == 0
    made = squad(app, "沙桥中队", "--agency", "990101")
    assert made.exit_code == 0, made.output
    assert create(app, ["e001", *FIRST[1:], "--squad", "沙桥中队"]).exit_code == 0
    told = client.post("/api/v1/sessions", json={"login": "e001", "password": PASSWORD}).get_json()
    assert told["officer"]["squad_id"] in made.output
    assert "沙桥中队" in app.test_cli_runner().invoke(args=["officers", "list"]).output


def test_a_squad_is_made_once_and_only_where_there_is_an_agency(app: Flask) -> None:
    unknown = squad(app, "沙桥中队", "--agency", "990101")
    assert (unknown.exit_code, "There is no agency 990101" in unknown.output) == (1, True)
    assert create(app, [*FIRST, "--agency-name", "澄浦市"]).exit_code == 0
    assert squad(app, "沙桥中队", "--agency", "990101").exit_code == 0
    again = squad(app, "沙桥中队", "--agency", "990101")
    assert (again.exit_code, "already" in again.output) == (1, True)
    assert squad(app, "  ", "--agency", "990101").exit_code == 2


def test_a_squad_of_another_agency_is_refused(app: Flask) -> None:
    assert create(app, [*FIRST, "--agency-name", "澄浦市"]).exit_code == 0
    assert squad(app, "市中队", "--agency", "990101").exit_code == 0
    town = ["--agency", "101", "--agency-name", "沙桥镇", "--parent", "990101", "--squad", "市中队"]
    refused = create(app, ["t001", *FIRST[1:5], *town])
    assert (refused.exit_code, "has no squad 市中队" in refused.output) == (1, True)
    with app.app_context():
        assert read(_accounts) == 1


def test_a_town_is_made_under_its_city(app: Flask) -> None:
    town = ["--agency", "101", "--agency-name", "沙桥镇", "--parent", "990101"]
    orphan = create(app, ["t001", *FIRST[1:5], *town])
    assert (orphan.exit_code, "There is no agency 990101" in orphan.output) == (1, True)
    assert create(app, [*FIRST, "--agency-name", "澄浦市"]).exit_code == 0
    assert create(app, ["t001", *FIRST[1:5], *town]).exit_code == 0
    with app.app_context():
        assert read(_paths) == ["990101/", "990101/101/"]


def test_a_known_agency_does_not_move_under_another(app: Flask) -> None:
    assert create(app, [*FIRST, "--agency-name", "澄浦市"]).exit_code == 0
    assert create(app, ["second", *FIRST[1:5], "--agency", "880101", "--agency-name", "另一市"]).exit_code == 0
    refused = create(app, ["third", *FIRST[1:], "--parent", "880101"])
    assert (refused.exit_code, "not below 880101" in refused.output) == (1, True)


def _paths(session: Session) -> list[str]:
    return list(session.scalars(select(Agency.path).order_by(Agency.path)))


def _accounts(session: Session) -> int:
    return session.scalars(select(func.count()).select_from(Officer)).one()


def _names_of_agencies(session: Session) -> list[str]:
    return list(session.scalars(select(Agency.name)))
