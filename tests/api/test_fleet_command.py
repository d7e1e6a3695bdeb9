"""The fleet's command line: it refuses a day whose audit would read other books than the server writes."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from werkzeug.serving import make_server

from server import create_app
from server.db import db, transact
from server.ledger.operations import ensure_epoch


@pytest.fixture
def foreign_server(app: Flask, tmp_path: Path) -> Iterator[str]:
    """Serve an application on another database."""
    chosen = app.extensions["xuncha_settings"]
    other = create_app(replace(chosen, database_url=f"sqlite:///{tmp_path}/other.sqlite3"))
    with other.app_context():
        upgrade()
        transact(ensure_epoch)
    server = make_server("127.0.0.1", 0, other, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    with other.app_context():
        db.engine.dispose()


def test_a_fleet_is_not_sent_to_a_server_with_other_books(app: Flask, foreign_server: str, tmp_path: Path) -> None:
    arguments = ["fleet", "run", "--url", foreign_server, "--folder", str(tmp_path / "run")]
    refused = app.test_cli_runner().invoke(args=arguments)
    assert refused.exit_code == 1
    assert "another database" in refused.output
    assert not (tmp_path / "run").exists()


def test_a_fleet_without_a_server_says_what_to_start(app: Flask, tmp_path: Path) -> None:
    arguments = ["fleet", "run", "--url", "http://127.0.0.1:1", "--folder", str(tmp_path / "run")]
    refused = app.test_cli_runner().invoke(args=arguments)
    assert refused.exit_code == 1
    assert "make run" in refused.output
