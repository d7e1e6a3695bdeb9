"""POST and DELETE /sessions: signing in, being refused alike, running out of attempts, signing out."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import world
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server import create_app
from server.clock import now
from server.db import db, read, transact
from server.identity import operations
from server.identity.models import AccessToken, Officer, SignInAttempt
from server.identity.passwords import hash_password
from server.identity.queries import actor_by_session
from server.identity.rules import MOST_FAILURES
from server.problems import Problem

SESSIONS = "/api/v1/sessions"
OFFICERS = "/api/v1/officers"


def attempt(client: FlaskClient, login: str, password: str, remote: str = "10.0.0.1") -> tuple[int, str]:
    response = client.post(SESSIONS, json={"login": login, "password": password}, environ_base={"REMOTE_ADDR": remote})
    return response.status_code, response.get_json().get("type", "").rpartition("/")[2]


def test_signing_in_gives_a_token_and_the_officer(client: FlaskClient, city: world.World) -> None:
    person = city.dispatcher
    response = client.post(SESSIONS, json={"login": person.login, "password": person.password})
    assert response.status_code == 201
    assert response.get_json()["token"].startswith("at_")
    assert response.get_json()["expires_at"].endswith("Z")
    assert response.get_json()["must_change_password"] is False
    assert response.get_json()["officer"] == {
        "id": str(person.id),
        "login": "dispatcher",
        "name": person.name,
        "agency_id": str(city.city_id),
        "squad_id": None,
        "roles": ["dispatcher"],
    }


def test_the_token_opens_the_api_and_nothing_else_does(client: FlaskClient, city: world.World) -> None:
    headers = world.signed_in(client, city.dispatcher)
    assert client.get(OFFICERS, headers=headers).status_code == 200
    for wrong in ({}, {"Authorization": "Bearer at_wrong"}, {"Authorization": headers["Authorization"] + "x"}):
        refused = client.get(OFFICERS, headers=wrong)
        assert refused.status_code == 401
        assert refused.mimetype == "application/problem+json"
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")


def test_full_width_and_capital_letters_are_the_same_login(client: FlaskClient, city: world.World) -> None:
    assert attempt(client, "Ｃ００１", city.collector.password)[0] == 201


def test_a_wrong_login_is_refused_exactly_like_a_wrong_password(client: FlaskClient, city: world.World) -> None:
    wrong_login = client.post(SESSIONS, json={"login": "nobody", "password": world.PASSWORD})
    wrong_password = client.post(SESSIONS, json={"login": city.admin.login, "password": "something else"})
    assert wrong_login.status_code == wrong_password.status_code == 401
    assert wrong_login.get_json() | {"request_id": ""} == wrong_password.get_json() | {"request_id": ""}


def test_a_deactivated_officer_is_refused_like_a_wrong_password(
    app: Flask, client: FlaskClient, city: world.World
) -> None:
    with app.app_context():
        transact(operations.deactivate, world.acting(app, city.admin), city.dispatcher.id)
    for number in range(MOST_FAILURES):
        assert attempt(client, "dispatcher", world.PASSWORD, f"10.0.1.{number}") == (401, "wrong-credentials")
    assert attempt(client, "dispatcher", world.PASSWORD) == (429, "too-many-attempts")


def test_ten_failures_lock_the_login_even_for_the_right_password(client: FlaskClient, city: world.World) -> None:
    for number in range(MOST_FAILURES):
        assert attempt(client, "admin", "wrong", f"10.0.1.{number}") == (401, "wrong-credentials")
    response = client.post(SESSIONS, json={"login": "admin", "password": world.PASSWORD})
    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= 15 * 60
    assert attempt(client, "dispatcher", world.PASSWORD)[0] == 201


def test_ten_failures_lock_the_address_for_every_login(client: FlaskClient, city: world.World) -> None:
    for number in range(MOST_FAILURES):
        assert attempt(client, f"nobody-{number}", "wrong", "10.0.2.1")[0] == 401
    assert attempt(client, "dispatcher", world.PASSWORD, "10.0.2.1") == (429, "too-many-attempts")
    assert attempt(client, "dispatcher", world.PASSWORD, "10.0.2.2")[0] == 201


def test_an_unknown_login_is_locked_like_a_known_one(client: FlaskClient, city: world.World) -> None:
    for number in range(MOST_FAILURES):
        attempt(client, "nobody", "wrong", f"10.0.1.{number}")
    assert attempt(client, "nobody", "wrong", "10.0.3.1") == (429, "too-many-attempts")


def test_the_lock_ends_after_a_quarter_of_an_hour(app: Flask, client: FlaskClient, city: world.World) -> None:
    for _ in range(MOST_FAILURES + 1):
        attempt(client, "admin", "wrong")
    with app.app_context():
        transact(age_attempts, timedelta(minutes=15))
    assert attempt(client, "admin", world.PASSWORD)[0] == 201


def test_a_success_empties_the_counter_of_the_login(client: FlaskClient, city: world.World) -> None:
    for number in range(MOST_FAILURES - 1):
        attempt(client, "admin", "wrong", f"10.0.1.{number}")
    assert attempt(client, "admin", world.PASSWORD)[0] == 201
    assert attempt(client, "admin", "wrong", "10.0.4.1")[0] == 401
    assert attempt(client, "admin", world.PASSWORD)[0] == 201


def test_parallel_guesses_learn_no_more_than_ten_serial_ones(app: Flask, city: world.World) -> None:
    def guess(_number: int) -> int:
        return attempt(app.test_client(), "admin", "wrong")[0]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(guess, range(24)))
    assert answers.count(401) == MOST_FAILURES
    assert answers.count(429) == 24 - MOST_FAILURES


def test_signing_out_ends_this_session_only(client: FlaskClient, city: world.World) -> None:
    first, second = world.signed_in(client, city.dispatcher), world.signed_in(client, city.dispatcher)
    assert client.delete(f"{SESSIONS}/current", headers=first).status_code == 204
    assert client.get(OFFICERS, headers=first).status_code == 401
    assert client.get(OFFICERS, headers=second).status_code == 200


def test_signing_out_everywhere_ends_tokens_and_console_sessions_of_this_officer(
    app: Flask, client: FlaskClient, city: world.World
) -> None:
    first, second = world.signed_in(client, city.dispatcher), world.signed_in(client, city.dispatcher)
    other = world.signed_in(client, city.reviewer)
    assert client.delete(SESSIONS, headers=first).status_code == 204
    assert client.get(OFFICERS, headers=first).status_code == 401
    assert client.get(OFFICERS, headers=second).status_code == 401
    assert client.get(OFFICERS, headers=other).status_code == 200
    with app.app_context():
        assert read(actor_by_session, city.dispatcher.id, 0) is None
        assert read(actor_by_session, city.dispatcher.id, 1) is not None


def test_a_token_expires(app: Flask, client: FlaskClient, city: world.World) -> None:
    headers = world.signed_in(client, city.dispatcher)
    with app.app_context():
        transact(expire_tokens)
    assert client.get(OFFICERS, headers=headers).status_code == 401


def test_expired_tokens_go_at_the_next_sign_in(app: Flask, client: FlaskClient, city: world.World) -> None:
    world.signed_in(client, city.dispatcher)
    with app.app_context():
        transact(expire_tokens)
    world.signed_in(client, city.dispatcher)
    with app.app_context():
        assert read(count_tokens) == 1


def test_the_database_holds_no_token_in_the_clear(app: Flask, client: FlaskClient, city: world.World) -> None:
    token = world.signed_in(client, city.dispatcher)["Authorization"].partition(" ")[2]
    with app.app_context():
        kept = read(token_hashes)
    assert token.encode() not in kept
    assert [len(one) for one in kept] == [32]


@pytest.mark.parametrize(
    "body",
    [{}, {"login": "admin"}, {"login": "admin", "password": 5}, {"login": "a\u0000b", "password": "x"}],
    ids=["empty", "no-password", "a-number", "nul"],
)
def test_a_malformed_sign_in_names_its_fields(client: FlaskClient, city: world.World, body: dict[str, object]) -> None:
    response = client.post(SESSIONS, json=body)
    assert response.status_code == 422
    assert response.get_json()["errors"]


def test_half_a_surrogate_pair_is_refused_and_no_crash(client: FlaskClient, city: world.World) -> None:
    body = '{"login": "admin", "password": "\\ud800"}'
    response = client.post(SESSIONS, data=body, content_type="application/json")
    assert response.status_code == 401


class TestDemoPasswords:
    @pytest.fixture
    def demo_app(self, app: Flask) -> Iterator[Flask]:
        """Return the same installation, started as the demo."""
        made = create_app(replace(app.extensions["xuncha_settings"], demo=True))
        yield made
        with made.app_context():
            db.engine.dispose()

    @pytest.fixture(autouse=True)
    def demo_account(self, app: Flask, city: world.World) -> None:
        with app.app_context():
            transact(make_demo_account, city.reviewer)

    def test_they_do_not_work_outside_the_demo(self, client: FlaskClient) -> None:
        assert attempt(client, "reviewer", world.PASSWORD) == (403, "demo-password")

    def test_a_wrong_password_does_not_tell_that_it_is_a_demo_account(self, client: FlaskClient) -> None:
        assert attempt(client, "reviewer", "wrong") == (401, "wrong-credentials")

    def test_they_work_in_the_demo(self, demo_app: Flask) -> None:
        assert attempt(demo_app.test_client(), "reviewer", world.PASSWORD)[0] == 201


def test_a_password_changed_while_it_was_being_verified_opens_nothing(
    app: Flask, client: FlaskClient, city: world.World
) -> None:
    stale = operations.Proof(city.admin.id, hash_password("an older password", 1), ("login:x", "address:x"))
    with app.app_context(), pytest.raises(Problem) as refused:
        transact(operations.open_session, stale, timedelta(hours=1))
    assert refused.value.slug == "wrong-credentials"


def test_a_right_guess_is_refused_when_parallel_guesses_filled_the_counter_meanwhile(
    app: Flask, city: world.World
) -> None:
    with app.app_context():
        proof = operations.Proof(
            city.admin.id, read(password_hash, city.admin), operations.sign_in_keys("admin", "::1")
        )
        for _ in range(MOST_FAILURES):
            transact(operations.count_failure, proof.keys)
        with pytest.raises(Problem) as refused:
            transact(operations.open_session, proof, timedelta(hours=1))
    assert refused.value.slug == "too-many-attempts"


def password_hash(session: Session, person: world.Person) -> str:
    return session.get_one(Officer, person.id).password_hash


def age_attempts(session: Session, by: timedelta) -> None:
    session.execute(update(SignInAttempt).values(window_started_at=now() - by))


def expire_tokens(session: Session) -> None:
    session.execute(update(AccessToken).values(expires_at=now()))


def count_tokens(session: Session) -> int:
    return len(session.scalars(select(AccessToken)).all())


def token_hashes(session: Session) -> list[bytes]:
    return list(session.scalars(select(AccessToken.token_sha256)))


def make_demo_account(session: Session, person: world.Person) -> None:
    session.execute(update(Officer).where(Officer.id == person.id).values(demo_password=True))
