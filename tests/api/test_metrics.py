"""/metrics: figures of the database itself, shown to this machine and to the holder of the token, to nobody else."""

from datetime import timedelta

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update
from support.field import FieldHandset
from werkzeug.test import TestResponse

from server.clock import now
from server.config import Settings
from server.db import transact
from server.gateway.models import InboxItem
from server.ledger.alarms import raise_alarm

TOKEN = "a long random token of the scraper"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return Settings(**{**vars(settings), "metrics_token": TOKEN})


def refused(answer: TestResponse) -> None:
    assert answer.status_code == 401
    assert "xuncha_" not in answer.text


def figures(app: Flask) -> dict[tuple[str, str], float]:
    """Return every sample by name and label value, read as Prometheus reads it."""
    answer = app.test_client().get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    return {
        (sample.name, "".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_the_figures_are_those_of_the_database(app: Flask, collector: FieldHandset) -> None:
    first, second = collector.item(), collector.item()
    collector.push(first, second, collector.text_item("{"))
    with app.app_context():
        for _ in range(2):
            transact(raise_alarm, "item_gap", "install:1", {})
        hour_ago = update(InboxItem).where(InboxItem.fingerprint == second["h"])
        waits = hour_ago.values(state="waiting", received_at=now() - timedelta(hours=1))
        transact(lambda session: session.execute(waits).close())
    shown = figures(app)
    assert shown["xuncha_items", "settled"] == 1
    assert shown["xuncha_items", "waiting"] == 1
    assert shown["xuncha_items", "quarantined"] == 1
    assert shown["xuncha_items", "interpreting"] == 0
    assert 3600 <= shown["xuncha_waiting_oldest_seconds", ""] < 3660
    assert shown["xuncha_alarms_open", "item_gap"] == 1
    assert shown["xuncha_alarms_raised", "item_gap"] == 2
    assert shown["xuncha_alarms_open", "photo_lost"] == 0
    assert shown["xuncha_installs", "live"] == 1
    assert shown["xuncha_feed_head_max", ""] >= 1
    assert shown["xuncha_backup_age_seconds", ""] > 0


def test_the_token_opens_from_anywhere_and_no_other_does(app: Flask) -> None:
    far = {"REMOTE_ADDR": "203.0.113.7"}
    client = app.test_client()
    right = {"Authorization": f"Bearer {TOKEN}"}
    assert client.get("/metrics", headers=right, environ_base=far).status_code == 200
    for wrong in ("x", TOKEN + "x", "\xe9"):
        for peer in (far, {"REMOTE_ADDR": "127.0.0.1"}):
            answer = client.get("/metrics", headers={"Authorization": f"Bearer {wrong}"}, environ_base=peer)
            refused(answer)


@pytest.mark.parametrize("address", ["203.0.113.7", "10.0.0.1", "::ffff:203.0.113.7", "", "nonsense"])
def test_a_stranger_is_refused(app: Flask, address: str) -> None:
    answer = app.test_client().get("/metrics", environ_base={"REMOTE_ADDR": address})
    refused(answer)


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"])
def test_a_stranger_behind_a_proxy_on_this_machine_is_refused(app: Flask, header: str) -> None:
    answer = app.test_client().get("/metrics", headers={header: "127.0.0.1"})
    refused(answer)


class TestBehindATrustedProxy:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return Settings(**{**vars(settings), "trusted_proxies": 1})

    def test_only_this_machine_itself_is_admitted(self, app: Flask) -> None:
        client = app.test_client()
        stranger = {"X-Forwarded-For": "203.0.113.7"}
        refused(client.get("/metrics", headers=stranger))
        pretending = client.get(
            "/metrics", headers={"X-Forwarded-For": "127.0.0.1"}, environ_base={"REMOTE_ADDR": "203.0.113.7"}
        )
        refused(pretending)
        assert client.get("/metrics").status_code == 200


class TestInProductionWithoutATrustedProxy:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return Settings(**{**vars(settings), "production": True, "public_url": "https://example.org"})

    def test_looking_local_is_not_enough(self, app: Flask) -> None:
        client = app.test_client()
        refused(client.get("/metrics"))
        assert client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
