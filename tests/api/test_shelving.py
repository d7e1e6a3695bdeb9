"""Shelving: what ended 30 days ago leaves its reporter's handset, in chunks, and its photographs with it."""

from datetime import timedelta

import pytest
import world
from flask import Flask
from sqlalchemy import update
from support.field import FieldHandset, handset_of, photo, report
from support.mirrored import MirroredHandset

from server.casework.jobs import SHOWN_FOR, shelve
from server.casework.models import Case
from server.casework.operations.shelving import shelve_cases
from server.clock import now
from server.db import transact


@pytest.fixture
def mirrored(collector: FieldHandset) -> MirroredHandset:
    """Return the handset of a reporter with three cases."""
    collector.push(*(collector.item(payload=report(photo(1))) for _ in range(3)))
    collector.upload(photo(1))
    made = MirroredHandset(collector)
    made.pull()
    return made


def handled(app: Flask, ago: timedelta) -> None:
    """Let all cases have ended on the spot, so long ago."""
    ended = update(Case).values(state="self_handled", closed_at=now() - ago)
    with app.app_context():
        transact(lambda session: session.execute(ended.execution_options(unmarked="set up")) and None)


def test_what_ended_30_days_ago_is_dropped_as_closed(app: Flask, mirrored: MirroredHandset) -> None:
    handled(app, SHOWN_FOR + timedelta(minutes=1))
    with app.app_context():
        shelve.run()
    drops = mirrored.pull()
    assert [(drop["op"], drop["type"], drop["reason"]) for drop in drops] == [("drop", "case", "closed")] * 3
    assert mirrored.mirror.held == {}
    assert mirrored.reconcile() == []
    with app.app_context():
        shelve.run()
    assert mirrored.pull() == []


def test_what_ended_a_moment_ago_stays(app: Flask, mirrored: MirroredHandset) -> None:
    handled(app, SHOWN_FOR - timedelta(minutes=1))
    with app.app_context():
        shelve.run()
    assert mirrored.pull() == []
    assert len(mirrored.mirror.held) == 3


def test_a_photograph_that_comes_after_the_shelving_does_not_hide_why_the_case_left(
    app: Flask, city: world.World, mirrored: MirroredHandset
) -> None:
    collector = mirrored.handset
    collector.push(collector.item(payload=report(photo(2))))
    mirrored.pull()
    handled(app, SHOWN_FOR * 2)
    with app.app_context():
        shelve.run()
    collector.upload(photo(2))
    drops = mirrored.pull()
    assert [(drop["op"], drop["reason"]) for drop in drops] == [("drop", "closed")] * 4


def test_a_case_under_way_is_never_shelved(app: Flask, mirrored: MirroredHandset) -> None:
    with app.app_context():
        assert transact(shelve_cases, now() + timedelta(days=999)) == 0


def test_a_photograph_of_a_shelved_case_is_not_shown_any_more(
    app: Flask, city: world.World, mirrored: MirroredHandset
) -> None:
    # Whoever sent the bytes may always see them: the reporter asks with another handset.
    other = handset_of(app, city, city.collector)

    def shown() -> int:
        with other.client.get(f"/api/v1/photos/{photo(1).sha256}", headers=other.headers) as answer:
            return answer.status_code

    assert shown() == 200
    handled(app, SHOWN_FOR * 2)
    with app.app_context():
        shelve.run()
    assert shown() == 404
