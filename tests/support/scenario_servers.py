"""The servers of the offline scenarios: one that those of a test process share, one of its own on PostgreSQL.

A plugin of the modules that ask for `town` or `town_on_both`; what a town is stands in scenarios.py.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shutil import copy

import httpx
import pytest
import world
from support.live import LiveServer, free_port
from support.scenarios import SCHEMES, Desk, Running, Town

from server import create_app
from server.config import Settings
from server.db import db, transact
from server.identity import operations
from server.standards.operations import load_scheme
from server.standards.published import publish_all
from server.standards.shipped import read_shipped


@contextmanager
def running(database: str, folder: Path) -> Iterator[Running]:
    """Run the product on a migrated database; its desks and handsets reach it over a loopback port."""
    settings = Settings(
        database_url=database,
        blob_dir=folder / "blobs",
        spool_dir=folder / "spool",
        custody_key_file=folder / "custody.key",
        checkpoint_dir=folder / "checkpoints",
        queue_file=folder / "queue.sqlite3",
        secret_key="only for tests, and the same in every process of one test",
        port=free_port(),
        web_processes=1,
        password_rounds=1,
        admin_totp=False,
        log_level="WARNING",
    )
    app, server = create_app(settings), LiveServer(settings, folder / "server.log")
    city = world.city(app)
    with app.app_context():
        for scheme in SCHEMES:
            transact(load_scheme, read_shipped(scheme))
        transact(publish_all)
    try:
        # What the worker would do within a minute the scenarios do at the moment they need it.
        server.start(worker=False)
        with httpx.Client(base_url=f"{server.url}/api/v1", trust_env=False, timeout=30) as line:
            yield Running(app, city, server, Desk(line))
    finally:
        server.kill()
        with app.app_context():
            db.engine.dispose()


@pytest.fixture(scope="session")
def running_on_sqlite(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Return the server that all scenarios of this test process share."""
    folder = tmp_path_factory.mktemp("scenarios")
    file = Path(copy(sqlite_template, folder / "xuncha.sqlite3"))
    # The neighbour belongs to the file: without it the copy would count as put back by hand, and get a new epoch.
    copy(f"{sqlite_template}.generation", f"{file}.generation")
    with running(f"sqlite:///{file}", folder) as started:
        yield started


@pytest.fixture
def running_on_postgresql(postgresql_database: str, tmp_path: Path) -> Iterator[Running]:
    """Return a server of the test's own on PostgreSQL."""
    with running(postgresql_database, tmp_path) as started:
        yield started


@contextmanager
def _scenario(on: Running, folder: Path) -> Iterator[Town]:
    number = next(on.scenarios)
    with on.app.app_context():
        squad_id = transact(operations.create_squad, on.city.street_id, f"中队 {number}")
    with ExitStack() as stack:
        yield Town(on, folder, number, squad_id, stack)


@pytest.fixture
def town(running_on_sqlite: Running, tmp_path: Path) -> Iterator[Town]:
    """Return the town for one scenario, on the shared server."""
    with _scenario(running_on_sqlite, tmp_path) as scenario:
        yield scenario


@pytest.fixture(params=["sqlite", "postgresql"])
def town_on_both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Town]:
    """Return the town on either database: for the scenario that stands for all on PostgreSQL."""
    with _scenario(request.getfixturevalue(f"running_on_{request.param}"), tmp_path) as scenario:
        yield scenario
