"""The doctor: one line for each check, with what to do; red ends with status 1."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import text
from support.keeping import QUIET_PORT, Deployment
from support.live import LiveServer

from server.config import Settings
from server.db import db
from server.safekeeping import database_checks, door_checks, folder_checks
from server.safekeeping.findings import Finding, Level
from server.safekeeping.jobs import beat
from server.safekeeping.signs import backup_sign_of, heartbeat_of


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, port=QUIET_PORT)


def by_name(findings: Iterator[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def test_every_line_that_is_not_green_says_what_to_do(deployment: Deployment) -> None:
    lines = deployment.run("doctor").output.splitlines()
    assert len(lines) > 8
    for line in lines:
        assert line.split()[0] in {"green", "yellow", "red"}, line
        assert line.startswith("green") or "→" in line


def test_our_connections_keep_what_they_commit(app: Flask, database: str) -> None:
    with app.app_context():
        found = by_name(database_checks.database())
    if database.startswith("sqlite"):
        assert {finding.level for finding in found.values()} == {Level.GREEN}
        assert set(found) == {"database", "journal_mode", "synchronous", "foreign_keys"}
    else:
        # The tests' own server runs without durability, which is exactly what must be red.
        assert found["database"].level is Level.GREEN
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            assert found[name].level is Level.RED
            assert "ALTER SYSTEM" in found[name].fix


def test_a_missing_migration_is_red(app: Flask) -> None:
    with app.app_context():
        assert by_name(database_checks.migrations())["migrations"].level is Level.GREEN
        with db.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
        found = by_name(database_checks.migrations())["migrations"]
        newest = found.says.rpartition(" ")[2]
        with db.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :newest"), {"newest": newest})
    assert found.level is Level.RED
    assert "flask prepare" in found.fix


def test_a_photo_store_that_is_not_mounted_is_red(app: Flask, settings: Settings) -> None:
    store = app.extensions["xuncha_blobs"]
    assert by_name(folder_checks.photo_store(store))["photo store"].level is Level.GREEN
    (settings.blob_dir / ".tmp").rmdir()
    assert by_name(folder_checks.photo_store(store))["photo store"].level is Level.RED


def test_a_worker_is_alive_once_it_has_beaten(app: Flask, settings: Settings) -> None:
    heartbeat = heartbeat_of(settings)
    heartbeat.unlink(missing_ok=True)
    assert by_name(folder_checks.worker(settings))["worker"].level is Level.YELLOW
    with app.app_context():
        beat.run()
    assert by_name(folder_checks.worker(settings))["worker"].level is Level.GREEN
    heartbeat.write_text("2026-01-01T00:00:00Z")
    assert by_name(folder_checks.worker(settings))["worker"].level is Level.RED


def test_no_backup_is_red_in_production_and_yellow_elsewhere(deployment: Deployment, settings: Settings) -> None:
    sign = backup_sign_of(settings)
    sign.unlink(missing_ok=True)
    production = replace(settings, production=True, public_url="https://xuncha.invalid")
    assert by_name(folder_checks.backup_age(settings))["backup"].level is Level.YELLOW
    assert by_name(folder_checks.backup_age(production))["backup"].level is Level.RED
    deployment.backup()
    assert by_name(folder_checks.backup_age(production))["backup"].level is Level.GREEN
    sign.write_text("2026-01-01T00:00:00Z")
    assert by_name(folder_checks.backup_age(settings))["backup"].level is Level.YELLOW
    assert by_name(folder_checks.backup_age(production))["backup"].level is Level.RED


def test_a_foreign_program_on_our_port_is_red(deployment: Deployment, settings: Settings) -> None:
    assert by_name(door_checks.listener(settings, "e"))["web server"].level is Level.YELLOW
    with door(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi") as port:
        taken = replace(settings, port=port)
        assert by_name(door_checks.listener(taken, "e"))["web server"].level is Level.RED


def test_the_real_server_answers_a_stalled_upload_before_it_ends(
    deployment: Deployment, live_server: LiveServer
) -> None:
    assert by_name(door_checks.stalled_upload(live_server.url))["front door"].level is Level.GREEN
    assert by_name(door_checks.listener(live_server.settings, deployment.epoch))["web server"].level is Level.GREEN


def test_a_door_that_collects_the_whole_upload_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_checks, "_PATIENCE_SECONDS", 0.3)
    with door(None) as port:
        found = by_name(door_checks.stalled_upload(f"http://127.0.0.1:{port}"))["front door"]
    assert found.level is Level.RED
    assert "proxy_request_buffering" in found.fix


@contextmanager
def door(answer: bytes | None) -> Iterator[int]:
    """Listen as a proxy that gives one answer at once, or none at all, as one does that waits for the last byte."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = threading.Event()

        def serve() -> None:
            line, _ = listener.accept()
            with line:
                line.recv(4096)
                if answer is not None:
                    line.sendall(answer)
                done.wait(10)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            done.set()
            thread.join()
