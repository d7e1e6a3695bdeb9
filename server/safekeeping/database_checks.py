"""The doctor's look at the database: that it keeps what it commits, and that it has this release's form."""

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from server.clock import now
from server.db import db, read
from server.gateway.models import InboxItem
from server.ledger.alarms import open_alarms
from server.safekeeping.findings import Finding, green, red, yellow
from server.safekeeping.migrating import newest_revision, revision_of

# RETURNING came with 3.35; the upserts of the ledger need it.
_OLDEST_SQLITE = (3, 35)
_OLDEST_POSTGRESQL = 140000
_PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
_MOST_SKEW = timedelta(seconds=2)
_LEFT_FOR = timedelta(minutes=5)


def database() -> Iterator[Finding]:
    """Version and durability, as our own connections have them."""
    if db.engine.dialect.name == "postgresql":
        yield from read(_postgresql)
    else:
        yield from _sqlite(db.engine)


def migrations() -> Iterator[Finding]:
    """Whether the database has this release's form."""
    there, wanted = revision_of(db.engine), newest_revision()
    if there == wanted:
        yield green("migrations", f"at {wanted}")
    else:
        yield red("migrations", f"at {there}, this release needs {wanted}", "Run `flask prepare`.")


def clock() -> Iterator[Finding]:
    """Whether this machine and the database's agree on the time."""
    if db.engine.dialect.name == "postgresql":
        skew = abs(read(_database_time) - now())
        if skew > _MOST_SKEW:
            yield yellow(
                "clock", f"the database's clock is {skew.total_seconds():.1f} s off", "Run NTP on both machines."
            )
        else:
            yield green("clock", "agrees with the database's")


def interpretation() -> Iterator[Finding]:
    """Whether items were left between storing and effect."""
    left = read(_left_since, now() - _LEFT_FOR)
    if left:
        yield yellow("items", f"{left} stored items are not applied for over 5 minutes", "Is the worker running?")
    else:
        yield green("items", "none is left half-way")


def alarms() -> Iterator[Finding]:
    """Alarms that nobody cleared."""
    found = read(open_alarms)
    if not found:
        yield green("alarms", "none open")
    for alarm in found:
        yield yellow("alarm", f"{alarm.name} of {alarm.subject}, {alarm.count} times", alarm.meaning)


def _sqlite(engine: Engine) -> Iterator[Finding]:
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        yield red("database", f"SQLite {sqlite3.sqlite_version} is too old", "Run Python with SQLite 3.35 or newer.")
    else:
        yield green("database", f"SQLite {sqlite3.sqlite_version}")
    with engine.connect() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in _PRAGMAS}
    for name, wanted in _PRAGMAS.items():
        if found[name] == wanted:
            yield green(name, str(found[name]))
        else:
            fix = "Put the database on a local disk: network folders cannot do it."
            yield red(name, f"{found[name]} instead of {wanted}: a power cut may take acknowledged items", fix)


def _postgresql(session: Session) -> list[Finding]:
    def shown(name: str) -> str:
        value: str = session.execute(text(f"SHOW {name}")).scalar_one()
        return value

    found = []
    if int(shown("server_version_num")) < _OLDEST_POSTGRESQL:
        found.append(red("database", f"PostgreSQL {shown('server_version')} is too old", "Upgrade to 14 or newer."))
    else:
        found.append(green("database", f"PostgreSQL {shown('server_version')}"))
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        if shown(name) == "off":
            says = "off: a power cut takes items that handsets were told are stored"
            found.append(red(name, says, f"ALTER SYSTEM SET {name} = on; then SELECT pg_reload_conf();"))
        else:
            found.append(green(name, shown(name)))
    return found


def _database_time(session: Session) -> datetime:
    moment: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
    return moment


def _left_since(session: Session, before: datetime) -> int:
    stale = select(func.count()).where(InboxItem.state == "interpreting", InboxItem.attempted_at < before)
    return session.execute(stale).scalar_one()
