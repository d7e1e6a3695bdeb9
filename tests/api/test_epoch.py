"""The epoch: a database that was put back, copied, or taken over by a replica gets a new one; a restart does not."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session
from support.field import FieldHandset, refused
from support.keeping import Deployment

from server import create_app
from server.config import Settings
from server.db import db, transact
from server.ledger.models import Deployment as DeploymentRow
from server.safekeeping.epoch import identity_of
from server.safekeeping.jobs import witness


@pytest.fixture
def only_sqlite(settings: Settings) -> Path:
    """Return the database file."""
    return Path(settings.database_url.removeprefix("sqlite:///"))


def put_back(copy: Path, deployment: Deployment, place: Path) -> None:
    deployment.let_go()
    for ending in ("-wal", "-shm"):
        place.with_name(place.name + ending).unlink(missing_ok=True)
    shutil.copyfile(copy, place)


def copied(app: Flask, deployment: Deployment, place: Path, target: Path) -> Path:
    """Copy the file as an operator would who stopped the server."""
    with app.app_context():
        db.session.connection().exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.session.remove()
    deployment.let_go()
    shutil.copyfile(place, target)
    return target


def test_a_restart_keeps_the_epoch(deployment: Deployment) -> None:
    before = deployment.epoch
    for _ in range(3):
        assert deployment.run("prepare").exit_code == 0
    assert deployment.epoch == before
    assert deployment.alarms() == set()


class TestAFileCopiedBackByHand:
    """SQLite only: on PostgreSQL there is no file to copy."""

    @pytest.fixture
    def database(self, sqlite_database: str) -> str:
        return sqlite_database

    def test_gets_a_new_epoch_at_the_next_start(
        self, app: Flask, deployment: Deployment, collector: FieldHandset, only_sqlite: Path, tmp_path: Path
    ) -> None:
        collector.push(collector.item())
        collector.pull()
        before = deployment.epoch
        copy = copied(app, deployment, only_sqlite, tmp_path / "copy")
        late = collector.item()
        collector.push(late)
        with app.app_context():
            witness.run()  # what the worker does every minute
        put_back(copy, deployment, only_sqlite)
        assert deployment.run("prepare").exit_code == 0
        assert deployment.epoch != before
        assert "epoch_changed" in deployment.alarms()
        assert refused(collector.ask_page(collector.cursor), 410, "reconcile-required")["reason"] == "epoch"
        assert collector.states(late) == ["applied"]

    def test_is_noticed_by_a_web_process_at_its_first_request(
        self, app: Flask, deployment: Deployment, settings: Settings, only_sqlite: Path, tmp_path: Path
    ) -> None:
        copy = copied(app, deployment, only_sqlite, tmp_path / "copy")
        before = deployment.epoch
        deployment.run("prepare")
        put_back(copy, deployment, only_sqlite)
        fresh = create_app(settings)
        assert fresh.test_client().get("/health").get_json()["epoch"] != before
        with fresh.app_context():
            db.engine.dispose()

    def test_that_lost_its_neighbour_gets_a_new_epoch(self, deployment: Deployment, only_sqlite: Path) -> None:
        before = deployment.epoch
        only_sqlite.with_name(f"{only_sqlite.name}.generation").unlink()
        deployment.run("prepare")
        assert deployment.epoch != before

    def test_that_meets_another_databases_neighbour_gets_a_new_epoch(
        self, deployment: Deployment, only_sqlite: Path
    ) -> None:
        before = deployment.epoch
        only_sqlite.with_name(f"{only_sqlite.name}.generation").write_text("1 0123456789abcdef\n")
        deployment.run("prepare")
        assert deployment.epoch != before

    def test_that_is_one_step_ahead_after_a_crash_keeps_its_epoch(
        self, deployment: Deployment, only_sqlite: Path
    ) -> None:
        neighbour = only_sqlite.with_name(f"{only_sqlite.name}.generation")
        before, kept = deployment.epoch, neighbour.read_bytes()
        deployment.run("prepare")
        neighbour.write_bytes(kept)  # as if the crash had come before the neighbour was written
        deployment.run("prepare")
        assert deployment.epoch == before


class TestAnotherServer:
    """PostgreSQL only: a replica that was promoted has another time line."""

    @pytest.fixture
    def database(self, postgresql_database: str) -> str:
        return postgresql_database

    @pytest.fixture
    def failed_over(self, app: Flask) -> Callable[[], None]:
        """Let the database remember another time line than the server's, as a replica's copy does."""

        def fail_over() -> None:
            with app.app_context():
                transact(_remember, "7412000000000000000:00000001")

        return fail_over

    def test_gets_a_new_epoch_at_the_next_start(self, deployment: Deployment, failed_over: Callable[[], None]) -> None:
        before = deployment.epoch
        failed_over()
        deployment.run("prepare")
        assert deployment.epoch != before
        assert "epoch_changed" in deployment.alarms()

    def test_is_noticed_by_running_processes_within_a_minute(
        self, app: Flask, deployment: Deployment, failed_over: Callable[[], None]
    ) -> None:
        before = deployment.epoch
        failed_over()
        with app.app_context():
            witness.run()
        assert deployment.epoch != before

    def test_is_identified_by_system_and_time_line(self, app: Flask) -> None:
        with app.app_context(), db.engine.connect() as connection:
            system, line = identity_of(connection).split(":")
        assert int(system) > 0
        assert line == "00000001"


def _remember(session: Session, identity: str) -> None:
    session.execute(update(DeploymentRow).values(identity=identity))
