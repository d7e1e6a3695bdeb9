"""The application of a test and a client that talks to it.

No application context is held around the client: a forgotten commit would pass unnoticed. A test that looks into
the database itself opens a context for that moment: `with app.app_context(): ...`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from server import create_app
from server.config import Settings
from server.db import db


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Settings:
    """Return settings under the test's own folder; override this fixture in a module to change one."""
    return Settings(
        database_url=database,
        blob_dir=tmp_path / "blobs",
        spool_dir=tmp_path / "spool",
        queue_file=tmp_path / "queue.sqlite3",
        secret_key="only for tests, and the same in every process of one test",
        # For `live_server`: every process costs a second to start. A test about several processes asks for them.
        web_processes=1,
        password_rounds=1,
        log_level="WARNING",
    )


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """Return the application on this test's database."""
    made = create_app(settings)
    yield made
    with made.app_context():
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a client without cookies or credentials."""
    return app.test_client()
