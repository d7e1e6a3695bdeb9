"""The doctor's lines about the custody log."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from support.custody_log import Custody

from server.clock import use
from server.config import Settings
from server.ledger.custody.log_key import make_key
from server.safekeeping.custody_checks import custody_log, log_key
from server.safekeeping.findings import Finding, Level

Look = Callable[[Callable[[Settings], Iterator[Finding]]], dict[str, Finding]]


@pytest.fixture
def look(app: Flask, settings: Settings) -> Look:
    """Return the doctor's look, by the names of its lines."""

    def look(check: Callable[[Settings], Iterator[Finding]]) -> dict[str, Finding]:
        with app.app_context():
            return {finding.name: finding for finding in check(settings)}

    return look


def test_a_key_that_was_never_made_is_yellow_and_a_made_one_green(look: Look, custody: Custody) -> None:
    assert look(log_key)["log key"].level is Level.YELLOW
    custody.sign()
    assert look(log_key)["log key"].level is Level.GREEN


def test_a_key_that_others_can_read_is_red(look: Look, custody: Custody, settings: Settings) -> None:
    custody.sign()
    settings.custody_key_file.chmod(0o644)
    assert "chmod 600" in look(log_key)["log key"].fix


def test_a_lost_unreadable_or_wrong_key_is_red_and_says_what_to_do(
    look: Look, custody: Custody, settings: Settings
) -> None:
    custody.sign()
    settings.custody_key_file.unlink()
    lost = look(log_key)["log key"]
    settings.custody_key_file.write_text("garbage")
    unreadable = look(log_key)["log key"]
    settings.custody_key_file.unlink()
    make_key(settings.custody_key_file)
    wrong = look(log_key)["log key"]
    for finding in (lost, unreadable, wrong):
        assert finding.level is Level.RED
        assert "put" in finding.fix


def test_a_log_that_nobody_opened_is_yellow(look: Look) -> None:
    assert look(custody_log)["custody log"].level is Level.YELLOW


def test_events_that_wait_are_red_after_three_minutes(look: Look, custody: Custody) -> None:
    custody.sign()
    custody.happen(1)
    assert look(custody_log)["custody events"].level is Level.GREEN
    with use(lambda: datetime.now(UTC) + timedelta(minutes=4)):
        assert look(custody_log)["custody events"].level is Level.RED


def test_a_log_that_grew_and_is_not_signed_is_red_after_a_quarter_of_an_hour(look: Look, custody: Custody) -> None:
    custody.sign()
    with use(lambda: datetime.now(UTC) + timedelta(hours=2)):
        assert look(custody_log)["custody log"].level is Level.GREEN
        custody.happen(1)
        custody.sequence()
        assert look(custody_log)["custody log"].level is Level.GREEN
    with use(lambda: datetime.now(UTC) + timedelta(hours=2, minutes=16)):
        assert look(custody_log)["custody log"].level is Level.RED
        custody.sign()
        assert look(custody_log)["custody log"].level is Level.GREEN


def test_a_checkpoint_without_its_time_is_yellow_after_a_day(custody: Custody, settings: Settings) -> None:
    custody.sign()
    chosen = replace(settings, time_authority_url="http://127.0.0.1:9/tsr")
    levels = []
    for hours in (1, 25):
        with custody.app.app_context(), use(lambda later=hours: datetime.now(UTC) + timedelta(hours=later)):
            found = {finding.name: finding for finding in custody_log(chosen)}
        levels.append(found["time token"].level)
    assert levels == [Level.GREEN, Level.YELLOW]
