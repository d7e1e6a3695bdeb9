"""Chooses the keeper for the kind of database that is there."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from server.safekeeping.errors import SafekeepingError
from server.safekeeping.keeper import DatabaseKeeper
from server.safekeeping.postgresql_keeper import PostgresqlKeeper
from server.safekeeping.sqlite_keeper import SqliteKeeper


def keeper_of(engine: Engine, moment: datetime) -> DatabaseKeeper:
    """Return the keeper of a database; ``moment`` names what it moves aside."""
    stamp = moment.strftime("%Y%m%d-%H%M%S")
    if engine.dialect.name == "postgresql":
        return PostgresqlKeeper(engine, stamp)
    place = engine.url.database
    if not place or place == ":memory:":
        raise SafekeepingError("A database in memory cannot be kept: choose a file by XUNCHA_DATABASE_URL.")
    return SqliteKeeper(Path(place), stamp)
