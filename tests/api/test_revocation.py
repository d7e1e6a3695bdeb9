"""A revoked handset: it is shown nothing more, delivers for the time of its grace, and then is refused everything."""

from datetime import UTC, datetime, timedelta

import pytest
import world
from console import console
from flask import Flask
from support.duty import CREDENTIAL, change_install, named, post, revoke
from support.field import PUSH, FieldHandset, photo, refused

from server.clock import now
from server.db import read, transact
from server.identity import operations
from server.identity.queries import installs
from server.problems import Problem
from server.web import handset, live_handset, on_duty

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def opened(app: Flask, held: FieldHandset) -> list[str]:
    """Return which of the three guards admit the handset, and else the problem."""
    found = []
    for guard in (handset, live_handset, on_duty):
        with app.test_request_context(headers=held.headers):
            try:
                guard()
                found.append("open")
            except Problem as problem:
                found.append(problem.slug)
    return found


def test_the_three_guards_admit_a_handset_on_duty(app: Flask, enforcer: FieldHandset) -> None:
    assert opened(app, enforcer) == ["open", "open", "open"]


def test_an_expired_session_closes_only_what_serves_data(app: Flask, enforcer: FieldHandset) -> None:
    change_install(enforcer, session_until=LONG_AGO)
    assert opened(app, enforcer) == ["open", "open", "session-expired"]


def test_a_revoked_handset_delivers_and_nothing_else(app: Flask, city: world.World, enforcer: FieldHandset) -> None:
    revoke(app, city, enforcer)
    assert opened(app, enforcer) == ["open", "handset-revoked", "handset-revoked"]
    assert enforcer.states(enforcer.item()) == ["quarantined"]
    assert enforcer.create(photo()).status_code == 201


def test_after_the_grace_nothing_is_taken_any_more(app: Flask, city: world.World, enforcer: FieldHandset) -> None:
    revoke(app, city, enforcer)
    change_install(enforcer, grace_until=now())
    assert opened(app, enforcer) == ["handset-revoked"] * 3
    response = enforcer.post(enforcer.envelope([enforcer.item()]))
    assert refused(response, 403, "handset-revoked")["wipe"] is True
    # Only with it may a handset believe the wipe.
    assert "Answer-MAC" in response.headers
    refused(enforcer.create(photo()), 403, "handset-revoked")


def test_the_grace_is_as_long_as_the_setting_says(app: Flask, city: world.World, enforcer: FieldHandset) -> None:
    desk = console(app, city.admin)
    assert desk.post(f"/handsets/{enforcer.enrolled.install_id}/revoke").status_code == 303
    with app.app_context():
        (row,) = read(installs, ("990101/",))
    assert row.revoked_at is not None
    assert row.grace_until == row.revoked_at + timedelta(days=30)
    assert "still delivers, into quarantine, until" in desk.text("/handsets")
    change_install(enforcer, grace_until=now())
    assert "delivers nothing any more since" in desk.text("/handsets")


def test_revoking_again_does_not_lengthen_the_grace(app: Flask, city: world.World, enforcer: FieldHandset) -> None:
    with app.app_context():
        transact(operations.revoke, world.acting(app, city.admin), enforcer.enrolled.install_id, timedelta(days=3))
        transact(operations.revoke, world.acting(app, city.admin), enforcer.enrolled.install_id, timedelta(days=9))
        (row,) = read(installs, ("990101/",))
    assert row.revoked_at is not None
    assert row.grace_until == row.revoked_at + timedelta(days=3)


def test_a_closed_account_stops_the_pull_for_as_long_as_it_is_closed(
    app: Flask, city: world.World, enforcer: FieldHandset
) -> None:
    admin = world.acting(app, city.admin)
    with app.app_context():
        transact(operations.deactivate, admin, city.enforcer.id)
    assert opened(app, enforcer) == ["open", "handset-revoked", "handset-revoked"]
    with app.app_context():
        transact(operations.reactivate, admin, city.enforcer.id)
    assert opened(app, enforcer) == ["open", "open", "open"]


@pytest.mark.parametrize("path", [PUSH, CREDENTIAL])
def test_a_refusal_to_a_revoked_handset_is_sealed(
    app: Flask, city: world.World, enforcer: FieldHandset, path: str
) -> None:
    revoke(app, city, enforcer)
    change_install(enforcer, grace_until=LONG_AGO)
    assert "Answer-MAC" in post(enforcer, path, named("x")).headers


def test_the_console_shows_a_session_that_is_over(app: Flask, city: world.World, enforcer: FieldHandset) -> None:
    change_install(enforcer, session_until=LONG_AGO)
    assert "Session over" in console(app, city.admin).text("/handsets")
