"""Passwords: what fits, what is refused, and that an unknown login costs a hash too."""

import pytest
from argon2 import PasswordHasher

from server.identity.passwords import DEMO_PASSWORD, demand_strong, fits, hash_password, temporary_password
from server.problems import Problem


def test_only_the_hashed_password_fits() -> None:
    kept = hash_password("over the seven bridges", 1)
    assert fits("over the seven bridges", kept, 1)
    assert not fits("over the eight bridges", kept, 1)


def test_two_hashes_of_one_password_differ() -> None:
    assert hash_password("over the seven bridges", 1) != hash_password("over the seven bridges", 1)


def test_a_hash_is_argon2id_with_the_configured_rounds() -> None:
    assert hash_password("over the seven bridges", 3).startswith("$argon2id$v=19$m=19456,t=3,p=1$")


def test_without_a_hash_nothing_fits_but_the_same_work_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []
    genuine = PasswordHasher.verify

    def counted(self: PasswordHasher, kept: str, password: bytes) -> bool:
        verified.append(kept)
        return genuine(self, kept, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    assert not fits("over the seven bridges", None, 1)
    assert [kept[:30] for kept in verified] == [hash_password("x", 1)[:30]]


def test_a_damaged_hash_fits_nothing() -> None:
    assert not fits("over the seven bridges", "not a hash", 1)


def test_half_a_surrogate_pair_is_a_wrong_password_and_no_crash() -> None:
    assert not fits("\ud800", hash_password("over the seven bridges", 1), 1)


@pytest.mark.parametrize("password", ["short", "123456789", "e-liaison-07", "E-LIAISON-07", DEMO_PASSWORD])
def test_short_passwords_the_login_and_the_demo_password_are_refused(password: str) -> None:
    with pytest.raises(Problem) as refused:
        demand_strong(password, "e-liaison-07", demo=False)
    assert refused.value.slug == "weak-password"
    assert "new_password" in refused.value.body()["errors"]


def test_the_demo_takes_its_own_password() -> None:
    demand_strong(DEMO_PASSWORD, "c001", demo=True)


def test_temporary_passwords_are_strong_and_never_repeat() -> None:
    made = {temporary_password() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        demand_strong(password, "c001", demo=False)
