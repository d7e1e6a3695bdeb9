"""The audit log: what is noted and by whom, who reads it, that reading is noted, and that nothing in it changes."""

import csv
import io
import json
from typing import Any

import pytest
import world
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from support.administrators import Administrators, administrators, slug_of

from server.db import read, transact
from server.ledger.audit import note
from server.ledger.models import AuditEntry
from server.ledger.operations import Doer

AUDIT = "/api/v1/audit"


@pytest.fixture
def three(app: Flask, city: world.World) -> Administrators:
    return administrators(app, city)


def entries(client: FlaskClient, person: world.Person, **filters: str) -> list[dict[str, Any]]:
    response = client.get(AUDIT, headers=world.signed_in(client, person), query_string=filters)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.get_json()["entries"]
    return found


def actions(client: FlaskClient, person: world.Person, **filters: str) -> list[str]:
    return [entry["action"] for entry in entries(client, person, **filters)]


def test_an_entry_names_who_did_what_to_whom_and_from_where(
    client: FlaskClient, city: world.World, three: Administrators
) -> None:
    headers = world.signed_in(client, three.security)
    body = {"role": "reviewer", "agency_id": str(city.town_id)}
    path = f"/api/v1/officers/{city.dispatcher.id}/grants"
    origin = {"REMOTE_ADDR": "10.1.2.3"}
    assert client.post(path, json=body, headers=headers, environ_base=origin).status_code == 204
    (entry,) = entries(client, three.audit, action="role_granted")
    assert entry["actor_login"] == "security"
    assert (entry["subject_kind"], entry["subject_id"]) == ("officer", str(city.dispatcher.id))
    assert (entry["agency_id"], entry["address"]) == (str(city.town_id), "10.1.2.3")
    assert entry["facts"]["role"] == "reviewer"


def test_sign_ins_and_failures_are_noted_without_what_was_typed(
    app: Flask, client: FlaskClient, city: world.World, three: Administrators
) -> None:
    world.signed_in(client, city.dispatcher)
    for login in ("dispatcher", "my secret passphrase"):
        client.post("/api/v1/sessions", json={"login": login, "password": "wrong"})
    ok, known, unknown = entries(client, three.audit)[4:1:-1]
    assert (ok["action"], ok["actor_login"]) == ("signed_in", "dispatcher")
    assert (known["action"], known["subject_id"], known["actor_id"]) == (
        "wrong_password",
        str(city.dispatcher.id),
        None,
    )
    assert (unknown["action"], unknown["subject_kind"], unknown["agency_id"]) == ("wrong_password", "login", None)
    with app.app_context():
        assert "secret passphrase" not in json.dumps(read(everything))


def test_administration_of_accounts_handsets_and_the_tree_is_noted(
    app: Flask, client: FlaskClient, city: world.World, three: Administrators
) -> None:
    headers = world.signed_in(client, city.admin)

    def do(method: str, path: str, **body: object) -> None:
        sent = {"json": body} if body else {}
        response = client.open(f"/api/v1{path}", method=method, headers=headers, **sent)
        assert response.status_code < 300, response.text

    officer = f"/officers/{city.enforcer.id}"
    do("POST", "/agencies", parent_id=str(city.town_id), code="c1", name="社区", kind="community")
    do("PATCH", f"/agencies/{city.town_id}", name="沙桥新镇")
    do("POST", "/squads", agency_id=str(city.town_id), name="二中队")
    do("PATCH", f"/squads/{city.town_squad_id}", name="一中队")
    do("POST", "/officers", login="new", name="新", agency_id=str(city.town_id))
    do("PUT", officer, name="改名", agency_id=str(city.street_id))
    do("POST", f"{officer}/reset-password")
    do("POST", f"{officer}/deactivate")
    do("POST", f"{officer}/reactivate")
    do("POST", "/enrolment-codes", officer_id=str(city.collector.id))
    handset = world.enrolled(app, city, city.collector)
    do("POST", f"/handsets/{handset.install_id}/revoke")
    noted = actions(client, three.audit, actor_id=str(city.admin.id))
    assert noted == [
        *("handset_revoked", "code_issued", "code_issued", "reactivated", "deactivated", "password_reset"),
        *("officer_changed", "officer_created", "squad_renamed", "squad_created", "agency_renamed", "agency_created"),
        "signed_in",
    ]
    assert "enrolled" in actions(client, three.audit, actor_id=str(city.collector.id))


def test_what_changes_nothing_is_not_noted(client: FlaskClient, city: world.World, three: Administrators) -> None:
    headers = world.signed_in(client, city.admin)
    client.patch(f"/api/v1/agencies/{city.town_id}", json={"name": "沙桥镇"}, headers=headers)
    client.post(f"/api/v1/officers/{city.enforcer.id}/reactivate", headers=headers)
    assert actions(client, three.audit, actor_id=str(city.admin.id)) == ["signed_in"]


def test_reading_it_is_noted_with_what_was_asked(client: FlaskClient, city: world.World, three: Administrators) -> None:
    entries(client, three.audit, subject_kind="officer", subject_id=str(city.admin.id))
    newest = entries(client, three.audit, action="audit_read")[1]
    assert newest["actor_login"] == "audit"
    assert newest["facts"] == {"subject_id": str(city.admin.id), "subject_kind": "officer"}


def test_only_audit_administrators_read_it_and_they_change_nothing(
    client: FlaskClient, city: world.World, three: Administrators
) -> None:
    for person in (city.admin, three.security, city.supervisor, city.reviewer, city.collector):
        headers = world.signed_in(client, person)
        for path in (AUDIT, f"{AUDIT}.csv"):
            refused = client.get(path, headers=headers)
            assert (refused.status_code, slug_of(refused.get_json())) == (403, "forbidden")
    headers = world.signed_in(client, three.audit)
    assert client.get("/api/v1/officers", headers=headers).status_code == 403


def test_a_town_reads_what_is_about_the_town(
    app: Flask, client: FlaskClient, city: world.World, three: Administrators
) -> None:
    world.signed_in(client, city.dispatcher)
    world.signed_in(client, city.town_dispatcher)
    client.post("/api/v1/sessions", json={"login": "nobody", "password": "wrong"})
    seen = entries(client, three.town_audit)
    assert {entry["agency_id"] for entry in seen} == {str(city.town_id)}
    assert {entry["actor_login"] for entry in seen} == {"shaqiao-audit", "shaqiao-dispatcher"}
    all_of_them = entries(client, three.audit)
    assert {entry["agency_id"] for entry in all_of_them} == {str(city.town_id), str(city.city_id), None}


def test_pages_follow_each_other_newest_first(app: Flask, client: FlaskClient, three: Administrators) -> None:
    with app.app_context():
        for number in range(7):
            transact(note, Doer(three.audit.agency_id), "tried", ("number", str(number)))
    headers = world.signed_in(client, three.audit)
    seen: list[str] = []
    after: str | None = None
    while after is not None or not seen:
        asked = {"action": "tried", "limit": "3"} | ({"after": after} if after else {})
        page = client.get(AUDIT, headers=headers, query_string=asked).get_json()
        seen += [entry["subject_id"] for entry in page["entries"]]
        after = page["next"]
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]
    assert client.get(AUDIT, headers=headers, query_string={"after": "?"}).status_code == 422


def test_times_bound_what_is_shown(app: Flask, client: FlaskClient, three: Administrators) -> None:
    with app.app_context():
        transact(note, Doer(three.audit.agency_id), "tried", ("number", "1"))
    (entry,) = entries(client, three.audit, action="tried")
    assert entries(client, three.audit, action="tried", since=entry["at"]) == [entry]
    assert entries(client, three.audit, action="tried", until=entry["at"]) == []


def test_the_csv_holds_all_entries_and_no_formula(app: Flask, client: FlaskClient, three: Administrators) -> None:
    with app.app_context():
        for number in range(501):
            transact(note, Doer(three.audit.agency_id), "tried", ("number", f"={number}"))
    headers = world.signed_in(client, three.audit)
    answer = client.get(f"{AUDIT}.csv", headers=headers, query_string={"action": "tried"})
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert [row["subject_id"] for row in rows] == [f"'={number}" for number in range(500, -1, -1)]
    (exported,) = entries(client, three.audit, action="audit_exported")
    assert exported["facts"] == {"action": "tried"}


@pytest.mark.parametrize("statement", [update(AuditEntry).values(action="nothing"), delete(AuditEntry)])
def test_the_database_itself_refuses_to_change_or_delete_an_entry(app: Flask, statement: Any) -> None:  # noqa: ANN401 (two kinds of statement)
    with app.app_context():
        transact(note, Doer(), "tried", ("number", "1"))
        with pytest.raises(DBAPIError, match="only added to"):
            transact(lambda session: session.execute(statement.execution_options(synchronize_session=False)))
        assert [row[1] for row in read(everything)] == ["tried"]


def everything(session: Session) -> list[list[str]]:
    found = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    return [[str(row.subject_id), row.action, row.facts, str(row.address)] for row in found]
