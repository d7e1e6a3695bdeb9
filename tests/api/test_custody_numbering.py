"""The sequencer: every committed event gets one number, whoever numbers, and its leaf is the hash of its record."""

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from support.custody_log import EVENTS, Custody, record_events
from support.keeping import Deployment

from server import create_app
from server.base import uuid7
from server.config import Settings
from server.db import db, transact
from server.ledger.custody.jobs import keep_log
from server.ledger.custody.merkle import includes, leaf_hash
from server.ledger.custody.proofs import consistency, inclusion, inclusions, root_of
from server.ledger.custody.record import record_bytes
from server.ledger.custody.sequencer import sequence
from server.ledger.custody.tree import NodeMissing
from server.ledger.models import CustodyEvent, CustodyNode
from server.ledger.operations import Doer, record


def test_events_are_numbered_in_the_order_of_their_ids(custody: Custody) -> None:
    custody.happen(3)
    custody.happen(2)
    assert custody.sequence() == 5
    assert custody.waiting() == 0
    (log,) = custody.logs()
    assert log.size == 6
    assert custody.positions() == [(log.id, position) for position in range(6)]
    kinds_and_ids = custody.read(
        lambda session: session.execute(select(EVENTS.c.kind, EVENTS.c.id).order_by(EVENTS.c.position)).all()
    )
    assert kinds_and_ids[0].kind == "log_opened"
    ids = [row.id for row in kinds_and_ids[1:]]
    assert ids == sorted(ids)


def test_numbering_again_changes_nothing(custody: Custody) -> None:
    custody.happen(3)
    custody.sequence()
    before = custody.positions()
    assert custody.sequence() == 0
    assert custody.positions() == before


def test_a_limit_leaves_the_rest_for_the_next_run(custody: Custody) -> None:
    custody.happen(10)
    assert custody.sequence(4) == 4
    assert custody.waiting() == 6
    assert custody.sequence() == 6


def test_more_events_than_one_batch_are_all_numbered(custody: Custody) -> None:
    custody.happen(2300)
    assert custody.sequence() == 2300
    assert not custody.faults()


def test_an_event_that_commits_late_gets_a_later_number(custody: Custody, app: Flask) -> None:
    early = uuid7()
    custody.happen(3)
    custody.sequence()
    with app.app_context():
        transact(_insert_with_id, early)
    assert custody.sequence() == 1
    place = custody.read(
        lambda session: session.execute(select(EVENTS.c.position).where(EVENTS.c.id == early)).scalar_one()
    )
    assert place == 4
    assert not custody.faults()


def test_workers_that_number_at_once_give_every_event_one_number(custody: Custody, settings: Settings) -> None:
    """Two applications with their own connections, two threads each, while events keep coming."""
    other = create_app(settings)
    failures: list[Exception] = []

    def work(app: Flask) -> None:
        try:
            for _ in range(6):
                with app.app_context():
                    transact(record_events, 15, ("photo", "b" * 64), "viewed")
                    sequence(40)
        except Exception as error:  # noqa: BLE001 (told by the assertion below)
            failures.append(error)

    threads = [threading.Thread(target=work, args=(app,)) for app in (custody.app, other) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    custody.sequence()
    with other.app_context():
        db.engine.dispose()
    assert failures == []
    (log,) = custody.logs()
    assert custody.positions() == [(log.id, position) for position in range(4 * 6 * 15 + 1)]
    assert not custody.faults()


def test_a_record_is_exactly_what_the_bundle_promises(custody: Custody, app: Flask) -> None:
    install, officer, agency = uuid7(), uuid7(), uuid7()
    with app.app_context():
        transact(record, "received", ("photo", "c" * 64), Doer(agency, officer, install), {"b": "街道", "a": 1})
    event = custody.read(lambda session: session.execute(select(EVENTS)).one())
    told = json.loads(record_bytes(event))
    assert told == {
        "v": 1,
        "id": str(event.id),
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "kind": "received",
        "subject": ["photo", "c" * 64],
        "agency": str(agency),
        "actor": str(officer),
        "install": str(install),
        "facts": '{"a": 1, "b": "街道"}',
        "salt": event.salt.hex(),
    }
    assert record_bytes(event) == json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    assert "街道".encode() in record_bytes(event)


def test_an_instant_is_written_in_utc_with_six_digits() -> None:
    event = CustodyEvent(
        id=uuid7(),
        at=datetime(2026, 1, 2, 3, 4, 5, 6000, tzinfo=UTC),
        kind="k",
        subject_kind="s",
        subject_id="i",
        agency_id=None,
        actor_id=None,
        install_id=None,
        facts="{}",
        salt=b"\x00\xff",
    )
    told = json.loads(record_bytes(event))
    assert told["at"] == "2026-01-02T03:04:05.006000Z"
    assert told["agency"] is None
    assert told["salt"] == "00ff"


def test_every_event_has_a_proof(custody: Custody) -> None:
    custody.happen(70)
    custody.sequence()
    (log,) = custody.logs()
    events = custody.read(lambda session: session.execute(select(EVENTS).order_by(EVENTS.c.position)).all())
    root = custody.read(root_of, log.id, log.size)
    proofs = custody.read(inclusions, log.id, range(log.size), log.size)
    for event in events:
        leaf = leaf_hash(record_bytes(event))
        assert includes(leaf, event.position, log.size, proofs[event.position], root)
    assert custody.read(inclusion, log.id, 7, log.size) == proofs[7]


def test_a_proof_from_a_damaged_tree_is_refused(custody: Custody) -> None:
    custody.happen(10)
    custody.sequence()
    (log,) = custody.logs()
    custody.tamper(CustodyNode.__table__.delete().where(CustodyNode.level > 0))
    with pytest.raises(NodeMissing):
        custody.read(inclusion, log.id, 5, log.size)
    with pytest.raises(NodeMissing):
        custody.read(consistency, log.id, 3, log.size)


def test_the_tree_takes_two_rows_for_each_event(custody: Custody) -> None:
    custody.happen(511)
    custody.sequence()
    rows = custody.read(lambda session: len(session.execute(select(CustodyNode.position)).all()))
    assert rows == 2 * 512 - 1


class TestTheWorker:
    def test_numbers_and_signs_every_minute(self, custody: Custody, app: Flask) -> None:
        custody.happen(2)
        with app.app_context():
            keep_log.run()
        (log,) = custody.logs()
        signed = custody.latest(log.id)
        assert signed is not None
        assert signed.size == log.size == 3

    def test_does_not_sign_again_within_five_minutes(self, custody: Custody, app: Flask) -> None:
        custody.sign()
        custody.happen(2)
        with app.app_context():
            keep_log.run()
        (log,) = custody.logs()
        signed = custody.latest(log.id)
        assert signed is not None
        assert (signed.size, log.size) == (1, 3)

    def test_signs_at_once_after_a_thousand_events(self, custody: Custody, app: Flask) -> None:
        custody.sign()
        custody.happen(1000)
        with app.app_context():
            keep_log.run()
        (log,) = custody.logs()
        signed = custody.latest(log.id)
        assert signed is not None
        assert signed.size == log.size

    def test_alarms_when_events_wait_although_it_numbers(
        self, custody: Custody, app: Flask, deployment: Deployment
    ) -> None:
        custody.happen(3)
        custody.sequence()
        custody.happen(1)
        long_ago = datetime.now(UTC) - timedelta(minutes=3)
        custody.tamper(
            update(EVENTS).where(EVENTS.c.position.is_(None)).values(at=long_ago),
            CustodyNode.__table__.delete(),  # nothing can be appended to a tree without its edge
        )
        with app.app_context(), pytest.raises(NodeMissing):
            keep_log.run()
        assert "custody_behind" in deployment.alarms()

    def test_does_not_alarm_about_what_it_has_just_numbered(
        self, custody: Custody, app: Flask, deployment: Deployment
    ) -> None:
        custody.happen(3)
        custody.tamper(update(EVENTS).values(at=datetime.now(UTC) - timedelta(days=1)))
        with app.app_context():
            keep_log.run()
        assert "custody_behind" not in deployment.alarms()


def _insert_with_id(session: Session, event_id: object) -> None:
    record_events(session, 1, ("photo", "d" * 64), "viewed")
    session.execute(update(EVENTS).where(EVENTS.c.position.is_(None)).values(id=event_id))
