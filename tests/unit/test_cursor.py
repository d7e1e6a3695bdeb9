"""The pull's cursor: opaque, sealed, and exact for every number a scope can reach."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.cursor import PREFIX, Cursor, CursorError

SECRET = "one secret of this deployment"
POSITIONS = {"officer:a": 12, "squad:b": 2**62 + 1}
CURSOR = Cursor("e1", "officer", POSITIONS)


@given(st.text(max_size=20), st.text(max_size=40), st.dictionaries(st.text(max_size=20), st.integers(0, 2**63 - 1)))
def test_what_was_sealed_is_read_back_exactly(epoch: str, officer_id: str, positions: dict[str, int]) -> None:
    cursor = Cursor(epoch, officer_id, positions)
    token = cursor.seal(SECRET)
    assert Cursor.unseal(token, SECRET) == cursor
    assert token.isascii()
    # It travels in a query string as it is.
    assert not set(token) & set("&=+/ #%")


def test_equal_positions_give_equal_tokens_in_any_order() -> None:
    turned = Cursor("e1", "officer", dict(reversed(POSITIONS.items())))
    assert turned.seal(SECRET) == CURSOR.seal(SECRET)


def test_a_token_of_another_secret_is_refused() -> None:
    with pytest.raises(CursorError, match="not made by this server"):
        Cursor.unseal(CURSOR.seal("another secret"), SECRET)


def test_every_changed_character_is_noticed() -> None:
    token = CURSOR.seal(SECRET)
    for place in range(len(PREFIX), len(token) - 1):
        letter = "A" if token[place] != "A" else "B"
        with pytest.raises(CursorError):
            Cursor.unseal(token[:place] + letter + token[place + 1 :], SECRET)


def test_every_cut_token_is_refused() -> None:
    token = CURSOR.seal(SECRET)
    for length in range(len(token) - 1):
        with pytest.raises(CursorError):
            Cursor.unseal(token[:length], SECRET)


@pytest.mark.parametrize(
    "token", ["", "c1", "c1.", "c2.AAAA", "c1.街", "c1.A", "c1.====", "null", "0", "c1." + "A" * 99]
)
def test_what_was_never_a_cursor_is_refused(token: str) -> None:
    with pytest.raises(CursorError):
        Cursor.unseal(token, SECRET)


@given(st.text(max_size=60))
def test_any_text_behind_the_prefix_is_refused_without_another_error(text: str) -> None:
    with pytest.raises(CursorError):
        Cursor.unseal(PREFIX + text, SECRET)


def test_the_seal_covers_all_of_the_content() -> None:
    raw = base64.urlsafe_b64decode(CURSOR.seal(SECRET).removeprefix(PREFIX) + "==")
    forged = PREFIX + base64.urlsafe_b64encode(raw.replace(b'"officer"', b'"0ther00"')).decode().rstrip("=")
    with pytest.raises(CursorError, match="not made by this server"):
        Cursor.unseal(forged, SECRET)
