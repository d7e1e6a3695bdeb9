"""Where a row of the verification table runs: a migrated database and empty folders of its own.

A test takes the `settings` of the rig instead; this is for rows that run for hours without pytest.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from flask import Flask
from support.databases import migrate
from support.postgresql import running_postgresql

from server import create_app
from server.config import Settings
from server.db import db

SQLITE, POSTGRESQL = "sqlite", "postgresql"
DATABASES = (SQLITE, POSTGRESQL)


@contextmanager
def opened(database: str, kept: Path | None = None) -> Iterator[Settings]:
    """Give settings of a fresh place on one kind of database; removed at the end unless it is in a ``kept`` folder."""
    with tempfile.TemporaryDirectory(prefix="xuncha-verify-") if kept is None else nullcontext(str(kept)) as name:
        folder = Path(name)
        if database == POSTGRESQL:
            with running_postgresql() as url:
                yield _prepared(url, folder)
        else:
            yield _prepared(f"sqlite:///{folder / 'xuncha.sqlite3'}", folder)


@contextmanager
def application(settings: Settings) -> Iterator[Flask]:
    """Give the application of a place; at the end none of its connections stays open on the database."""
    app = create_app(settings)
    try:
        yield app
    finally:
        with app.app_context():
            db.engine.dispose()


def database_of(settings: Settings) -> str:
    """Return the kind of a place's database."""
    return settings.database_url.partition(":")[0].partition("+")[0]


def _prepared(url: str, folder: Path) -> Settings:
    migrate(url, folder / "migration")
    return Settings(
        database_url=url,
        blob_dir=folder / "blobs",
        spool_dir=folder / "spool",
        custody_key_file=folder / "custody.key",
        checkpoint_dir=folder / "checkpoints",
        queue_file=folder / "queue.sqlite3",
        secret_key="the same in every process of one run",
        web_processes=1,
        password_rounds=1,
        admin_totp=False,
        log_level="ERROR",
    )
