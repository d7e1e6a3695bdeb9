"""Random secrets that travel, and the derived credential of a handset."""

import re

import pytest

from server.identity.tokens import (
    desk_token,
    digest,
    grouped_secret,
    handset_credential,
    is_desk_token,
    normal_code,
)

SECRET = "the server's secret"


def test_a_code_reads_in_three_groups_without_ambiguous_letters() -> None:
    for _ in range(200):
        assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}", grouped_secret())


def test_a_code_is_the_same_however_it_is_typed() -> None:
    assert normal_code("AB10-CDEF-0123") == "AB10CDEF0123"
    assert normal_code("ab10cdef0123") == "AB10CDEF0123"
    assert normal_code(" abIo cdef ol23 ") == "AB10CDEF0123"


@pytest.mark.parametrize(
    "text", ["", "AB10-CDEF-012", "AB10-CDEF-01234", "AB10-CDEF-012U", "ＡＢ10-CDEF-0123", "\ud800" * 12]
)
def test_what_cannot_be_a_code_is_none(text: str) -> None:
    assert normal_code(text) is None


def test_every_issued_code_is_its_own_normal_form() -> None:
    code = grouped_secret()
    assert normal_code(code) == code.replace("-", "")


def test_desk_tokens_carry_their_prefix_and_never_repeat() -> None:
    made = {desk_token() for _ in range(100)}
    assert len(made) == 100
    assert all(token.startswith("at_") and len(token) >= 43 for token in made)


def test_a_credential_depends_on_secret_code_and_key() -> None:
    made = handset_credential(SECRET, "AB10CDEF0123", b"key")
    assert made == handset_credential(SECRET, "AB10CDEF0123", b"key")
    others = {
        handset_credential("another", "AB10CDEF0123", b"key"),
        handset_credential(SECRET, "AB10CDEF0124", b"key"),
        handset_credential(SECRET, "AB10CDEF0123", b"other key"),
    }
    assert made.startswith("hs_")
    assert made not in others
    assert len(others) == 3


def test_what_is_kept_of_a_secret_is_its_sha256() -> None:
    # FIPS 180-4, example of "abc".
    assert digest("abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_only_a_desks_token_is_taken_for_one() -> None:
    assert is_desk_token(desk_token())
    # The next credential of a handset is any 43 characters, these too.
    assert not is_desk_token("at_" + "x" * 40)
    assert not is_desk_token(handset_credential("secret", "0" * 12, b"key"))
