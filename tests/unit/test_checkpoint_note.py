"""Checkpoints as text, the log key in its file, and the files outside."""

import base64
import hashlib
import stat
import subprocess
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from server.ledger.custody.log_key import LogKeyError, make_key, read_key
from server.ledger.custody.note import NoteMalformed, Statement, VerifierKey, is_signed_by, parse_note, sign_note
from server.ledger.custody.outside import all_outside, keys_outside, newest_outside, write_key, write_outside

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VERIFIER = VerifierKey.of("city.example", KEY)
STATEMENT = Statement("city.example/0123456789abcdef", 42, hashlib.sha256(b"root").digest())
NOTE = sign_note(STATEMENT, "city.example", KEY)


class TestANote:
    def test_is_the_text_that_c2sp_describes(self) -> None:
        origin, size, root, blank, signature, end = NOTE.split("\n")
        assert (origin, size, blank, end) == (STATEMENT.origin, "42", "", "")
        assert base64.b64decode(root) == STATEMENT.root
        dash, name, encoded = signature.split(" ")
        assert (dash, name) == ("—", "city.example")
        blob = base64.b64decode(encoded)
        public = KEY.public_key().public_bytes_raw()
        assert blob[:4] == hashlib.sha256(b"city.example\n\x01" + public).digest()[:4]
        Ed25519PublicKey.from_public_bytes(public).verify(blob[4:], f"{origin}\n{size}\n{root}\n".encode())

    def test_can_be_read_and_proven(self) -> None:
        assert parse_note(NOTE).statement == STATEMENT
        assert is_signed_by(NOTE, VERIFIER)

    def test_of_the_same_statement_is_always_the_same(self) -> None:
        assert sign_note(STATEMENT, "city.example", KEY) == NOTE

    def test_of_another_key_or_name_is_not_ours(self) -> None:
        other = Ed25519PrivateKey.generate()
        assert not is_signed_by(sign_note(STATEMENT, "city.example", other), VERIFIER)
        assert not is_signed_by(sign_note(STATEMENT, "other.example", KEY), VERIFIER)
        # The same key id with another key's signature: four bytes are a name, not a proof.
        forged = base64.b64encode(VERIFIER.key_id + other.sign(STATEMENT.text.encode())).decode()
        assert not is_signed_by(f"{STATEMENT.text}\n— city.example {forged}\n", VERIFIER)

    @given(st.integers(0, len(NOTE) - 1), st.characters(codec="utf-8"))
    def test_with_one_letter_changed_is_not_signed(self, at: int, letter: str) -> None:
        changed = NOTE[:at] + letter + NOTE[at + 1 :]
        if changed != NOTE and is_signed_by(changed, VERIFIER):
            # Base64's last letter has bits that mean nothing: the statement and the signature are the same.
            assert parse_note(changed) == parse_note(NOTE)

    @given(st.text())
    def test_is_nothing_else(self, text: str) -> None:
        assert not is_signed_by(text, VERIFIER)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "a\n1\n\n",
            NOTE.replace("42", "042"),
            NOTE.replace("42", "-1"),
            NOTE.replace("42", "٤٢"),
            NOTE.replace("\n\n", "\n"),
            NOTE.removesuffix("\n"),
            NOTE.replace("— ", "- "),
        ],
    )
    def test_that_is_malformed_says_so(self, text: str) -> None:
        with pytest.raises(NoteMalformed):
            parse_note(text)


class TestAVerifierKey:
    def test_survives_being_handed_on_as_text(self) -> None:
        assert VERIFIER.text.startswith(f"city.example+{VERIFIER.key_id.hex()}+AQ")
        assert VerifierKey.parse(f" {VERIFIER.text}\n") == VERIFIER

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "name",
            "a+b+c",
            VERIFIER.text[:-4],
            VERIFIER.text.replace("city", "town"),
            VERIFIER.text.replace("+A", "+B"),
        ],
    )
    def test_that_was_mistyped_is_refused(self, text: str) -> None:
        with pytest.raises(NoteMalformed):
            VerifierKey.parse(text)


class TestTheLogKey:
    def test_is_made_once_for_its_owner_only(self, tmp_path: Path) -> None:
        path = tmp_path / "made" / "custody.key"
        made = make_key(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        found = read_key(path)
        assert found is not None
        assert found.private_bytes_raw() == made.private_bytes_raw() == make_key(path).private_bytes_raw()
        assert [each.name for each in path.parent.iterdir()] == ["custody.key"]

    def test_is_one_key_however_many_make_it(self, tmp_path: Path) -> None:
        made: list[bytes] = []
        threads = [
            threading.Thread(target=lambda: made.append(make_key(tmp_path / "key").private_bytes_raw()))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(made) == 8
        assert len(set(made)) == 1

    def test_can_be_read_by_openssl(self, tmp_path: Path) -> None:
        make_key(tmp_path / "key")
        told = subprocess.run(
            ["/usr/bin/env", "openssl", "pkey", "-in", str(tmp_path / "key"), "-noout", "-text"],
            capture_output=True,
            check=True,
            text=True,
        )
        assert "ED25519" in told.stdout

    def test_that_is_missing_is_none(self, tmp_path: Path) -> None:
        assert read_key(tmp_path / "key") is None

    def test_that_is_something_else_says_what_to_do(self, tmp_path: Path) -> None:
        (tmp_path / "garbage").write_text("not a key")
        elliptic = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        (tmp_path / "elliptic").write_bytes(elliptic)
        (tmp_path / "folder").mkdir()
        for name in ("garbage", "elliptic", "folder"):
            with pytest.raises(LogKeyError, match=r"put|give"):
                read_key(tmp_path / name)

    def test_that_cannot_be_written_says_what_to_do(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("in the way")
        with pytest.raises(LogKeyError, match="make its folder writable"):
            make_key(tmp_path / "file" / "key")


class TestTheFilesOutside:
    def test_say_the_newest_of_each_log(self, tmp_path: Path) -> None:
        for size in (9, 10, 100, 20):
            stated = Statement("city.example/aa", size, STATEMENT.root)
            write_outside(tmp_path, stated.origin, size, sign_note(stated, "city.example", KEY))
        write_outside(tmp_path, STATEMENT.origin, 42, NOTE)
        newest = newest_outside(tmp_path)
        sizes = {origin: found.note.statement.size for origin, found in newest.items() if found.note}
        assert sizes == {"city.example/aa": 100, STATEMENT.origin: 42}
        assert len(list(all_outside(tmp_path))) == 5

    def test_are_never_overwritten(self, tmp_path: Path) -> None:
        write_outside(tmp_path, STATEMENT.origin, 42, NOTE)
        write_outside(tmp_path, STATEMENT.origin, 42, "something else")
        (found,) = all_outside(tmp_path)
        assert found.text == NOTE

    def test_that_are_no_checkpoints_are_told_and_not_taken(self, tmp_path: Path) -> None:
        write_outside(tmp_path, STATEMENT.origin, 42, NOTE)
        write_outside(tmp_path, STATEMENT.origin, 43, "garbage\xff")
        write_outside(tmp_path, "city.example/bb", 44, NOTE)  # of another log than its folder says
        (tmp_path / STATEMENT.origin / ".half.note.1").write_text("a crash left this")
        assert list(newest_outside(tmp_path)) == [STATEMENT.origin]
        assert sorted(found.note is None for found in all_outside(tmp_path)) == [False, False, True]

    def test_of_a_folder_that_is_not_there_are_none(self, tmp_path: Path) -> None:
        assert newest_outside(tmp_path / "no") == {}
        assert list(all_outside(tmp_path / "no")) == []
        assert keys_outside(tmp_path / "no") == []

    def test_bring_the_public_keys_along(self, tmp_path: Path) -> None:
        write_key(tmp_path, VERIFIER)
        write_key(tmp_path, VERIFIER)
        (tmp_path / "city.example" / "wrong.vkey").write_text("no key")
        assert keys_outside(tmp_path) == [VERIFIER]

    def test_leave_no_draft(self, tmp_path: Path) -> None:
        write_outside(tmp_path, STATEMENT.origin, 42, NOTE)
        assert [path.name for path in (tmp_path / STATEMENT.origin).iterdir()] == ["000000000042.note"]
