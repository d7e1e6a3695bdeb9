"""What tests do to a custody log: record events, number, sign, check, and tamper as who has the database could."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.base import table_of
from server.db import db, read, transact
from server.ledger.custody.audit.run import Audited, audit
from server.ledger.custody.checkpoints import sign_checkpoint
from server.ledger.custody.proofs import Checkpoint, Log, latest_checkpoint, logs
from server.ledger.custody.sequencer import sequence
from server.ledger.models import CustodyEvent
from server.ledger.operations import Doer, record_many
from server.progress import silent

EVENTS = table_of(CustodyEvent)


@dataclass(frozen=True)
class Custody:
    """The custody log of a test's application."""

    app: Flask

    def happen(self, count: int, subject: tuple[str, str] = ("photo", "a" * 64), kind: str = "viewed") -> None:
        """Let events happen, in one transaction."""
        with self.app.app_context():
            transact(record_events, count, subject, kind)

    def sequence(self, limit: int | None = None) -> int:
        with self.app.app_context():
            return sequence(limit)

    def sign(self) -> list[Checkpoint]:
        """Sign with everything that waits."""
        with self.app.app_context():
            sequence()
            return sign_checkpoint()

    def logs(self) -> list[Log]:
        with self.app.app_context():
            return read(logs)

    def latest(self, log_id: int) -> Checkpoint | None:
        with self.app.app_context():
            return read(latest_checkpoint, log_id)

    def read(self, query: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401 (whatever the query returns)
        with self.app.app_context():
            return read(query, *arguments)

    def positions(self) -> list[tuple[int, int]]:
        """Return log and position of every event, in order; those without are left out."""
        with self.app.app_context():
            return read(_positions)

    def waiting(self) -> int:
        """Return how many events have no number."""
        with self.app.app_context():
            return read(_waiting)

    def tamper(self, *statements: Any) -> None:  # noqa: ANN401 (any statement)
        """Run statements as somebody who has the database could."""
        with self.app.app_context(), db.engine.begin() as connection:
            for statement in statements:
                connection.execute(statement)

    def audit(self) -> Audited:
        with self.app.app_context():
            return audit(silent)

    def faults(self) -> list[str]:
        """Return what a check says."""
        return [fault.says for fault in self.audit().faults.named]


@pytest.fixture
def custody(app: Flask) -> Custody:
    """Return the custody log of the test's application."""
    return Custody(app)


def record_events(session: Session, count: int, subject: tuple[str, str], kind: str) -> None:
    facts: list[Mapping[str, Any]] = [{"number": number, "words": "谁看了这张照片"} for number in range(count)]
    record_many(session, kind, [(subject, Doer(), each) for each in facts])


def _positions(session: Session) -> list[tuple[int, int]]:
    rows = session.execute(
        select(EVENTS.c.log_id, EVENTS.c.position)
        .where(EVENTS.c.position.is_not(None))
        .order_by(EVENTS.c.log_id, EVENTS.c.position)
    )
    return [(log_id, position) for log_id, position in rows]


def _waiting(session: Session) -> int:
    return session.execute(select(func.count()).select_from(EVENTS).where(EVENTS.c.position.is_(None))).scalar_one()
