"""What tests of safekeeping do to a deployment: back up, restore, look into copies, let go of PostgreSQL."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from support.live import free_port

from server.db import db, read
from server.identity.models import Install
from server.ledger.alarms import count_open
from server.ledger.queries import epoch

# A restore refuses while somebody answers on the product's port; on 8000 that may be a developer's own server.
QUIET_PORT = free_port()


@dataclass
class Deployment:
    """The commands of safekeeping on a test's application."""

    app: Flask
    folder: Path
    request: pytest.FixtureRequest

    def run(self, *arguments: str, typed: str | None = None) -> Result:
        """Run a command in a process of its own, as far as the database sees."""
        with self.app.app_context():
            return self.app.test_cli_runner().invoke(args=list(arguments), input=typed)

    def backup(self, name: str = "first", *options: str) -> Path:
        """Make a backup that must succeed."""
        target = self.folder / name
        done = self.run("backup", "--to", str(target), *options)
        assert done.exit_code == 0, done.output
        return target

    def restore(self, backup: Path) -> Result:
        """Restore with everybody else gone."""
        self.let_go()
        return self.run("restore", str(backup), "--yes")

    def let_go(self) -> None:
        """Close all connections of this test process."""
        with self.app.app_context():
            db.engine.dispose()
            if db.engine.dialect.name == "postgresql":
                self.request.getfixturevalue("postgresql_engine").dispose()

    @property
    def epoch(self) -> str:
        with self.app.app_context():
            return read(epoch)

    def backed_up_through(self, install_id: UUID) -> int:
        """Return what handsets are told."""
        with self.app.app_context():
            return read(_backed_up_through, install_id)

    def alarms(self) -> set[str]:
        """Return the names of open alarms."""
        with self.app.app_context():
            return set(read(count_open))


def _backed_up_through(session: Session, install_id: UUID) -> int:
    return session.execute(select(Install.backed_up_through).where(Install.id == install_id)).scalar_one()


@pytest.fixture
def deployment(app: Flask, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Deployment]:
    """Return the test's deployment; what a restore moved aside is removed at the end."""
    made = Deployment(app, tmp_path / "backups", request)
    with app.app_context():
        url = db.engine.url
    yield made
    made.let_go()
    if url.get_backend_name() == "postgresql":
        with psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False)) as connection:
            rows = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ '^(before_restore|xuncha_)'")
            for (name,) in rows.fetchall():
                connection.execute(f"DROP SCHEMA {name} CASCADE")
    else:
        for left in Path(str(url.database)).parent.glob("*.before-restore-*"):
            left.unlink()
