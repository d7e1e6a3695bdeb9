"""Enrolment codes, POST /enrol, the list of handsets, revoking."""

from base64 import urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import world
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from server import create_app
from server.clock import now
from server.db import db, read, transact
from server.identity import operations
from server.identity.models import EnrolmentCode, Install, InstallKey
from server.identity.queries import handset_by_credential, installs, names, scopes_of
from server.identity.rules import MOST_FAILURES
from server.ledger.models import CustodyEvent
from server.ledger.queries import epoch
from sync.limits import LIMITS

CODES = "/api/v1/enrolment-codes"
ENROL = "/api/v1/enrol"


@pytest.fixture
def code(client: FlaskClient, city: world.World) -> str:
    """Return a fresh code for the enforcement officer of the street."""
    return str(issue(client, city.admin, city.enforcer).get_json()["code"])


def issue(client: FlaskClient, by: world.Person, officer: world.Person) -> TestResponse:
    return client.post(CODES, headers=world.signed_in(client, by), json={"officer_id": str(officer.id)})


def new_key() -> str:
    der = (
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )
    return urlsafe_b64encode(der).decode().rstrip("=")


def enrol(client: FlaskClient, code: str, key: str, changed: dict[str, Any] | None = None) -> TestResponse:
    body = {"code": code, "public_key": {"alg": "ES256", "key": key}, "label": "Squad phone 3", "app": "2.4.1"}
    return client.post(ENROL, json=body | (changed or {}))


def slug(response: TestResponse) -> tuple[int, str]:
    return response.status_code, response.get_json()["type"].rpartition("/")[2]


def test_a_code_enrols_a_handset(app: Flask, client: FlaskClient, city: world.World, code: str) -> None:
    response = enrol(client, code, new_key())
    assert response.status_code == 201
    answer = response.get_json()
    with app.app_context():
        assert answer["epoch"] == read(epoch)
        handset = read(handset_by_credential, answer["credential"])
    assert answer["protocol"] == 1
    assert answer["server_time"].endswith("Z")
    assert answer["limits"] == LIMITS.as_json()
    assert answer["credential"].startswith("hs_")
    assert datetime.fromisoformat(answer["session_until"]) - now() > timedelta(days=29)
    assert answer["officer"] == {
        "id": str(city.enforcer.id),
        "name": city.enforcer.name,
        "agency_id": str(city.street_id),
        "squad_id": str(city.street_squad_id),
        "roles": ["enforcement_officer"],
    }
    assert handset is not None
    assert str(handset.install_id) == answer["install_id"]
    assert (handset.agency_path, handset.squad_id, handset.revoked) == ("990101/001/", city.street_squad_id, False)


def test_enrolment_stores_the_key_and_records_it_in_custody(
    app: Flask, client: FlaskClient, city: world.World, code: str
) -> None:
    install_id = UUID(enrol(client, code, new_key()).get_json()["install_id"])
    with app.app_context():
        key = read(only_key)
        events = read(custody)
    assert (key.install_id, key.officer_id, key.algorithm) == (install_id, city.enforcer.id, "ES256")
    assert [(event.kind, event.subject_id) for event in events] == [
        ("code_issued", str(city.enforcer.id)),
        ("enrolled", str(install_id)),
    ]
    assert key.public_key.hex() in events[1].facts


def test_a_lost_answer_is_given_again_to_the_same_key(
    app: Flask, client: FlaskClient, city: world.World, code: str
) -> None:
    key = new_key()
    first, second = enrol(client, code, key), enrol(client, code.replace("-", "").lower(), key)
    assert first.status_code == second.status_code == 201
    assert {**first.get_json(), "server_time": ""} == {**second.get_json(), "server_time": ""}
    with app.app_context():
        assert len(read(installs, ("990101/",))) == 1


def test_eight_copies_of_one_enrolment_make_one_install(app: Flask, city: world.World, code: str) -> None:
    key = new_key()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: enrol(app.test_client(), code, key), range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.get_json()["credential"] for answer in answers}) == 1
    with app.app_context():
        assert len(read(installs, ("990101/",))) == 1


def test_another_key_cannot_use_the_code_again(client: FlaskClient, code: str) -> None:
    enrol(client, code, new_key())
    assert slug(enrol(client, code, new_key())) == (409, "code-used")


def test_after_a_day_the_answer_is_not_repeated(app: Flask, client: FlaskClient, code: str) -> None:
    key = new_key()
    enrol(client, code, key)
    with app.app_context():
        transact(age_codes, timedelta(hours=24))
    assert slug(enrol(client, code, key)) == (409, "code-used")


def test_a_revoked_install_does_not_get_its_answer_again(
    app: Flask, client: FlaskClient, city: world.World, code: str
) -> None:
    key = new_key()
    install_id = enrol(client, code, key).get_json()["install_id"]
    assert client.post(revoke(install_id), headers=world.signed_in(client, city.admin)).status_code == 204
    assert slug(enrol(client, code, key)) == (409, "code-used")


def test_after_a_change_of_the_servers_secret_no_wrong_credential_is_handed_out(
    app: Flask, client: FlaskClient, code: str
) -> None:
    key = new_key()
    enrol(client, code, key)
    changed = create_app(replace(app.extensions["xuncha_settings"], secret_key="another secret of the server"))
    assert slug(enrol(changed.test_client(), code, key)) == (409, "code-used")
    with changed.app_context():
        db.engine.dispose()


def test_unknown_and_expired_codes_are_refused_alike(app: Flask, client: FlaskClient, code: str) -> None:
    unknown = enrol(client, "0000-0000-0000", new_key())
    senseless = enrol(client, "?", new_key())
    with app.app_context():
        transact(age_codes, timedelta(hours=24))
    expired = enrol(client, code, new_key())
    assert slug(unknown) == slug(senseless) == slug(expired) == (404, "unknown-code")


def test_a_code_of_a_deactivated_officer_is_void(app: Flask, client: FlaskClient, city: world.World, code: str) -> None:
    with app.app_context():
        transact(operations.deactivate, world.acting(app, city.admin), city.enforcer.id)
    assert slug(enrol(client, code, new_key())) == (404, "unknown-code")


def test_a_bad_key_does_not_use_the_code_up(client: FlaskClient, code: str) -> None:
    assert slug(enrol(client, code, "AAAA")) == (422, "bad-key")
    assert enrol(client, code, new_key()).status_code == 201


def test_ten_wrong_codes_lock_the_address(client: FlaskClient, code: str) -> None:
    for _ in range(MOST_FAILURES):
        assert slug(enrol(client, "0000-0000-0000", new_key())) == (404, "unknown-code")
    locked = enrol(client, code, new_key())
    assert slug(locked) == (429, "too-many-attempts")
    assert int(locked.headers["Retry-After"]) > 0


def test_a_newer_app_may_say_more(client: FlaskClient, code: str) -> None:
    assert enrol(client, code, new_key(), {"platform": "later"}).status_code == 201


@pytest.mark.parametrize(
    "broken",
    [{"code": None}, {"public_key": "x"}, {"public_key": {"alg": "ES256"}}, {"label": "a\nb"}, {"app": "x" * 65}],
    ids=["no-code", "no-object", "no-key", "two-lines", "too-long"],
)
def test_a_malformed_enrolment_names_its_fields(client: FlaskClient, code: str, broken: dict[str, Any]) -> None:
    response = enrol(client, code, new_key(), broken)
    assert slug(response) == (422, "validation")
    assert [name.partition(".")[0] for name in response.get_json()["errors"]] == list(broken)


def test_codes_are_for_active_field_officers(app: Flask, client: FlaskClient, city: world.World) -> None:
    assert issue(client, city.admin, city.collector).status_code == 201
    assert slug(issue(client, city.admin, city.dispatcher)) == (422, "validation")
    with app.app_context():
        transact(operations.deactivate, world.acting(app, city.admin), city.collector.id)
    assert slug(issue(client, city.admin, city.collector)) == (422, "validation")


def test_codes_are_issued_by_administrators_within_their_agencies(client: FlaskClient, city: world.World) -> None:
    assert slug(issue(client, city.dispatcher, city.collector)) == (403, "forbidden")
    assert slug(issue(client, city.town_admin, city.collector)) == (404, "not-found")
    assert issue(client, city.town_admin, city.town_enforcer).status_code == 201


def test_the_database_holds_neither_code_nor_credential(app: Flask, client: FlaskClient, code: str) -> None:
    credential = enrol(client, code, new_key()).get_json()["credential"]
    with app.app_context():
        kept = read(secrets)
    assert {len(one) for one in kept} == {32}
    assert not {code.encode(), code.replace("-", "").encode(), credential.encode()} & set(kept)


def test_revoking_closes_the_handset_but_still_knows_it(app: Flask, client: FlaskClient, city: world.World) -> None:
    held = world.enrolled(app, city, city.enforcer)
    admin = world.signed_in(client, city.admin)
    assert client.post(revoke(held.install_id), headers=admin).status_code == 204
    first = client.get("/api/v1/handsets", headers=admin).get_json()["handsets"][0]["revoked_at"]
    assert client.post(revoke(held.install_id), headers=admin).status_code == 204
    assert client.get("/api/v1/handsets", headers=admin).get_json()["handsets"][0]["revoked_at"] == first is not None
    with app.app_context():
        handset = read(handset_by_credential, held.credential)
        assert [event.kind for event in read(custody)] == ["code_issued", "enrolled", "revoked"]
    assert handset is not None
    assert handset.revoked


def test_revoking_reaches_the_own_agencies_only(app: Flask, client: FlaskClient, city: world.World) -> None:
    held = world.enrolled(app, city, city.enforcer)
    town = client.post(revoke(held.install_id), headers=world.signed_in(client, city.town_admin))
    assert slug(town) == (404, "not-found")
    desk = client.post(revoke(held.install_id), headers=world.signed_in(client, city.dispatcher))
    assert slug(desk) == (403, "forbidden")


def test_the_handset_of_a_deactivated_officer_counts_as_revoked(app: Flask, city: world.World) -> None:
    held = world.enrolled(app, city, city.enforcer)
    with app.app_context():
        transact(operations.deactivate, world.acting(app, city.admin), city.enforcer.id)
        handset = read(handset_by_credential, held.credential)
    assert handset is not None
    assert handset.revoked


def test_the_list_of_handsets_shows_what_each_still_holds(app: Flask, client: FlaskClient, city: world.World) -> None:
    silent = world.enrolled(app, city, city.collector, "silent")
    talking = world.enrolled(app, city, city.enforcer, "talking")
    says = {"unsent_items": 3, "unsent_photos": ["aa", "bb"], "free_mb": 812, "app": "2.5.0"}
    with app.app_context():
        transact(operations.note_report, talking.install_id, says, -1500)
    rows = client.get("/api/v1/handsets", headers=world.signed_in(client, city.dispatcher)).get_json()["handsets"]
    assert [row["id"] for row in rows] == [str(talking.install_id), str(silent.install_id)]
    heard, unheard = rows
    assert (heard["unsent_items"], heard["unsent_photos"], heard["free_mb"], heard["app"]) == (3, 2, 812, "2.5.0")
    assert heard["clock_offset_ms"] == -1500
    assert heard["officer_name"] == city.enforcer.name
    assert heard["seen_at"].endswith("Z")
    assert (unheard["seen_at"], unheard["unsent_items"], unheard["app"]) == (None, None, "2.4.1")


def test_what_a_handset_says_of_itself_never_hurts(app: Flask, city: world.World) -> None:
    held = world.enrolled(app, city, city.enforcer)
    says = {"unsent_items": -1, "unsent_photos": {"x": 1}, "free_mb": 10**30, "app": "a\u0000b", "more": []}
    with app.app_context():
        transact(operations.note_report, held.install_id, {"unsent_items": 7, "free_mb": True}, None)
        transact(operations.note_report, held.install_id, says, None)
        row = read(installs, ("990101/",))[0]
    assert (row.unsent_items, row.unsent_photos, row.free_mb, row.app) == (None, None, None, "2.4.1")
    assert row.seen_at is not None


def test_handsets_are_paged_newest_first(app: Flask, client: FlaskClient, city: world.World) -> None:
    made = [str(world.enrolled(app, city, city.enforcer).install_id) for _ in range(3)]
    headers = world.signed_in(client, city.admin)
    first = client.get("/api/v1/handsets?limit=2", headers=headers).get_json()
    second = client.get(f"/api/v1/handsets?limit=2&after={first['next']}", headers=headers).get_json()
    assert [row["id"] for row in first["handsets"] + second["handsets"]] == made[::-1]
    assert second["next"] is None
    assert client.get("/api/v1/handsets?after=x", headers=headers).status_code == 422


def test_names_and_scopes_of_officers_squads_and_handsets(app: Flask, city: world.World) -> None:
    held = world.enrolled(app, city, city.enforcer, "talking")
    with app.app_context():
        known = read(names, [city.enforcer.id, city.street_squad_id, held.install_id, city.city_id, None, UUID(int=7)])
        assert known == {
            city.enforcer.id: city.enforcer.name,
            city.street_squad_id: "城中中队",
            held.install_id: "talking",
            city.city_id: "澄浦市",
        }
        assert read(scopes_of, city.enforcer.id) == (
            f"officer:{city.enforcer.id}",
            f"squad:{city.street_squad_id}",
        )
        assert read(scopes_of, city.collector.id) == (f"officer:{city.collector.id}",)


def revoke(install_id: UUID | str) -> str:
    return f"/api/v1/handsets/{install_id}/revoke"


def age_codes(session: Session, by: timedelta) -> None:
    session.execute(update(EnrolmentCode).values(expires_at=now()))
    session.execute(update(EnrolmentCode).where(EnrolmentCode.used_at.is_not(None)).values(used_at=now() - by))


def only_key(session: Session) -> InstallKey:
    return session.scalars(select(InstallKey)).one()


def custody(session: Session) -> list[CustodyEvent]:
    return list(session.scalars(select(CustodyEvent).order_by(CustodyEvent.id)))


def secrets(session: Session) -> list[bytes]:
    return [*session.scalars(select(EnrolmentCode.code_sha256)), *session.scalars(select(Install.credential_sha256))]
