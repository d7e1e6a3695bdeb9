"""The database: engine settings for both dialects, and the only doors to it.

They are ``read`` and ``transact``, and a light form of each: ``glance`` reads columns only, ``jot`` does not wait for
the disk. These two of them alone commit. Operations get an open session first, flush, never commit, and do
not see Flask, the blob store or the network. Side effects follow from the operation's result, after commit.
"""

import random
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from flask import current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from server import dialects
from server.base import Base
from server.ledger.guard import demand_marks
from server.ledger.marks import write_marks
from server.ledger.operations import WOKEN
from server.problems import Problem
from server.write_queue import WriteQueue

P = ParamSpec("P")
R = TypeVar("R")

ATTEMPTS = 4
# PostgreSQL: serialisation failure, deadlock, lock not available. All mean: nothing happened, try again.
TRANSIENT_STATES = {"40001", "40P01", "55P03"}

WRITER = {dialects.WRITE: True}
HASTY = {**WRITER, dialects.HASTY: True}
SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

db = SQLAlchemy(metadata=Base.metadata, session_options={"autoflush": False})


def transact(operation: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run ``operation`` in one transaction, write its feed marks last, commit, and return its result.

    A lost race (unique key, stale version, serialisation failure, busy SQLite) rolls back and runs the whole
    operation again, up to three times with jitter; then IntegrityError is raised as it is (it is then no race
    but a broken rule) and everything else becomes the problem ``busy``.
    """
    return _transacted(lambda session: operation(session, *args, **kwargs), WRITER)


def jot(operation: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Do as :func:`transact`, but do not wait for the disk: after a crash it may not have happened.

    For what promises nothing to anybody before a later `transact` has returned: that one takes it to the disk as well,
    because both databases write their log in order. Everybody sees it at once, as anything that is committed. On SQLite
    only a power cut takes it back, on PostgreSQL the end of its server too.
    """
    return _transacted(lambda session: operation(session, *args, **kwargs), HASTY)


def _transacted(operation: Callable[[Session], R], options: Mapping[str, Any]) -> R:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            result, woken = _attempt(operation, options)
        except (DBAPIError, StaleDataError) as error:
            if not lost_race(error):
                raise
            if attempt == ATTEMPTS:
                if isinstance(error, IntegrityError):
                    raise
                raise Problem("busy", retry_after=2) from error
        else:
            if woken:
                current_app.extensions["xuncha_woken"]()
            return result
        time.sleep(random.uniform(0.005, 0.05) * attempt)  # noqa: S311 (jitter, not a secret)
    raise AssertionError  # the loop either returns or raises


def _attempt(operation: Callable[[Session], R], options: Mapping[str, Any]) -> tuple[R, bool]:
    """Run and commit one attempt; return its result and whether waiting items became ready by it."""
    queue: WriteQueue | None = current_app.extensions["xuncha_write_queue"]
    with (
        queue.turn() if queue else nullcontext(),
        Session(db.engine, autoflush=False, expire_on_commit=False) as session,
    ):
        session.connection(execution_options=dict(options))
        result = operation(session)
        session.flush()
        demand_marks(session)
        write_marks(session)
        session.commit()
        return result, bool(session.info.get(WOKEN))


def read(query: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run ``query`` in one read-only snapshot and return its result, which must not be bound to the session."""
    with Session(db.engine, autoflush=False) as session:
        if db.engine.dialect.name == "postgresql":
            session.connection(execution_options=SNAPSHOT)
        return query(session, *args, **kwargs)


def glance(query: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a query that reads columns only (never an entity) in one read-only snapshot: `read` at half its cost.

    A bare connection answers ``execute``, ``scalar`` and ``scalars`` as a session does; who authenticates every
    request and answers every pull needs nothing else of it.
    """
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(**SNAPSHOT)
        return query(cast("Session", connection), *args, **kwargs)


def lost_race(error: Exception) -> bool:
    """Tell whether ``error`` only means that another transaction was faster or holds a lock."""
    if isinstance(error, IntegrityError | StaleDataError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    busy = isinstance(error.orig, sqlite3.OperationalError) and "locked" in str(error.orig)
    return state in TRANSIENT_STATES or busy


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 (any driver's connection)
    if not isinstance(connection, sqlite3.Connection):
        return
    # The driver must not open transactions by itself: with its default, releasing a savepoint commits.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=15000"):
        connection.execute(f"PRAGMA {pragma}")
