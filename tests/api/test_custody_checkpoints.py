"""Checkpoints: signed when the log grew, written outside, and never signed when they contradict an earlier one."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session
from support.custody_log import Custody
from support.keeping import Deployment

from server.config import Settings
from server.db import read
from server.ledger.alarms import open_alarms
from server.ledger.custody.checkpoints import sign_checkpoint
from server.ledger.custody.log_key import LogKeyError, make_key
from server.ledger.custody.merkle import extends, leaf_hash
from server.ledger.custody.note import Statement, VerifierKey, is_signed_by, parse_note, sign_note
from server.ledger.custody.opening import host_of
from server.ledger.custody.proofs import Checkpoint, checkpoints, consistency
from server.ledger.models import CustodyCheckpoint, CustodyEvent, CustodyLog, CustodyNode


def files(settings: Settings) -> list[Path]:
    return sorted(settings.checkpoint_dir.glob("*/*/*.note"))


def forks(custody: Custody) -> list[str]:
    """Return why signing stopped, as the alarms tell."""
    with custody.app.app_context():
        return [alarm.facts["reason"] for alarm in read(open_alarms) if alarm.name == "checkpoint_forked"]


def only(signed: list[Checkpoint]) -> Checkpoint:
    (one,) = signed
    return one


def test_a_log_that_grew_is_signed_and_written_outside(
    custody: Custody, deployment: Deployment, settings: Settings
) -> None:
    custody.happen(4)
    signed = only(custody.sign())
    key = VerifierKey.parse(deployment.run("custody", "key").output)
    assert is_signed_by(signed.note, key)
    assert parse_note(signed.note).statement == Statement(f"xuncha/{deployment.epoch}", 5, signed.root)
    (outside,) = files(settings)
    assert outside.relative_to(settings.checkpoint_dir).as_posix() == f"xuncha/{deployment.epoch}/000000000005.note"
    assert outside.read_text(encoding="utf-8") == signed.note
    assert custody.latest(signed.log_id) == signed


def test_a_log_that_did_not_grow_is_not_signed_again(custody: Custody, settings: Settings) -> None:
    custody.happen(4)
    custody.sign()
    assert custody.sign() == []
    assert len(files(settings)) == 1


def test_every_checkpoint_extends_the_one_before(custody: Custody) -> None:
    signed = []
    for count in (1, 5, 2, 9):
        custody.happen(count)
        signed.append(only(custody.sign()))
    for old in signed:
        for new in signed[signed.index(old) :]:
            proof = custody.read(consistency, old.log_id, old.size, new.size)
            assert extends(old.size, new.size, proof, old.root, new.root)
    assert custody.read(checkpoints, signed[0].log_id) == signed


def test_a_checkpoint_that_could_not_be_written_outside_is_written_with_the_next(
    custody: Custody, settings: Settings
) -> None:
    settings.checkpoint_dir.write_text("a file where the folder should be")
    custody.happen(1)
    custody.sign()
    settings.checkpoint_dir.unlink()
    custody.happen(1)
    custody.sign()
    assert [int(path.stem) for path in files(settings)] == [2, 3]


@pytest.mark.parametrize(
    ("url", "host"),
    [("", "xuncha"), ("https://City.Example:8443/x", "city.example"), ("https://[::1]/", "--1"), ("no url", "xuncha")],
)
def test_the_name_of_a_log_is_the_host_that_a_stranger_would_look_for(url: str, host: str) -> None:
    assert host_of(url) == host


class TestTheLogKey:
    def test_that_was_lost_stops_signing_and_says_what_to_do(
        self, custody: Custody, deployment: Deployment, settings: Settings
    ) -> None:
        custody.happen(1)
        custody.sign()
        settings.custody_key_file.unlink()
        custody.happen(1)
        with pytest.raises(LogKeyError, match="put it back"):
            custody.sign()
        assert not settings.custody_key_file.exists()
        for command in ("checkpoint", "key"):
            told = deployment.run("custody", command)
            assert told.exit_code == 1
            assert "flask new-epoch" in told.output

    def test_that_is_another_stops_signing(self, custody: Custody, settings: Settings) -> None:
        custody.happen(1)
        custody.sign()
        settings.custody_key_file.unlink()
        shutil.copy(_another_key(settings), settings.custody_key_file)
        custody.happen(1)
        with pytest.raises(LogKeyError, match="not the key that signed"):
            custody.sign()

    def test_that_is_new_begins_with_a_new_epoch(
        self, custody: Custody, deployment: Deployment, settings: Settings
    ) -> None:
        custody.happen(1)
        custody.sign()
        settings.custody_key_file.unlink()
        assert deployment.run("new-epoch", "--reason", "key lost").exit_code == 0
        signed = only(custody.sign())
        assert signed.origin.endswith(deployment.epoch)
        told = deployment.run("custody", "verify")
        assert told.exit_code == 0, told.output


@pytest.mark.usefixtures("signed")
class TestAFork:
    """Whoever has the database rewrites the log; nothing of it gets a signature."""

    @pytest.fixture
    def signed(self, custody: Custody) -> Checkpoint:
        custody.happen(20)
        return only(custody.sign())

    def _refused(self, custody: Custody) -> str:
        with custody.app.app_context():
            assert sign_checkpoint() == []
        (reason,) = forks(custody)
        return reason

    def test_of_the_tree_is_not_signed(self, custody: Custody) -> None:
        custody.tamper(
            update(CustodyNode).where(CustodyNode.level == 4, CustodyNode.position == 0).values(hash=leaf_hash(b""))
        )
        custody.happen(3)
        custody.sequence()
        assert "not those of its last checkpoint" in self._refused(custody)

    def test_of_a_log_that_was_cut_is_not_signed(self, custody: Custody) -> None:
        custody.tamper(update(CustodyLog).values(size=10))
        assert "its last checkpoint states 21" in self._refused(custody)

    def test_of_a_log_that_was_cut_with_its_checkpoints_is_noticed_from_outside(self, custody: Custody) -> None:
        custody.tamper(update(CustodyLog).values(size=10), delete(CustodyCheckpoint))
        assert "a checkpoint outside states 21" in self._refused(custody)

    def test_of_a_tree_with_its_checkpoints_is_noticed_from_outside(self, custody: Custody) -> None:
        custody.tamper(
            update(CustodyNode).where(CustodyNode.level == 4, CustodyNode.position == 0).values(hash=leaf_hash(b"")),
            delete(CustodyCheckpoint),
        )
        custody.happen(3)
        custody.sequence()
        assert "not those of a checkpoint outside" in self._refused(custody)

    def test_of_a_tree_with_holes_is_not_signed(self, custody: Custody) -> None:
        custody.tamper(delete(CustodyNode).where(CustodyNode.level == 4))
        assert "lacks the subtree" in self._refused(custody)

    def test_is_what_the_command_fails_for(self, custody: Custody, deployment: Deployment) -> None:
        custody.tamper(update(CustodyLog).values(size=10))
        told = deployment.run("custody", "checkpoint")
        assert told.exit_code == 1
        assert "contradicts its checkpoints" in told.output

    def test_cannot_be_claimed_by_a_file_that_we_did_not_sign(
        self, custody: Custody, signed: Checkpoint, settings: Settings
    ) -> None:
        forged = sign_note(Statement(signed.origin, 999, bytes(32)), "xuncha", Ed25519PrivateKey.generate())
        (settings.checkpoint_dir / signed.origin / "000000000999.note").write_text(forged, encoding="utf-8")
        custody.happen(1)
        assert only(custody.sign()).size == 22
        assert forks(custody) == []
        assert [says for says in custody.faults() if "No key is known" in says]


def test_the_log_opens_with_an_event_that_says_it_is_the_first(custody: Custody) -> None:
    custody.sequence()
    facts = custody.read(_opening_facts)
    assert facts == {"former_origin": None, "former_size": None, "former_root": None, "outside": []}


def _opening_facts(session: Session) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(session.execute(select(CustodyEvent.facts)).scalar_one())
    return facts


def _another_key(settings: Settings) -> Path:
    path = settings.custody_key_file.with_name("another.key")
    make_key(path)
    return path
