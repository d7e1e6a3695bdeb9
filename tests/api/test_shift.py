"""Shared handsets: officers join with a code and a key, come back with a signature, and their shifts are kept."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import world
from console import console
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from support.duty import SESSION, SHIFT, borne_by, code_for, join, new_key, offered, post, proof, revoke
from support.field import CLOCK, FieldHandset, refused

from server.clock import now
from server.db import read, transact
from server.identity import operations
from server.identity.field import EVER, FieldOfficerOnInstall, field_officers
from server.identity.models import EnrolmentCode, InstallKey, InstallShift
from server.identity.queries import handset_by_credential
from server.identity.rules import MOST_FAILURES, was_on_shift
from server.ledger.models import CustodyEvent


@pytest.fixture
def code(app: Flask, city: world.World) -> str:
    """Return a code for the enforcement officer's squad mate."""
    return code_for(app, city, city.squad_mate)


def shifts(session: Session, handset: FieldHandset) -> list[InstallShift]:
    wanted = select(InstallShift).where(InstallShift.install_id == handset.enrolled.install_id)
    return list(session.scalars(wanted.order_by(InstallShift.from_at, InstallShift.id)))


def custody(session: Session, handset: FieldHandset) -> list[CustodyEvent]:
    about = CustodyEvent.subject_id == str(handset.enrolled.install_id)
    return list(session.scalars(select(CustodyEvent).where(about).order_by(CustodyEvent.id)))


def on_shift(handset: FieldHandset) -> object:
    with handset.app.app_context():
        found = read(handset_by_credential, handset.enrolled.credential)
    assert found is not None
    return found.officer_id


def age_codes(session: Session) -> None:
    session.execute(update(EnrolmentCode).values(expires_at=now(), used_at=EnrolmentCode.used_at))
    used = update(EnrolmentCode).where(EnrolmentCode.used_at.is_not(None))
    session.execute(used.values(used_at=now() - timedelta(hours=24)))


def test_enrolment_begins_the_first_shift(app: Flask, city: world.World, enforcer: FieldHandset) -> None:
    with app.app_context():
        (only,) = read(shifts, enforcer)
    assert (only.officer_id, only.to_at) == (city.enforcer.id, None)


def test_another_officer_takes_the_shift_with_a_code(
    app: Flask, city: world.World, enforcer: FieldHandset, code: str
) -> None:
    key = new_key()
    answer = enforcer.trusted(join(enforcer, code, key))
    assert answer["officer"]["id"] == str(city.squad_mate.id)
    assert answer["session_until"].endswith("Z")
    assert on_shift(enforcer) == city.squad_mate.id
    with app.app_context():
        first, second = read(shifts, enforcer)
        events = read(custody, enforcer)
    assert (first.officer_id, first.to_at) == (city.enforcer.id, second.from_at)
    assert (second.officer_id, second.to_at) == (city.squad_mate.id, None)
    assert [event.kind for event in events] == ["enrolled", "officer_joined", "shift_changed"]
    assert json.loads(events[2].facts) == {"officer_id": str(city.squad_mate.id), "before": str(city.enforcer.id)}
    assert (events[2].actor_id, events[2].install_id) == (city.squad_mate.id, enforcer.enrolled.install_id)


def test_a_lost_answer_to_a_shift_is_given_again(app: Flask, enforcer: FieldHandset, code: str) -> None:
    key = new_key()
    first, second = join(enforcer, code, key), join(enforcer, code.replace("-", "").lower(), key)
    assert {**enforcer.trusted(first), "server_time": ""} == {**enforcer.trusted(second), "server_time": ""}
    with app.app_context():
        assert len(read(shifts, enforcer)) == 2


def test_eight_copies_of_one_shift_are_one_shift(app: Flask, enforcer: FieldHandset, code: str) -> None:
    key = new_key()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: join(enforcer, code, key), range(8)))
    assert {answer.status_code for answer in answers} == {200}
    with app.app_context():
        assert len(read(shifts, enforcer)) == 2


def test_another_key_cannot_use_the_code_again(enforcer: FieldHandset, code: str) -> None:
    assert join(enforcer, code, new_key()).status_code == 200
    refused(join(enforcer, code, new_key()), 409, "code-used")


def test_a_late_copy_does_not_push_out_who_came_on_shift_since(
    city: world.World, enforcer: FieldHandset, code: str
) -> None:
    key = new_key()
    assert join(enforcer, code, key).status_code == 200
    back = post(enforcer, SESSION, proof(enforcer, city.enforcer, enforcer.enrolled.key))
    assert enforcer.trusted(back)["officer"]["id"] == str(city.enforcer.id)
    refused(join(enforcer, code, key), 409, "code-used")
    assert on_shift(enforcer) == city.enforcer.id


def test_after_a_day_the_shift_is_not_repeated(app: Flask, enforcer: FieldHandset, code: str) -> None:
    key = new_key()
    assert join(enforcer, code, key).status_code == 200
    with app.app_context():
        transact(age_codes)
    refused(join(enforcer, code, key), 409, "code-used")


def test_a_code_of_one_handset_is_void_on_another(
    app: Flask, enforcer: FieldHandset, collector: FieldHandset, code: str
) -> None:
    key = new_key()
    assert join(enforcer, code, key).status_code == 200
    refused(join(collector, code, key), 409, "code-used")
    enrolment = {"code": code, "public_key": offered(key), "label": "x", "app": "1"}
    refused(app.test_client().post("/api/v1/enrol", json=enrolment), 409, "code-used")


def test_unknown_and_expired_codes_and_closed_accounts_are_refused_alike(
    app: Flask, city: world.World, enforcer: FieldHandset, code: str
) -> None:
    refused(join(enforcer, "0000-0000-0000", new_key()), 404, "unknown-code")
    refused(join(enforcer, "?", new_key()), 404, "unknown-code")
    with app.app_context():
        transact(operations.deactivate, world.acting(app, city.admin), city.squad_mate.id)
    refused(join(enforcer, code, new_key()), 404, "unknown-code")
    with app.app_context():
        transact(operations.reactivate, world.acting(app, city.admin), city.squad_mate.id)
        transact(age_codes)
    refused(join(enforcer, code, new_key()), 404, "unknown-code")
    assert on_shift(enforcer) == city.enforcer.id


def test_ten_wrong_codes_lock_the_address_for_shifts_too(enforcer: FieldHandset, code: str) -> None:
    for _ in range(MOST_FAILURES):
        refused(join(enforcer, "0000-0000-0000", new_key()), 404, "unknown-code")
    locked = join(enforcer, code, new_key())
    refused(locked, 429, "too-many-attempts")
    assert int(locked.headers["Retry-After"]) > 0


def test_a_second_key_of_an_officer_is_refused_and_the_code_stays_good(
    app: Flask, city: world.World, enforcer: FieldHandset
) -> None:
    code = code_for(app, city, city.enforcer)
    refused(join(enforcer, code, new_key()), 409, "officer-has-key")
    fresh = {"code": code, "public_key": offered(new_key()), "label": "x", "app": "1"}
    assert app.test_client().post("/api/v1/enrol", json=fresh).status_code == 201


def test_an_officer_whose_first_answer_got_lost_joins_with_a_fresh_code_and_the_same_key(
    app: Flask, city: world.World, enforcer: FieldHandset, code: str
) -> None:
    key = new_key()
    first = enforcer.trusted(join(enforcer, code, key))
    fresh = code_for(app, city, city.squad_mate)
    refused(join(enforcer, fresh, new_key()), 409, "officer-has-key")
    second = enforcer.trusted(join(enforcer, fresh, key))
    assert {name: second[name] for name in ("officer", "epoch")} == {name: first[name] for name in ("officer", "epoch")}
    with app.app_context():
        assert len(read(shifts, enforcer)) == len(read(keys_of)) == 2
    back = post(enforcer, SESSION, proof(enforcer, city.squad_mate, key))
    assert back.status_code == 200


def test_a_code_gives_nobody_elses_key_an_officer(
    app: Flask, city: world.World, enforcer: FieldHandset, code: str
) -> None:
    key = new_key()
    sent = {"code": code, "public_key": offered(key), "officer_id": str(city.collector.id)}
    refused(post(enforcer, SHIFT, sent), 409, "other-officer")
    assert post(enforcer, SHIFT, sent | {"officer_id": str(city.squad_mate.id)}).status_code == 200


def test_two_officers_do_not_share_a_key(enforcer: FieldHandset, code: str) -> None:
    refused(join(enforcer, code, enforcer.enrolled.key), 422, "bad-key")
    assert join(enforcer, code, new_key()).status_code == 200


def test_a_bad_key_does_not_use_the_code_up(enforcer: FieldHandset, code: str) -> None:
    sent = {"code": code, "public_key": {"alg": "ES256", "key": "AAAA"}}
    refused(post(enforcer, SHIFT, sent), 422, "bad-key")
    refused(post(enforcer, SHIFT, {"code": code}), 422, "validation")
    assert join(enforcer, code, new_key()).status_code == 200


def test_a_revoked_handset_takes_no_shift(app: Flask, city: world.World, enforcer: FieldHandset, code: str) -> None:
    revoke(app, city, enforcer)
    response = join(enforcer, code, new_key())
    assert refused(response, 403, "handset-revoked")["wipe"] is True


def test_a_handset_whose_officer_lost_the_account_can_be_given_to_another(
    app: Flask, city: world.World, enforcer: FieldHandset, code: str
) -> None:
    with app.app_context():
        transact(operations.deactivate, world.acting(app, city.admin), city.enforcer.id)
    assert enforcer.trusted(join(enforcer, code, new_key()))["officer"]["id"] == str(city.squad_mate.id)
    with app.app_context():
        found = read(handset_by_credential, enforcer.enrolled.credential)
    assert found is not None
    assert not found.revoked


def test_officers_take_turns_by_signature(app: Flask, city: world.World, enforcer: FieldHandset, code: str) -> None:
    key = new_key()
    assert join(enforcer, code, key).status_code == 200
    for person, own in ((city.enforcer, enforcer.enrolled.key), (city.squad_mate, key), (city.squad_mate, key)):
        assert post(enforcer, SESSION, proof(enforcer, person, own)).status_code == 200
        assert on_shift(enforcer) == person.id
    with app.app_context():
        found = read(shifts, enforcer)
    assert [shift.officer_id for shift in found] == [
        city.enforcer.id,
        city.squad_mate.id,
        city.enforcer.id,
        city.squad_mate.id,
    ]
    assert [shift.to_at for shift in found[:-1]] == [shift.from_at for shift in found[1:]]
    assert found[-1].to_at is None


def test_nobody_takes_the_shift_with_a_mates_key(city: world.World, enforcer: FieldHandset, code: str) -> None:
    key = new_key()
    assert join(enforcer, code, key).status_code == 200
    refused(post(enforcer, SESSION, proof(enforcer, city.enforcer, key)), 403, "bad-session-proof")
    refused(post(enforcer, SESSION, proof(enforcer, city.collector, key)), 403, "bad-session-proof")
    assert on_shift(enforcer) == city.squad_mate.id


def test_the_scopes_are_those_of_the_officer_on_shift(app: Flask, city: world.World, enforcer: FieldHandset) -> None:
    assert join(enforcer, code_for(app, city, city.collector), new_key()).status_code == 200
    with app.app_context():
        found = read(handset_by_credential, enforcer.enrolled.credential)
    assert found is not None
    assert found.scopes == (f"officer:{city.collector.id}", f"install:{enforcer.enrolled.install_id}")
    assert (found.squad_id, found.agency_id) == (None, city.street_id)


def test_both_officers_of_a_handset_record_under_their_own_names(
    city: world.World, enforcer: FieldHandset, code: str
) -> None:
    key = new_key()
    before = enforcer.item()
    assert join(enforcer, code, key).status_code == 200
    mate = borne_by(enforcer, city.squad_mate, key)
    assert enforcer.states(before, mate.item()) == ["applied", "applied"]


def test_what_the_gateway_asks_about_officers_comes_in_one_piece(
    app: Flask, city: world.World, enforcer: FieldHandset, code: str
) -> None:
    assert join(enforcer, code, new_key()).status_code == 200
    assert post(enforcer, SESSION, proof(enforcer, city.enforcer, enforcer.enrolled.key)).status_code == 200
    install_id = enforcer.enrolled.install_id
    with app.app_context():
        found = read(field_officers, install_id, [city.enforcer.id, city.squad_mate.id, city.collector.id])
        keys = dict(read(keys_of))
        noted = read(shifts, enforcer)
        assert city.collector.id not in found
        assert read(field_officers, install_id, []) == {}
    first, second, third = ((shift.from_at, shift.to_at) for shift in noted)
    before = (EVER, first[0])
    place = (city.street_id, city.street_squad_id, "enforcement_officer")
    assert found == {
        city.enforcer.id: FieldOfficerOnInstall(keys[city.enforcer.id], *place, (before, first, third), active=True),
        city.squad_mate.id: FieldOfficerOnInstall(keys[city.squad_mate.id], *place, (before, second), active=True),
    }
    assert was_on_shift(found[city.enforcer.id].shifts, now())
    assert not was_on_shift(found[city.squad_mate.id].shifts, now() + timedelta(minutes=5))


def keys_of(session: Session) -> list[tuple[object, bytes]]:
    return [(row[0], row[1]) for row in session.execute(select(InstallKey.officer_id, InstallKey.public_key))]


def test_the_console_shows_who_was_on_shift(app: Flask, city: world.World, enforcer: FieldHandset, code: str) -> None:
    assert join(enforcer, code, new_key()).status_code == 200
    page = console(app, city.admin).text("/handsets")
    assert page.index(city.squad_mate.name) < page.index("Latest shifts") < page.index(city.enforcer.name)


def test_what_came_in_the_same_batch_does_not_decide_whose_item_it_is(
    app: Flask, city: world.World, enforcer: FieldHandset, code: str
) -> None:
    long_ago = update(InstallShift).values(from_at=now() - timedelta(hours=3))
    with app.app_context():
        transact(lambda session: session.execute(long_ago) and None)
    key = new_key()
    assert join(enforcer, code, key).status_code == 200
    mate = borne_by(enforcer, city.squad_mate, key)
    # By the monotonic clock an hour before the takeover: the handset was the enforcer's then.
    before = {**CLOCK, "mono_ms": CLOCK["mono_ms"] - 3_600_000, "gnss_time": None}
    mine, not_mine = mate.item(), mate.item(captured=before)
    found = mate.results(mine, not_mine)
    assert [result["state"] for result in found] == ["applied", "quarantined"]
    assert found[1]["problem"]["type"].endswith("/foreign-officer")
