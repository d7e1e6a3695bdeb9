"""A restore begins another log, which tells how the former one ended and what the restore has lost."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from support.custody_log import EVENTS, Custody
from support.keeping import QUIET_PORT, Deployment
from support.rehearsal import rehearsed

from server.clock import use
from server.config import Settings
from server.ledger.custody.jobs import keep_log
from server.ledger.custody.note import parse_note
from server.ledger.custody.proofs import root_of
from server.ledger.models import CustodyLog


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, port=QUIET_PORT)


def opening(custody: Custody, log_id: int) -> dict[str, Any]:
    return custody.read(_opening, log_id)


def _opening(session: Session, log_id: int) -> dict[str, Any]:
    event = session.execute(select(EVENTS).where(EVENTS.c.log_id == log_id, EVENTS.c.position == 0)).one()
    assert event.kind == "log_opened"
    facts: dict[str, Any] = json.loads(event.facts)
    return facts


class TestARestore:
    @pytest.fixture
    def restored(self, custody: Custody, deployment: Deployment) -> Custody:
        """Return a log of 6 events (signed at 4) that was at 16 when the restore took 10 away."""
        rehearsed(custody.app, "a restored log", lambda: self.restore(custody, deployment), files=True)
        return custody

    def restore(self, custody: Custody, deployment: Deployment) -> None:
        custody.happen(3)
        custody.sign()
        custody.happen(2)
        custody.sequence()
        backup = deployment.backup()
        custody.happen(10)
        custody.sign()
        done = deployment.restore(backup)
        assert done.exit_code == 0, done.output

    def test_begins_a_log_that_embeds_what_is_known_outside(self, restored: Custody, app: Flask) -> None:
        restored.happen(2)
        with app.app_context():
            keep_log.run()
        former, present = restored.logs()
        facts = opening(restored, present.id)
        assert facts["former_origin"] == former.origin
        assert facts["former_size"] == former.size == 6
        assert facts["former_root"] == restored.read(root_of, former.id, 6).hex()
        (outside,) = facts["outside"]
        assert parse_note(outside).statement.size == 16
        assert parse_note(outside).statement.origin == former.origin
        assert restored.waiting() == 0

    def test_leaves_every_event_under_a_checkpoint(self, restored: Custody) -> None:
        restored.happen(2)
        signed = restored.sign()
        former, present = restored.logs()
        assert [(each.log_id, each.size) for each in signed] == [(former.id, 6), (present.id, present.size)]
        assert restored.sign() == []

    def test_passes_the_check(self, restored: Custody, deployment: Deployment) -> None:
        restored.happen(2)
        restored.sign()
        told = deployment.run("custody", "verify")
        assert told.exit_code == 0, told.output
        assert "2 logs" in told.output

    def test_that_hides_what_it_lost_is_found(self, restored: Custody, settings: Settings, tmp_path: Path) -> None:
        """Somebody takes the folder away before the new log opens, and it comes back from where it was copied to."""
        shutil.move(settings.checkpoint_dir, tmp_path / "copied")
        restored.sign()
        assert not restored.faults()
        shutil.copytree(tmp_path / "copied", settings.checkpoint_dir, dirs_exist_ok=True)
        (says,) = restored.faults()
        assert "does not have the 16 events" in says

    def test_of_the_same_backup_twice_embeds_both_lost_ends(self, custody: Custody, deployment: Deployment) -> None:
        self.restore(custody, deployment)
        custody.happen(5)
        custody.sign()
        _, lost = custody.logs()
        with use(lambda: datetime.now(UTC) + timedelta(hours=1)):  # what is moved aside is named by the second
            done = deployment.restore(deployment.folder / "first")
        assert done.exit_code == 0, done.output
        custody.happen(1)
        custody.sign()
        former, present = custody.logs()
        assert present.origin != lost.origin
        embedded = {parse_note(note).statement.origin for note in opening(custody, present.id)["outside"]}
        assert embedded == {former.origin, lost.origin}
        assert not custody.faults()


def test_a_new_epoch_by_hand_begins_a_log(custody: Custody, deployment: Deployment) -> None:
    custody.happen(4)
    custody.sign()
    assert deployment.run("new-epoch", "--reason", "put back by other means").exit_code == 0
    custody.happen(1)
    custody.sign()
    former, present = custody.logs()
    assert (former.size, present.size) == (5, present.size)
    assert opening(custody, present.id)["former_size"] == 5
    assert opening(custody, present.id)["outside"] == []
    assert not custody.faults()


def test_a_chain_of_logs_that_was_cut_is_found(custody: Custody, deployment: Deployment) -> None:
    custody.happen(4)
    custody.sign()
    deployment.run("new-epoch", "--reason", "first")
    custody.sign()
    first, second = custody.logs()
    custody.tamper(update(CustodyLog).where(CustodyLog.id == first.id).values(size=3))
    assert f"It is not what {second.origin} says it was when it ended." in custody.faults()


def test_an_empty_database_beside_an_old_folder_says_what_is_missing(
    custody: Custody, settings: Settings, tmp_path: Path
) -> None:
    custody.happen(4)
    (note,) = [each.note for each in custody.sign()]
    elsewhere = note.replace(custody.logs()[0].origin, "xuncha/00000000000000aa")
    target = settings.checkpoint_dir / "xuncha" / "00000000000000aa" / "000000000005.note"
    target.parent.mkdir()
    target.write_text(elsewhere, encoding="utf-8")
    assert any("does not have the 5 events of xuncha/00000000000000aa" in says for says in custody.faults())
