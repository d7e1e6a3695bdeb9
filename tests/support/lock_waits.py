"""Lets a thread run as far as it gets: to its end, or to a lock that another transaction holds.

PostgreSQL tells who waits, so a slow machine changes nothing. SQLite cannot tell: there it is given a moment.
"""

import threading
import time

from sqlalchemy import Engine, NullPool, create_engine, text

_WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
_MOST_SECONDS = 15.0


def ran_as_far_as_it_gets(engine: Engine, thread: threading.Thread, moment: float = 0.15) -> bool:
    """Return True when ``thread`` has ended, False when it waits for a lock; ``moment`` is SQLite's, in seconds."""
    if engine.dialect.name != "postgresql":
        thread.join(moment)
        return not thread.is_alive()
    # An engine of its own: the tests' events must not hear these statements.
    outside = create_engine(engine.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    until = time.monotonic() + _MOST_SECONDS
    with outside.connect() as connection:
        while thread.is_alive() and time.monotonic() < until:
            if connection.execute(_WAITING).scalar_one():
                return False
            thread.join(0.02)
    return not thread.is_alive()
