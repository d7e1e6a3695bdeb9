"""Looks, in a running process, whether the database behind it was exchanged.

At the first request, and after a new connection reached another PostgreSQL server or time line than those before.
Costs one statement for each new connection and one comparison of a flag for each request.
"""

from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from server.db import db
from server.safekeeping.epoch import IDENTITY, is_settled, settle_epoch


class Watch:
    """What one process has seen of its database; ``doubtful`` until the witnesses were compared."""

    def __init__(self) -> None:
        self.doubtful = True
        self._identity: str | None = None

    def look(self, connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        """Note whom a new connection reached. The request that opened it goes on; the next one compares."""
        cursor = connection.cursor()
        cursor.execute(IDENTITY)
        found = str(cursor.fetchall()[0][0])
        cursor.close()
        # The driver opened a transaction for the statement; the pool expects none.
        connection.rollback()
        if found != self._identity:
            self._identity = found
            self.doubtful = True

    def compare(self) -> None:
        """Settle the epoch if there is doubt; on an error the doubt stays for the next request."""
        if self.doubtful:
            if not is_settled():
                settle_epoch()
            self.doubtful = False


def init_watch(app: Flask) -> None:
    """Watch the application's database."""
    watch = Watch()
    with app.app_context():
        if db.engine.dialect.name == "postgresql":
            event.listen(db.engine, "connect", watch.look)
    app.before_request(watch.compare)
