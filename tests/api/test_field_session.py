"""The officer's session on a handset: what ends with it, how it is renewed, and which proofs are refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import world
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from support.duty import SESSION, code_for, end_of_session, join, new_key, post, proof, revoke
from support.field import FieldHandset, refused, slug_of

from server.clock import now
from server.db import read, transact
from server.identity import operations
from server.identity.models import Install, SignInAttempt
from server.identity.queries import handset_by_credential
from server.identity.rules import PROOF_WINDOW
from server.web import on_duty


def until(app: Flask, handset: FieldHandset) -> datetime:
    """Return the session's end as stored."""
    with app.app_context():
        found = read(_install, handset)
    assert found.session_until is not None
    return found.session_until


def _install(session: Session, handset: FieldHandset) -> Install:
    return session.get_one(Install, handset.enrolled.install_id)


def test_enrolment_opens_a_session_of_thirty_days(app: Flask, enforcer: FieldHandset) -> None:
    left = until(app, enforcer) - now()
    assert timedelta(days=29, hours=23) < left <= timedelta(days=30)


def test_a_signed_proof_renews_the_session(app: Flask, city: world.World, enforcer: FieldHandset) -> None:
    end_of_session(enforcer)
    answer = enforcer.trusted(post(enforcer, SESSION, proof(enforcer, city.enforcer, enforcer.enrolled.key)))
    assert answer["officer"] == {
        "id": str(city.enforcer.id),
        "name": city.enforcer.name,
        "agency_id": str(city.street_id),
        "squad_id": str(city.street_squad_id),
        "roles": ["enforcement_officer"],
    }
    assert datetime.fromisoformat(answer["session_until"]) == until(app, enforcer) > now() + timedelta(days=29)


def test_an_expired_session_shows_nothing_but_still_pushes(app: Flask, enforcer: FieldHandset) -> None:
    end_of_session(enforcer)
    with app.test_request_context(headers=enforcer.headers), pytest.raises(Exception, match="session-expired"):
        on_duty()
    assert enforcer.states(enforcer.item()) == ["applied"]


def test_a_nonce_works_once(city: world.World, enforcer: FieldHandset) -> None:
    first = proof(enforcer, city.enforcer, enforcer.enrolled.key)
    assert post(enforcer, SESSION, first).status_code == 200
    refused(post(enforcer, SESSION, first), 403, "bad-session-proof")
    # A lost answer costs nothing: the handset signs again.
    assert post(enforcer, SESSION, proof(enforcer, city.enforcer, enforcer.enrolled.key)).status_code == 200


def test_a_nonce_is_used_up_by_one_install_only(
    city: world.World, enforcer: FieldHandset, collector: FieldHandset
) -> None:
    nonce = "the same nonce twice"
    mine = proof(enforcer, city.enforcer, enforcer.enrolled.key, nonce=nonce)
    other = proof(collector, city.collector, collector.enrolled.key, nonce=nonce)
    assert [post(enforcer, SESSION, mine).status_code, post(collector, SESSION, other).status_code] == [200, 200]


def test_a_refused_proof_uses_no_nonce_up(city: world.World, enforcer: FieldHandset) -> None:
    nonce = "tried with a wrong key"
    refused(post(enforcer, SESSION, proof(enforcer, city.enforcer, new_key(), nonce=nonce)), 403, "bad-session-proof")
    sound = proof(enforcer, city.enforcer, enforcer.enrolled.key, nonce=nonce)
    assert post(enforcer, SESSION, sound).status_code == 200


def test_nonces_are_kept_while_they_could_be_sent_again_and_then_forgotten(
    app: Flask, city: world.World, enforcer: FieldHandset
) -> None:
    first = proof(enforcer, city.enforcer, enforcer.enrolled.key)
    assert post(enforcer, SESSION, first).status_code == 200
    # A wrong code purges what is old; it must not purge this.
    with app.app_context():
        transact(operations.count_failure, ("enrol:192.0.2.1",))
        (kept,) = read(nonces)
    assert kept.window_started_at >= datetime.fromisoformat(first["at"]) + PROOF_WINDOW - timedelta(milliseconds=1)
    refused(post(enforcer, SESSION, first), 403, "bad-session-proof")
    with app.app_context():
        transact(age_nonces)
    assert post(enforcer, SESSION, proof(enforcer, city.enforcer, enforcer.enrolled.key)).status_code == 200
    with app.app_context():
        assert [row.key for row in read(nonces)] != [kept.key]
        assert len(read(nonces)) == 1


@pytest.mark.parametrize("hours", [-25, 25])
def test_a_proof_of_another_day_is_refused_and_told_the_time(
    city: world.World, enforcer: FieldHandset, hours: int
) -> None:
    at = datetime.now(UTC) + timedelta(hours=hours)
    found = refused(
        post(enforcer, SESSION, proof(enforcer, city.enforcer, enforcer.enrolled.key, at=at)), 403, "bad-session-proof"
    )
    told = datetime.fromisoformat(found["server_time"])
    assert abs(told - datetime.now(UTC)) < timedelta(minutes=1)
    again = proof(enforcer, city.enforcer, enforcer.enrolled.key, at=told)
    assert post(enforcer, SESSION, again).status_code == 200


def test_a_clock_that_is_hours_off_does_not_matter(city: world.World, enforcer: FieldHandset) -> None:
    at = datetime.now(UTC) - timedelta(hours=23)
    assert post(enforcer, SESSION, proof(enforcer, city.enforcer, enforcer.enrolled.key, at=at)).status_code == 200


@pytest.mark.parametrize("member", ["officer_id", "at", "nonce"])
def test_every_part_of_the_proof_is_signed(city: world.World, enforcer: FieldHandset, member: str) -> None:
    sent = proof(enforcer, city.enforcer, enforcer.enrolled.key)
    changed = {
        "officer_id": str(city.collector.id),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "nonce": "another nonce of mine",
    }
    refused(post(enforcer, SESSION, sent | {member: changed[member]}), 403, "bad-session-proof")


def test_a_proof_of_one_install_does_not_open_another(app: Flask, city: world.World, enforcer: FieldHandset) -> None:
    second = FieldHandset(app, world.enrolled(app, city, city.enforcer))
    stolen = proof(enforcer, city.enforcer, enforcer.enrolled.key)
    refused(post(second, SESSION, stolen), 403, "bad-session-proof")


@pytest.mark.parametrize("value", ["", "AAAA", "?", "A" * 86, "é" * 86])
def test_a_senseless_signature_is_refused(city: world.World, enforcer: FieldHandset, value: str) -> None:
    sent = proof(enforcer, city.enforcer, enforcer.enrolled.key) | {"sig": {"alg": "ES256", "value": value}}
    refused(post(enforcer, SESSION, sent), 403, "bad-session-proof")


def test_an_officer_without_an_account_has_no_session(app: Flask, city: world.World, enforcer: FieldHandset) -> None:
    with app.app_context():
        transact(operations.deactivate, world.acting(app, city.admin), city.enforcer.id)
    sent = proof(enforcer, city.enforcer, enforcer.enrolled.key)
    refused(post(enforcer, SESSION, sent), 403, "bad-session-proof")


def test_a_revoked_handset_opens_no_session(app: Flask, city: world.World, enforcer: FieldHandset) -> None:
    revoke(app, city, enforcer)
    response = post(enforcer, SESSION, proof(enforcer, city.enforcer, enforcer.enrolled.key))
    assert refused(response, 403, "handset-revoked")["wipe"] is True
    assert "Answer-MAC" in response.headers


def test_who_is_not_enrolled_opens_no_session(app: Flask, city: world.World, enforcer: FieldHandset) -> None:
    sent = proof(enforcer, city.enforcer, enforcer.enrolled.key)
    response = app.test_client().post(SESSION, json=sent, headers={"Authorization": "Bearer hs_x"})
    refused(response, 401, "unknown-handset")


@pytest.mark.parametrize(
    "broken",
    [
        {"officer_id": "x"},
        {"at": "yesterday"},
        {"at": "2026-11-22T08:31:02"},
        {"at": "2026-11-22\ud80008:31:02+08:00"},
        {"nonce": "short"},
        {"nonce": "n" * 129},
        {"nonce": "a\0" * 16},
        {"sig": "x"},
        {"sig": {"alg": "RS256", "value": "x"}},
    ],
    ids=["officer", "word", "no-zone", "surrogate", "short", "long", "control", "no-object", "algorithm"],
)
def test_a_malformed_proof_names_its_fields(city: world.World, enforcer: FieldHandset, broken: dict[str, Any]) -> None:
    response = post(enforcer, SESSION, proof(enforcer, city.enforcer, enforcer.enrolled.key) | broken)
    assert (response.status_code, slug_of(response.get_json())) == (422, "validation"), response.text
    assert [name.partition(".")[0] for name in response.get_json()["errors"]] == list(broken)


def test_every_page_names_the_officer_whom_it_is_for(enforcer: FieldHandset, city: world.World, app: Flask) -> None:
    reconcile: dict[str, object] = {"manifest": [], "page": None, "limit": 200}

    def named() -> list[str]:
        pages = [
            enforcer.trusted(enforcer.ask_page()),
            enforcer.push(pull={"cursor": None, "limit": 200})["pull"],
            enforcer.trusted(post(enforcer, "/api/v1/sync/reconcile", reconcile)),
        ]
        return [page["officer_id"] for page in pages]

    assert named() == [str(city.enforcer.id)] * 3
    assert join(enforcer, code_for(app, city, city.squad_mate), new_key()).status_code == 200
    assert named() == [str(city.squad_mate.id)] * 3


def test_a_session_that_was_never_opened_is_over(app: Flask, enforcer: FieldHandset) -> None:
    with app.app_context():
        transact(forget_session, enforcer)
        found = read(handset_by_credential, enforcer.enrolled.credential)
    assert found is not None
    assert found.session_over


def forget_session(session: Session, handset: FieldHandset) -> None:
    session.execute(update(Install).where(Install.id == handset.enrolled.install_id).values(session_until=None))


def nonces(session: Session) -> list[SignInAttempt]:
    return list(session.scalars(select(SignInAttempt).where(SignInAttempt.key.startswith("session-nonce:"))))


def age_nonces(session: Session) -> None:
    session.execute(update(SignInAttempt).values(window_started_at=now() - timedelta(hours=1)))
