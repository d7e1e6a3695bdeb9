"""Codes by time: the vectors of RFC 6238, the tolerance, that a code counts once; and the sealing of the secret."""

import base64
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from server.identity.second_factor import new_secret, seal, setup_uri, step_of, unseal

# RFC 6238 Appendix B, SHA-1: its codes have eight digits, an authenticator's six are their end.
SECRET = base64.b32encode(b"12345678901234567890").decode("ascii")
VECTORS = {
    59: "94287082",
    1111111109: "07081804",
    1111111111: "14050471",
    1234567890: "89005924",
    2000000000: "69279037",
}
NOW = datetime.fromtimestamp(1234567890, UTC)
CODE = "005924"


@pytest.mark.parametrize("second", VECTORS)
def test_the_codes_are_those_of_the_rfc(second: int) -> None:
    moment = datetime.fromtimestamp(second, UTC)
    assert step_of(SECRET, VECTORS[second][2:], moment) == second // 30


@pytest.mark.parametrize(("late", "taken"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_code_counts_one_step_before_and_after_its_own(late: int, taken: bool) -> None:  # noqa: FBT001 (a table's column)
    assert (step_of(SECRET, CODE, NOW + timedelta(seconds=late)) is not None) is taken


def test_a_code_counts_once() -> None:
    step = step_of(SECRET, CODE, NOW)
    assert step is not None
    assert step_of(SECRET, CODE, NOW, after=step) is None
    assert step_of(SECRET, CODE, NOW, after=step - 1) == step


@pytest.mark.parametrize("typed", ["005 924", " 005924 ", "００５９２４"])
def test_a_code_is_read_as_people_type_it(typed: str) -> None:
    assert step_of(SECRET, typed, NOW) is not None


@pytest.mark.parametrize("typed", ["", "5924", "005925", "0059244", "00592x", "abcdef"])
def test_anything_else_is_no_code(typed: str) -> None:
    assert step_of(SECRET, typed, NOW) is None


def test_two_secrets_differ_and_stand_in_the_address_for_the_app() -> None:
    secret = new_secret()
    assert secret != new_secret()
    uri = setup_uri(secret, "boss")
    assert uri.startswith("otpauth://totp/Xuncha:boss?")
    assert f"secret={secret}" in uri


def test_a_sealed_secret_opens_for_its_officer_under_the_same_server_secret_only() -> None:
    officer_id = uuid4()
    sealed = seal(SECRET, officer_id, "deployment")
    assert SECRET.encode() not in sealed
    assert unseal(sealed, officer_id, "deployment") == SECRET
    assert unseal(sealed, uuid4(), "deployment") is None
    assert unseal(sealed, officer_id, "another deployment") is None
    assert seal(SECRET, officer_id, "deployment") != sealed
