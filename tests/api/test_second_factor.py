"""The second factor: administrators must have one, a code of it opens a session once, and ways out when it is lost."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pyotp
import pytest
import world
from console import Console, stranger
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from support.administrators import Administrators, administrators, slug_of

from server import clock
from server.config import Settings
from server.db import read, transact
from server.identity.models import Officer, RecoveryCode, SecondFactor
from server.identity.rules import MOST_FAILURES

SESSIONS = "/api/v1/sessions"
FACTOR = "/api/v1/account/second-factor"
OFFICERS = "/api/v1/officers"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, admin_totp=True)


@pytest.fixture(autouse=True)
def _still() -> Iterator[None]:
    """Let no step of thirty seconds end in the middle of a test."""
    moment = clock.now()
    with clock.use(lambda: moment):
        yield


@pytest.fixture
def three(app: Flask, city: world.World) -> Administrators:
    return administrators(app, city)


@dataclass
class Telephone:
    """An authenticator app; each code is of a later step than the one before, as if time went by."""

    secret: str
    recovery_codes: list[str]
    steps: int = 0

    def code(self) -> str:
        """Return a code that was not used before; the first two lie within the tolerance."""
        self.steps += 1
        return code_of(self.secret, self.steps - 1)


def code_of(secret: str, later: int) -> str:
    """Return the code of the present step, or of one so much later."""
    return pyotp.HOTP(secret).at(int(clock.now().timestamp()) // 30 + later)


def answer(client: FlaskClient, path: str, headers: dict[str, str], **body: str) -> tuple[int, Any]:
    response = client.post(path, json=body, headers=headers)
    return response.status_code, response.get_json(silent=True)


def refused(told: tuple[int, Any]) -> tuple[int, str]:
    return told[0], slug_of(told[1])


def signs_in(client: FlaskClient, person: world.Person, **code: str) -> tuple[int, Any]:
    return answer(client, SESSIONS, {}, login=person.login, password=person.password, **code)


def set_up(client: FlaskClient, person: world.Person) -> tuple[Telephone, dict[str, str]]:
    headers = world.signed_in(client, person)
    status, fresh = answer(client, FACTOR, headers, current_password=person.password)
    assert status == 201
    first = code_of(fresh["secret"], -1)
    status, made = answer(client, f"{FACTOR}/confirm", headers, code=first)
    assert status == 200
    return Telephone(fresh["secret"], made["recovery_codes"]), headers


def test_an_administrator_without_one_may_only_set_it_up(client: FlaskClient, city: world.World) -> None:
    status, opened = signs_in(client, city.admin)
    assert (status, opened["must_set_up_totp"]) == (201, True)
    headers = {"Authorization": f"Bearer {opened['token']}"}
    shut = client.get(OFFICERS, headers=headers)
    assert (shut.status_code, slug_of(shut.json or {})) == (403, "totp-setup-required")
    assert shut.mimetype == "application/problem+json"
    _telephone, headers = set_up(client, city.admin)
    assert client.get(OFFICERS, headers=headers).status_code == 200


def test_others_need_none(client: FlaskClient, city: world.World) -> None:
    status, opened = signs_in(client, city.dispatcher)
    assert (status, opened["must_set_up_totp"]) == (201, False)
    assert client.get(OFFICERS, headers={"Authorization": f"Bearer {opened['token']}"}).status_code == 200


def test_signing_in_asks_for_the_code_and_each_code_counts_once(client: FlaskClient, city: world.World) -> None:
    telephone, _headers = set_up(client, city.admin)
    assert refused(signs_in(client, city.admin)) == (401, "totp-required")
    code = telephone.code()
    assert signs_in(client, city.admin, code=code)[0] == 201
    assert refused(signs_in(client, city.admin, code=code)) == (401, "totp-wrong")


def test_a_wrong_password_does_not_tell_that_there_is_a_second_factor(client: FlaskClient, city: world.World) -> None:
    set_up(client, city.admin)
    told = answer(client, SESSIONS, {}, login=city.admin.login, password="wrong", code="000000")
    assert refused(told) == (401, "wrong-credentials")


def test_wrong_codes_are_counted_like_wrong_passwords(client: FlaskClient, city: world.World) -> None:
    telephone, _headers = set_up(client, city.admin)
    for _ in range(MOST_FAILURES):
        assert refused(signs_in(client, city.admin, code="no code")) == (401, "totp-wrong")
    assert refused(signs_in(client, city.admin, code=telephone.code())) == (429, "too-many-attempts")


def test_a_recovery_code_opens_one_session(client: FlaskClient, city: world.World) -> None:
    telephone, _headers = set_up(client, city.admin)
    assert len(set(telephone.recovery_codes)) == 10
    first = telephone.recovery_codes[0].lower()
    assert signs_in(client, city.admin, code=first)[0] == 201
    assert refused(signs_in(client, city.admin, code=first)) == (401, "totp-wrong")
    assert signs_in(client, city.admin, code=telephone.recovery_codes[1])[0] == 201


def test_neither_secret_nor_recovery_codes_stand_in_the_database(
    app: Flask, client: FlaskClient, city: world.World
) -> None:
    telephone, _headers = set_up(client, city.admin)
    with app.app_context():
        kept = read(kept_bytes)
    for secret in (telephone.secret, *telephone.recovery_codes):
        assert all(secret.encode() not in one and secret.replace("-", "").encode() not in one for one in kept)


def test_a_secret_counts_only_after_its_first_code(client: FlaskClient, city: world.World) -> None:
    headers = world.signed_in(client, city.admin)
    answer(client, FACTOR, headers, current_password=world.PASSWORD)
    assert refused(answer(client, f"{FACTOR}/confirm", headers, code="000000")) == (401, "totp-wrong")
    assert signs_in(client, city.admin)[0] == 201


def test_setting_up_needs_the_password_and_is_done_once(client: FlaskClient, city: world.World) -> None:
    headers = world.signed_in(client, city.admin)
    assert refused(answer(client, FACTOR, headers, current_password="wrong")) == (401, "wrong-credentials")
    assert refused(answer(client, f"{FACTOR}/confirm", headers, code="000000")) == (403, "totp-setup-required")
    _telephone, headers = set_up(client, city.admin)
    assert refused(answer(client, FACTOR, headers, current_password=world.PASSWORD)) == (409, "totp-set-up")


def test_it_is_removed_against_a_code_only_and_every_session_ends(client: FlaskClient, city: world.World) -> None:
    telephone, headers = set_up(client, city.admin)
    wrong = answer(client, f"{FACTOR}/remove", headers, current_password=world.PASSWORD, code="no code")
    assert refused(wrong) == (401, "totp-wrong")
    code = telephone.recovery_codes[0]
    assert answer(client, f"{FACTOR}/remove", headers, current_password=world.PASSWORD, code=code)[0] == 204
    assert client.get(OFFICERS, headers=headers).status_code == 401
    assert signs_in(client, city.admin)[0] == 201


def test_a_security_administrator_resets_it_but_not_the_own(
    client: FlaskClient, city: world.World, three: Administrators
) -> None:
    _telephone, admins = set_up(client, city.admin)
    _own, headers = set_up(client, three.security)
    reset = f"{OFFICERS}/{{}}/reset-second-factor"
    assert refused(answer(client, reset.format(three.security.id), headers)) == (403, "forbidden")
    assert refused(answer(client, reset.format(city.admin.id), admins)) == (403, "forbidden")
    assert answer(client, reset.format(city.admin.id), headers)[0] == 204
    assert client.get(OFFICERS, headers=admins).status_code == 401
    status, opened = signs_in(client, city.admin)
    assert (status, opened["must_set_up_totp"]) == (201, True)


def test_the_last_resort_is_the_command_line(app: Flask, client: FlaskClient, city: world.World) -> None:
    set_up(client, city.admin)
    done = app.test_cli_runner().invoke(args=["officers", "reset-second-factor", "admin"])
    assert done.exit_code == 0, done.output
    assert signs_in(client, city.admin)[0] == 201


def test_a_password_reset_leaves_the_second_factor(
    client: FlaskClient, city: world.World, three: Administrators
) -> None:
    # Or a system administrator could become the security administrator.
    set_up(client, three.security)
    _telephone, headers = set_up(client, city.admin)
    _status, made = answer(client, f"{OFFICERS}/{three.security.id}/reset-password", headers)
    told = answer(client, SESSIONS, {}, login="security", password=made["password"])
    assert refused(told) == (401, "totp-required")


def test_accounts_with_a_demo_password_are_exempt(app: Flask, city: world.World) -> None:
    with app.app_context():
        transact(give_demo_password, city.admin)
        assert world.acting(app, city.admin).needs_second_factor is False


def test_where_it_is_switched_off_nobody_is_asked(app: Flask, client: FlaskClient, city: world.World) -> None:
    set_up(client, city.admin)
    app.extensions["xuncha_settings"] = replace(app.extensions["xuncha_settings"], admin_totp=False)
    try:
        assert signs_in(client, city.admin)[0] == 201
    finally:
        app.extensions["xuncha_settings"] = replace(app.extensions["xuncha_settings"], admin_totp=True)


@pytest.mark.usefixtures("city")
class TestConsole:
    def test_sets_up_shows_recovery_codes_and_asks_for_a_code_next_time(self, app: Flask) -> None:
        browser = stranger(app)
        assert browser.post("/login", login="admin", password=world.PASSWORD).status_code == 303
        sent = browser.get("/officers")
        assert (sent.status_code, sent.headers["Location"]) == (303, "/account/second-factor")
        assert 'href="/officers"' not in browser.text("/account/second-factor")
        page = browser.post("/account/second-factor", password=world.PASSWORD)
        assert page.headers["Cache-Control"] == "no-store"
        assert "<svg" in page.text
        secret = page.text.partition('<code class="wrap">')[2].partition("<")[0]
        done = browser.post("/account/second-factor/confirm", code=code_of(secret, -1))
        assert done.text.count('<li class="mono">') == 10
        assert browser.get("/officers").status_code == 200
        self._signs_in_again(app, secret)

    def _signs_in_again(self, app: Flask, secret: str) -> None:
        browser = stranger(app)
        asked = browser.post("/login?next=/officers", login="admin", password=world.PASSWORD)
        assert (asked.status_code, asked.headers["Location"]) == (303, "/login/code?next=/officers")
        assert browser.get("/officers").status_code == 302
        assert "authenticator" in browser.text("/login/code")
        assert browser.post("/login/code?next=/officers", code="000000").status_code == 401
        opened = browser.post("/login/code?next=/officers", code=code_of(secret, 0))
        assert (opened.status_code, opened.headers["Location"]) == (303, "/officers")
        assert browser.get("/officers").status_code == 200

    def test_the_second_step_needs_the_first_a_moment_ago(
        self, app: Flask, client: FlaskClient, city: world.World
    ) -> None:
        telephone, _headers = set_up(client, city.admin)
        browser = stranger(app)
        assert browser.get("/login/code").headers["Location"] == "/login"
        assert self._enters(browser, telephone.code()) == "/login"
        browser.post("/login", login="admin", password=world.PASSWORD)
        later = clock.now() + timedelta(minutes=6)
        with clock.use(lambda: later):
            assert self._enters(browser, telephone.code()) == "/login"

    def _enters(self, browser: Console, code: str) -> str:
        return browser.post("/login/code", code=code).headers["Location"]

    def test_removes_it_and_stays_signed_in(self, app: Flask, client: FlaskClient, city: world.World) -> None:
        telephone, _headers = set_up(client, city.admin)
        browser = stranger(app)
        browser.post("/login", login="admin", password=world.PASSWORD)
        browser.post("/login/code", code=telephone.code())
        gone = browser.post("/account/second-factor/remove", password=world.PASSWORD, code=telephone.code())
        assert gone.status_code == 303
        assert "Set it up to go on" in browser.text("/account/second-factor")


def kept_bytes(session: Session) -> list[bytes]:
    return [*session.scalars(select(SecondFactor.sealed_secret)), *session.scalars(select(RecoveryCode.code_sha256))]


def give_demo_password(session: Session, person: world.Person) -> None:
    session.execute(update(Officer).where(Officer.id == person.id).values(demo_password=True))
