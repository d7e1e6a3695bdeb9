"""A page answers what is granted in its own snapshot, whatever the handset was when it authenticated."""

from dataclasses import replace

import pytest
import world
from flask import Flask
from sqlalchemy import update
from support.duty import revoke
from support.field import FieldHandset

from server.db import read, transact
from server.gateway.feed import pull_page
from server.identity.models import Officer
from server.identity.queries import handset_by_credential
from server.identity.rules import Handset
from server.problems import Problem


@pytest.fixture
def asking(app: Flask, enforcer: FieldHandset) -> Handset:
    """Return the enforcer's handset as it authenticated a moment ago."""
    with app.app_context():
        found = read(handset_by_credential, enforcer.enrolled.credential)
    assert found is not None
    return found


def refusal(app: Flask, asking: Handset) -> Problem:
    with app.app_context(), pytest.raises(Problem) as caught:
        read(pull_page, asking, None, limit=200)
    return caught.value


def test_a_revocation_after_the_authentication_counts(
    app: Flask, city: world.World, enforcer: FieldHandset, asking: Handset
) -> None:
    revoke(app, city, enforcer)
    told = refusal(app, asking)
    assert (told.slug, told.members) == ("handset-revoked", {"wipe": True})


def test_a_closed_account_counts_at_once(app: Flask, city: world.World, asking: Handset) -> None:
    closed = update(Officer).where(Officer.id == city.enforcer.id).values(active=False)
    with app.app_context():
        transact(lambda session: session.execute(closed) and None)
    assert refusal(app, asking).slug == "handset-revoked"


def test_another_squad_than_at_the_authentication_asks_to_come_again(
    app: Flask, city: world.World, asking: Handset
) -> None:
    moved = update(Officer).where(Officer.id == city.enforcer.id).values(squad_id=city.town_squad_id)
    with app.app_context():
        transact(lambda session: session.execute(moved) and None)
    told = refusal(app, asking)
    assert (told.slug, told.retry_after) == ("busy", 1)


def test_another_officer_on_shift_asks_to_come_again(app: Flask, city: world.World, asking: Handset) -> None:
    assert refusal(app, replace(asking, officer_id=city.squad_mate.id)).slug == "busy"


def test_a_squad_that_ended_takes_its_scope_with_it(app: Flask, asking: Handset) -> None:
    assert refusal(app, replace(asking, squad_id=None)).slug == "busy"
