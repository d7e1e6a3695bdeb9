"""The application of a test and a client that talks to it.

No application context is held around the client: a forgotten commit would pass unnoticed. A test that looks into
the database itself opens a context for that moment: `with app.app_context(): ...`.

Building an application costs more than most tests, so tests with equal settings share one; its database and folders
are fresh every time. Its connections to PostgreSQL stay open for its next test: a new one costs the server as much as
a short test, and knows none of the statements.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import QueuePool, make_url

from photo_store.disk import DiskBlobs
from server import create_app
from server.config import Settings
from server.db import db

_BUILT: dict[Settings, Flask] = {}
# The one application whose connections stayed open after its last test; one, because a server takes a hundred.
_CONNECTED: list[Flask] = []


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of this test process's applications."""
    return tmp_path_factory.mktemp("workshop")


@pytest.fixture
def home(workshop: Path, database: str) -> Path:
    """Return the application's folder, emptied; the same path for all tests on one kind of database."""
    folder = workshop / kind_of(database)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


@pytest.fixture
def settings(database: str, home: Path, workshop: Path) -> Settings:
    """Return settings under the test's own folder; override this fixture in a module to change one."""
    return Settings(
        database_url=database,
        blob_dir=home / "blobs",
        spool_dir=home / "spool",
        custody_key_file=home / "custody.key",
        checkpoint_dir=home / "checkpoints",
        # Outside what is emptied: the application holds it open. Nobody runs these jobs but a live server's worker.
        queue_file=workshop / "queue.sqlite3",
        secret_key="only for tests, and the same in every process of one test",
        # For `live_server`: every process costs a second to start. A test about several processes asks for them.
        web_processes=1,
        password_rounds=1,
        # The administrators of tests have no telephone; tests about the second factor ask for it.
        admin_totp=False,
        log_level="WARNING",
    )


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """Return the application on this test's database."""
    made = _BUILT.get(settings)
    if made is None:
        made = _BUILT[settings] = create_app(settings)
    if kind_of(settings.database_url) == "postgresql" and [made] != _CONNECTED:
        while _CONNECTED:
            _disconnect(_CONNECTED.pop())
    DiskBlobs(settings.blob_dir)  # lays out the emptied folder anew, as create_app does
    yield made
    if _may_stay_connected(made):
        _CONNECTED[:] = [made]
    else:
        _disconnect(made)


def kind_of(url: str) -> str:
    """Return `sqlite` or `postgresql`."""
    return make_url(url).get_backend_name()


def _may_stay_connected(app: Flask) -> bool:
    with app.app_context():
        # A SQLite file is another one in the next test. What is still in use somebody forgot to close.
        return db.engine.dialect.name == "postgresql" and not cast("QueuePool", db.engine.pool).checkedout()


def _disconnect(app: Flask) -> None:
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a client without cookies or credentials."""
    return app.test_client()
