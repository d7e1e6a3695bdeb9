"""Lawful disposal: what an event told is gone, its hash stays, the check knows the difference from tampering."""

import json
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update
from support.custody_log import EVENTS, Custody

from server.base import uuid7
from server.db import transact
from server.ledger.custody.disposing import EventsUnnumbered, dispose_events
from server.ledger.models import CustodyNode
from server.ledger.operations import Doer

SUBJECT = ("photo", "d" * 64)


def dispose(app: Flask, officer: UUID | None = None) -> int:
    with app.app_context():
        return transact(dispose_events, SUBJECT, Doer(officer_id=officer), {"reason": "five years are over"})


def test_leaves_only_the_hash(custody: Custody, app: Flask) -> None:
    custody.happen(3, SUBJECT)
    custody.happen(2)
    custody.sign()
    officer = uuid7()
    assert dispose(app, officer) == 3
    custody.sign()
    rows = custody.read(lambda session: session.execute(select(EVENTS).order_by(EVENTS.c.position)).all())
    blank = [row for row in rows if row.disposed_at is not None]
    assert [(row.subject_id, row.facts, row.salt) for row in blank] == [(SUBJECT[1], "", b"")] * 3
    told = rows[-1]
    assert (told.kind, told.actor_id) == ("disposed", officer)
    assert json.loads(told.facts) == {
        "reason": "five years are over",
        "events": sorted(str(row.id) for row in blank),
    }
    audited = custody.audit()
    assert (audited.faults.named, audited.disposed) == ([], 3)


def test_of_what_is_not_in_the_log_yet_is_refused_and_changes_nothing(custody: Custody, app: Flask) -> None:
    custody.happen(3, SUBJECT)
    with pytest.raises(EventsUnnumbered):
        dispose(app)
    custody.sequence()
    assert dispose(app) == 3


def test_again_takes_only_what_came_since(custody: Custody, app: Flask) -> None:
    custody.happen(3, SUBJECT)
    custody.sequence()
    dispose(app)
    custody.happen(1, SUBJECT)
    custody.sequence()
    assert dispose(app) == 1
    custody.sequence()
    assert not custody.faults()


def test_hides_no_changed_hash(custody: Custody, app: Flask) -> None:
    """A disposed event cannot be hashed again, but the tree above its leaf still tells."""
    custody.happen(3, SUBJECT)
    custody.sign()
    dispose(app)
    custody.sign()
    custody.tamper(update(CustodyNode).where(CustodyNode.level == 0, CustodyNode.position == 2).values(hash=bytes(32)))
    assert any("level 1 at 1" in says for says in custody.faults())
