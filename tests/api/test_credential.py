"""The credential of a handset renewed: both open the door until the new one is used, and no lost answer locks out."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import world
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from support.duty import CREDENTIAL, change_install, named, post, revoke, with_credential
from support.field import FieldHandset, photo, refused, report

from server.clock import now
from server.db import read, transact
from server.identity.models import Install
from server.identity.queries import rotation_due
from server.ledger.models import CustodyEvent

FRESH = "a-fresh-credential-of-forty-three-characters"
HELLO = "/api/v1/sync/hello"


def kinds(session: Session) -> list[str]:
    return list(session.scalars(select(CustodyEvent.kind).order_by(CustodyEvent.id)))


def hello(handset: FieldHandset) -> int:
    return handset.client.get(HELLO, headers=handset.headers).status_code


def test_both_credentials_open_the_door_until_the_new_one_was_used(app: Flask, enforcer: FieldHandset) -> None:
    assert enforcer.trusted(post(enforcer, CREDENTIAL, named(FRESH)))["accepted"] is True
    assert hello(enforcer) == 200
    renewed = with_credential(enforcer, FRESH)
    assert renewed.push()["results"] == []
    refused(enforcer.client.get(HELLO, headers=enforcer.headers), 401, "unknown-handset")
    assert hello(renewed) == 200
    with app.app_context():
        assert read(kinds)[-2:] == ["credential_named", "credential_rotated"]


def test_the_answer_is_sealed_with_the_credential_that_asked(enforcer: FieldHandset) -> None:
    enforcer.trusted(post(enforcer, CREDENTIAL, named(FRESH)))
    # The old one still seals with itself, although the new one is known.
    enforcer.trusted(enforcer.client.get(HELLO, headers=enforcer.headers))
    renewed = with_credential(enforcer, FRESH)
    renewed.trusted(renewed.client.get(HELLO, headers=renewed.headers))


def test_a_lost_answer_costs_nothing_before_and_after_the_first_use(app: Flask, enforcer: FieldHandset) -> None:
    for _ in range(2):
        enforcer.trusted(post(enforcer, CREDENTIAL, named(FRESH)))
    renewed = with_credential(enforcer, FRESH)
    for _ in range(2):
        assert renewed.trusted(post(renewed, CREDENTIAL, named(FRESH)))["accepted"] is True
    assert hello(renewed) == 200
    with app.app_context():
        assert read(kinds).count("credential_named") == read(kinds).count("credential_rotated") == 1


def test_every_door_of_handsets_opens_to_the_new_credential(enforcer: FieldHandset) -> None:
    enforcer.trusted(post(enforcer, CREDENTIAL, named(FRESH)))
    renewed = with_credential(enforcer, FRESH)
    one = photo()
    assert renewed.states(renewed.item(payload=report(one))) == ["applied"]
    renewed.upload(one)
    with renewed.client.get(f"/api/v1/photos/{one.sha256}", headers=renewed.headers) as shown:
        assert (shown.status_code, shown.data) == (200, one.content)


def test_another_name_replaces_the_first_one(enforcer: FieldHandset) -> None:
    enforcer.trusted(post(enforcer, CREDENTIAL, named("thrown away")))
    enforcer.trusted(post(enforcer, CREDENTIAL, named(FRESH)))
    assert hello(with_credential(enforcer, "thrown away")) == 401
    assert hello(with_credential(enforcer, FRESH)) == 200


def test_eight_first_requests_at_once_rotate_once(app: Flask, enforcer: FieldHandset) -> None:
    enforcer.trusted(post(enforcer, CREDENTIAL, named(FRESH)))
    renewed = with_credential(enforcer, FRESH)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: hello(renewed), range(8))) == {200}
    with app.app_context():
        assert read(kinds).count("credential_rotated") == 1


def test_nobody_takes_a_name_that_another_handset_goes_by(enforcer: FieldHandset, collector: FieldHandset) -> None:
    refused(post(enforcer, CREDENTIAL, named(collector.enrolled.credential)), 422, "validation")
    collector.trusted(post(collector, CREDENTIAL, named(FRESH)))
    refused(post(enforcer, CREDENTIAL, named(FRESH)), 422, "validation")
    assert [hello(enforcer), hello(collector)] == [200, 200]


@pytest.mark.parametrize(
    "sent",
    [{}, {"next_sha256": None}, {"next_sha256": "ab"}, {"next_sha256": "g" * 64}, {"next_sha256": "a" * 64 + "\n"}],
    ids=["missing", "null", "short", "no-hex", "line-end"],
)
def test_a_malformed_name_is_refused(enforcer: FieldHandset, sent: dict[str, object]) -> None:
    assert list(refused(post(enforcer, CREDENTIAL, sent), 422, "validation")["errors"]) == ["next_sha256"]


def test_a_revoked_handset_renews_nothing(app: Flask, city: world.World, enforcer: FieldHandset) -> None:
    revoke(app, city, enforcer)
    assert refused(post(enforcer, CREDENTIAL, named(FRESH)), 403, "handset-revoked")["wipe"] is True
    assert hello(with_credential(enforcer, FRESH)) == 401


def test_the_secret_itself_never_reaches_the_database(app: Flask, enforcer: FieldHandset) -> None:
    enforcer.trusted(post(enforcer, CREDENTIAL, named(FRESH)))
    with app.app_context():
        held = read(stored, enforcer)
        facts = read(all_facts)
    assert held == bytes.fromhex(named(FRESH)["next_sha256"])
    assert FRESH not in json.dumps(facts)


def test_a_credential_of_a_year_is_due(app: Flask, enforcer: FieldHandset) -> None:
    install_id = enforcer.enrolled.install_id
    with app.app_context():
        assert not read(rotation_due, install_id)
    change_install(enforcer, enrolled_at=now() - timedelta(days=366))
    with app.app_context():
        assert read(rotation_due, install_id)
    enforcer.trusted(post(enforcer, CREDENTIAL, named(FRESH)))
    assert hello(with_credential(enforcer, FRESH)) == 200
    with app.app_context():
        assert not read(rotation_due, install_id)
        transact(age_custody)
        assert read(rotation_due, install_id)


def stored(session: Session, handset: FieldHandset) -> bytes | None:
    return session.get_one(Install, handset.enrolled.install_id).next_credential_sha256


def all_facts(session: Session) -> list[str]:
    return list(session.scalars(select(CustodyEvent.facts)))


def age_custody(session: Session) -> None:
    session.execute(update(CustodyEvent).values(at=now() - timedelta(days=366)))
