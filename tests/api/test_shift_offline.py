"""A change of shift without signal: it counts from the moment of the takeover, not from when the server hears of it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import world
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from support.duty import SESSION, SHIFT, code_for, join, new_key, offered, post, proof
from support.field import FieldHandset, handset_of, refused, report
from support.inside import ADDRESS, Inside
from support.street_clock import StreetClock

from server.clock import use
from server.db import read, transact
from server.identity.models import InstallShift
from server.standards.published import publish_all
from sync.handset import Handset, LineBroken

PAYLOAD = {name: value for name, value in report().items() if name != "photos"}
HOUR = timedelta(hours=1)


@pytest.fixture
def clock(app: Flask) -> Iterator[StreetClock]:
    """Return the day's clock, which server and handset read."""
    clock = StreetClock()
    with use(lambda: clock.wall):
        yield clock


@pytest.fixture
def inside(app: Flask) -> Inside:
    with app.app_context():
        transact(publish_all)
    return Inside(app=app)


@pytest.fixture
def shared(app: Flask, clock: StreetClock, city: world.World, inside: Inside, tmp_path: Path) -> Iterator[Handset]:
    """Return a handset of enforcer and squad mate, who has it."""
    with Handset(tmp_path, ADDRESS, transport=inside, clock=clock) as handset:
        handset.enrol(code_for(app, city, city.enforcer))
        clock.pass_(hours=1)
        handset.enrol_officer(code_for(app, city, city.squad_mate))
        handset.sync()
        yield handset


@pytest.fixture
def pair(app: Flask, clock: StreetClock, city: world.World) -> FieldHandset:
    """Return the enforcer's handset, enrolled an hour ago."""
    handset = handset_of(app, city, city.enforcer)
    clock.pass_(hours=1)
    return handset


def shifts(app: Flask) -> list[tuple[object, datetime, datetime | None]]:
    """Return who had the handset from when to when."""

    def ask(session: Session) -> list[InstallShift]:
        return list(session.scalars(select(InstallShift).order_by(InstallShift.from_at, InstallShift.id)))

    with app.app_context():
        return [(shift.officer_id, shift.from_at, shift.to_at) for shift in read(ask)]


def test_records_on_both_sides_of_takeovers_without_signal_take_effect(
    city: world.World, shared: Handset, clock: StreetClock
) -> None:
    for person in (city.squad_mate, city.enforcer, city.squad_mate):
        shared.switch_officer(str(person.id))
        for _ in range(2):
            clock.pass_(hours=1)
            shared.record("report", PAYLOAD)
        clock.pass_(hours=1)
    assert shared.sync().answers == {"applied": 6}


def test_the_shift_before_ends_at_the_moment_of_the_takeover(
    app: Flask, city: world.World, shared: Handset, clock: StreetClock
) -> None:
    clock.pass_(hours=2)
    taken_over = clock.wall
    shared.switch_officer(str(city.enforcer.id))
    clock.pass_(hours=5)
    assert shared.sync().told == []
    before, last = shifts(app)[-2:]
    assert (before[0], before[2]) == (city.squad_mate.id, taken_over)
    assert last == (city.enforcer.id, taken_over, None)


def test_while_the_answer_to_a_joining_is_lost_the_officer_before_goes_on_and_loses_nothing(
    app: Flask, city: world.World, shared: Handset, clock: StreetClock, inside: Inside
) -> None:
    inside.lost = "/api/v1/sync/shift"
    code = code_for(app, city, city.collector)
    with pytest.raises(LineBroken):
        shared.enrol_officer(code)
    for _ in range(3):
        clock.pass_(hours=1)
        shared.record("report", PAYLOAD)
    clock.pass_(hours=1)
    tally = shared.sync()
    assert (tally.answers, tally.told) == ({"applied": 3}, [])
    assert shared.officer["id"] == str(city.squad_mate.id)
    clock.pass_(hours=1)
    shared.switch_officer(str(city.collector.id))
    clock.pass_(hours=1)
    shared.record("report", PAYLOAD)
    assert shared.sync().answers == {"applied": 1}


def test_a_code_whose_answer_was_lost_for_good_is_replaced_by_another_one(
    app: Flask, city: world.World, shared: Handset, clock: StreetClock, inside: Inside
) -> None:
    inside.lost = "/api/v1/sync/shift"
    with pytest.raises(LineBroken):
        shared.enrol_officer(code_for(app, city, city.collector))
    clock.pass_(hours=25)
    (told,) = shared.sync().told
    assert "could not join" in told
    shared.enrol_officer(code_for(app, city, city.collector))
    assert shared.officer["id"] == str(city.collector.id)
    shared.record("report", PAYLOAD)
    assert shared.sync().answers == {"applied": 1}


def test_a_signed_takeover_counts_from_its_moment(
    app: Flask, city: world.World, pair: FieldHandset, clock: StreetClock
) -> None:
    key = new_key()
    assert join(pair, code_for(app, city, city.squad_mate), key).status_code == 200
    joined = clock.wall
    clock.pass_(hours=5)
    at = clock.wall - 2 * HOUR
    assert post(pair, SESSION, proof(pair, city.enforcer, pair.enrolled.key, at=at)).status_code == 200
    enrolled = joined - HOUR
    assert shifts(app) == [
        (city.enforcer.id, enrolled, joined),
        (city.squad_mate.id, joined, at),
        (city.enforcer.id, at, None),
    ]


def test_no_takeover_comes_before_the_shift_that_it_ends(
    app: Flask, city: world.World, pair: FieldHandset, clock: StreetClock
) -> None:
    assert join(pair, code_for(app, city, city.squad_mate), new_key()).status_code == 200
    joined = clock.wall
    clock.pass_(hours=1)
    early = proof(pair, city.enforcer, pair.enrolled.key, at=clock.wall - 20 * HOUR)
    assert post(pair, SESSION, early).status_code == 200
    assert shifts(app)[1:] == [(city.squad_mate.id, joined, joined), (city.enforcer.id, joined, None)]


def test_a_takeover_in_the_future_counts_from_now(
    app: Flask, city: world.World, pair: FieldHandset, clock: StreetClock
) -> None:
    assert join(pair, code_for(app, city, city.squad_mate), new_key()).status_code == 200
    clock.pass_(hours=1)
    late = proof(pair, city.enforcer, pair.enrolled.key, at=clock.wall + 20 * HOUR)
    assert post(pair, SESSION, late).status_code == 200
    assert shifts(app)[-1] == (city.enforcer.id, clock.wall, None)


def test_nobody_took_a_handset_over_before_having_a_key_on_it(
    app: Flask, city: world.World, pair: FieldHandset, clock: StreetClock
) -> None:
    key = new_key()
    assert join(pair, code_for(app, city, city.squad_mate), key).status_code == 200
    joined = clock.wall
    # The enforcer says to have come back before the mate came; so the mate has, by a proof of an hour ago, not left.
    clock.pass_(minutes=10)
    assert post(pair, SESSION, proof(pair, city.enforcer, pair.enrolled.key, at=joined - HOUR)).status_code == 200
    assert post(pair, SESSION, proof(pair, city.squad_mate, key, at=joined - HOUR)).status_code == 200
    assert shifts(app)[-1] == (city.squad_mate.id, joined, None)


def test_the_moment_of_a_joining_is_told_too_but_never_before_the_code_was_issued(
    app: Flask, city: world.World, pair: FieldHandset, clock: StreetClock
) -> None:
    first, issued = code_for(app, city, city.squad_mate), clock.wall
    clock.pass_(hours=3)
    second = code_for(app, city, city.collector)
    sent = {"public_key": offered(new_key()), "code": first, "at": (issued - HOUR).isoformat()}
    assert post(pair, SHIFT, sent).status_code == 200
    assert shifts(app)[-1] == (city.squad_mate.id, issued, None)
    clock.pass_(hours=1)
    at = clock.wall - timedelta(minutes=20)
    sent = {"public_key": offered(new_key()), "code": second, "at": at.isoformat()}
    assert post(pair, SHIFT, sent).status_code == 200
    assert shifts(app)[-1] == (city.collector.id, at, None)
    refused(post(pair, SHIFT, sent | {"at": "yesterday"}), 422, "validation")
