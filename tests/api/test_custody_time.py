"""Time tokens: a real RFC 3161 authority confirms when a checkpoint existed; without it everything else goes on."""

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update
from support.custody_log import Custody
from support.keeping import Deployment
from support.time_authority import TimeAuthority, openssl

from server.config import Settings
from server.ledger.custody.jobs import ask_for_time
from server.ledger.custody.timestamps import TokenRefused, check_token, stamp_latest
from server.ledger.models import CustodyCheckpoint


@pytest.fixture
def settings(settings: Settings, time_authority: TimeAuthority) -> Settings:
    return replace(settings, time_authority_url=time_authority.url, time_authority_ca_file=str(time_authority.root))


@pytest.fixture
def stamped(custody: Custody, app: Flask) -> Custody:
    custody.happen(3)
    custody.sign()
    with app.app_context():
        assert stamp_latest()
    return custody


def token_of(custody: Custody) -> tuple[bytes, str]:
    checkpoint = custody.latest(custody.logs()[0].id)
    assert checkpoint is not None
    assert checkpoint.time_token is not None
    return checkpoint.time_token, checkpoint.note


def test_a_token_is_what_openssl_verifies(stamped: Custody, time_authority: TimeAuthority, tmp_path: Path) -> None:
    token, note = token_of(stamped)
    (tmp_path / "checkpoint.note").write_text(note, encoding="utf-8")
    (tmp_path / "token.tsr").write_bytes(token)
    files = ("-data", f"{tmp_path}/checkpoint.note", "-in", f"{tmp_path}/token.tsr")
    openssl("ts", "-verify", *files, "-CAfile", str(time_authority.root))
    assert stamped.audit().tokens == 1
    assert not stamped.faults()


def test_only_the_newest_checkpoint_asks_and_only_once(
    stamped: Custody, app: Flask, time_authority: TimeAuthority
) -> None:
    for _ in range(2):
        with app.app_context():
            ask_for_time.run()
    assert len(time_authority.asked) == 1
    stamped.happen(1)
    stamped.sign()
    stamped.happen(1)
    stamped.sign()
    with app.app_context():
        ask_for_time.run()
    assert len(time_authority.asked) == 2
    token_of(stamped)


def test_a_token_for_another_text_is_refused(stamped: Custody, time_authority: TimeAuthority) -> None:
    token, note = token_of(stamped)
    root = str(time_authority.root)
    assert check_token(token, note.encode(), root).status == 0
    with pytest.raises(TokenRefused, match="another text"):
        check_token(token, b"another text", root)
    with pytest.raises(TokenRefused, match="nonce"):
        check_token(token, note.encode(), root, nonce=1)
    with pytest.raises(TokenRefused):
        check_token(token[:-40], note.encode(), root)


def test_a_token_with_a_flipped_bit_is_not_signed(stamped: Custody, time_authority: TimeAuthority) -> None:
    token, note = token_of(stamped)
    broken = bytearray(token)
    broken[-1] ^= 1  # the end of the signature
    with pytest.raises(TokenRefused):
        check_token(bytes(broken), note.encode(), str(time_authority.root))


def test_a_token_of_an_authority_that_nobody_trusts_is_refused(
    stamped: Custody, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> None:
    token, note = token_of(stamped)
    stranger = tmp_path_factory.mktemp("stranger") / "root.pem"
    openssl(
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Test root",
        "-keyout", f"{stranger}.key", "-out", str(stranger),
    )  # fmt: skip
    with pytest.raises(TokenRefused, match="Not signed by an authority"):
        check_token(token, note.encode(), str(stranger))


@pytest.mark.parametrize("answer", [(500, b"down"), (200, b"<html>no</html>"), (200, b""), (200, b"x" * 100_000)])
def test_an_authority_that_fails_is_asked_again_and_holds_nobody_up(
    custody: Custody, app: Flask, time_authority: TimeAuthority, answer: tuple[int, bytes]
) -> None:
    time_authority.broken = answer
    custody.happen(1)
    assert custody.sign()
    with app.app_context():
        assert not stamp_latest()
    time_authority.broken = None
    with app.app_context():
        assert stamp_latest()
    token_of(custody)


def test_the_command_says_whether_it_got_a_token(deployment: Deployment, time_authority: TimeAuthority) -> None:
    time_authority.broken = (503, b"")
    assert "No time token now" in deployment.run("custody", "checkpoint").output
    time_authority.broken = None
    assert "Time token kept." in deployment.run("custody", "checkpoint").output


def test_a_token_that_was_moved_to_another_checkpoint_is_found(stamped: Custody) -> None:
    token, _ = token_of(stamped)
    stamped.happen(1)
    stamped.sign()
    stamped.tamper(update(CustodyCheckpoint).values(time_token=token))
    assert [says for says in stamped.faults() if "time token is false" in says]
