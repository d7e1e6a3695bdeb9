"""Is this still the history that the handsets know? If not: a new epoch, and an alarm.

Two witnesses stand outside the database. SQLite: the neighbour file (generation.py), ahead of a file that was copied
back. PostgreSQL: the server's system identifier and time line, which a fail-over to a replica changes. Both miss a
whole machine set back to an earlier image, or a pg_restore by hand into the same server; the sums of
docs/protocol.md §5 find those handset by handset.
"""

import secrets
from typing import Any

from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session

from server.db import db, read, transact
from server.ledger.alarms import raise_alarm
from server.ledger.models import Deployment
from server.ledger.operations import ensure_epoch
from server.safekeeping.generation import Mark, locked, neighbour_of, read_mark

# The time line of the record that is being written, not of the last checkpoint: a fresh primary's may be minutes old.
IDENTITY = """
    SELECT s.system_identifier || ':' || CASE
        WHEN pg_is_in_recovery() THEN lpad(upper(to_hex(c.timeline_id)), 8, '0')
        ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END
    FROM pg_control_system() AS s, pg_control_checkpoint() AS c
"""


def identity_of(connection: Connection) -> str:
    """Return PostgreSQL's system identifier and time line, such as ``7412…:00000001``; empty on SQLite."""
    if connection.dialect.name != "postgresql":
        return ""
    found: str = connection.execute(text(IDENTITY)).scalar_one()
    return found


def settle_epoch() -> str:
    """Compare the database with its witnesses, make a new epoch where they disagree, and return the epoch.

    At every start, and every minute by the worker. On SQLite both sides then count up, so that every copy of the file
    is behind within a minute. The neighbour is written after the commit: a crash between them leaves the database
    ahead, which is no sign of anything.
    """
    neighbour = neighbour_of(db.engine)
    if neighbour is None:
        return transact(_settle, None, counting=False).epoch
    with locked(neighbour) as beside:
        mark = transact(_settle, beside.known, counting=True)
        beside.write(mark)
    return mark.epoch


def is_settled() -> bool:
    """Tell without writing whether the witnesses agree; also true before the first start of all."""
    neighbour = neighbour_of(db.engine)
    # The neighbour first: it is written last, so what is read now can only be behind the database.
    known = None if neighbour is None else read_mark(neighbour)
    return read(_is_settled, known, counting=neighbour is not None)


def renew_epoch(session: Session, reason: str, facts: dict[str, Any]) -> str:
    """Begin a new history: cursors of handsets are void, and they verify what they hold. Raises the alarm."""
    deployment = session.scalars(select(Deployment).with_for_update()).one()
    former = deployment.epoch
    deployment.epoch = secrets.token_hex(8)
    deployment.identity = identity_of(session.connection())
    session.flush()
    told = {"reason": reason, "former": former, "epoch": deployment.epoch, **facts}
    raise_alarm(session, "epoch_changed", "deployment", told)
    return deployment.epoch


def mark_neighbour() -> None:
    """Write the neighbour as the database says: after a restore has put another file in its place."""
    neighbour = neighbour_of(db.engine)
    if neighbour is not None:
        with locked(neighbour) as beside:
            beside.write(read(_mark))


def _settle(session: Session, known: Mark | None, *, counting: bool) -> Mark:
    ensure_epoch(session)
    deployment = session.scalars(select(Deployment).with_for_update()).one()
    identity = identity_of(session.connection())
    reason = _changed(deployment, known, identity, counting=counting)
    if reason is not None:
        facts = {
            "database": [deployment.generation, deployment.identity],
            "outside": [known.generation if known else None, identity],
        }
        renew_epoch(session, reason, facts)
    deployment.identity = identity
    if counting:
        deployment.generation = max(deployment.generation, known.generation if known else 0) + 1
    session.flush()
    return Mark(deployment.generation, deployment.epoch)


def _is_settled(session: Session, known: Mark | None, *, counting: bool) -> bool:
    deployment = session.scalars(select(Deployment)).one_or_none()
    if deployment is None:
        return True
    identity = identity_of(session.connection())
    return _changed(deployment, known, identity, counting=counting) is None


def _changed(deployment: Deployment, known: Mark | None, identity: str, *, counting: bool) -> str | None:
    """Return how the database contradicts its witnesses, or None."""
    if deployment.identity and deployment.identity != identity:
        return "another server or time line"
    if not counting or (known is None and deployment.generation == 0):
        return None
    if known is None:
        return "no neighbour file: the database was copied here"
    if known.epoch != deployment.epoch:
        return "the neighbour file knows another epoch"
    if known.generation > deployment.generation:
        return "the neighbour file is ahead: an older copy was put back"
    return None


def _mark(session: Session) -> Mark:
    return Mark(*session.execute(select(Deployment.generation, Deployment.epoch)).one())
