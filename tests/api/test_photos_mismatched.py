"""Other bytes than were declared: refused once, and when they come again kept under their true hash for a person."""

from typing import Any

import world
from flask import Flask
from sqlalchemy import select
from support.field import FieldHandset, Photo, photo, refused, report
from support.office import Office
from support.photo_pool import DAY, POOL, Pool, later

from server.ledger.models import Alarm, CustodyEvent

SENT = photo(1)
DECLARED = photo(2).sha256
MISMATCHED = "/api/v1/photos/mismatched"


def declared_wrongly() -> dict[str, Any]:
    """Return a report whose photograph was hashed before the handset changed its bytes."""
    return report(photos=[SENT.declared() | {"sha256": DECLARED}])


def try_to_send(handset: FieldHandset, one: Photo = SENT) -> int:
    created = handset.create(one, sha256=DECLARED)
    assert created.status_code == 201
    if int(created.headers["Upload-Offset"]) == len(one.content):
        return 201
    return handset.append(created.headers["Location"], 0, one.content).status_code


def listed(office: Office, person: world.Person | None = None) -> list[dict[str, Any]]:
    headers = office.headers_of(person or office.city.dispatcher)
    answer = office.app.test_client().get(MISMATCHED, headers=headers)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json["photos"]
    return found


def test_the_second_time_they_are_kept_and_the_handset_is_at_peace(
    pool: Pool, office: Office, city: world.World, collector: FieldHandset
) -> None:
    (result,) = collector.results(collector.item(payload=declared_wrongly()))
    assert try_to_send(collector) == 460
    assert [want["sha256"] for want in collector.push()["photo_wants"]] == [DECLARED]
    assert try_to_send(collector) == 204
    assert (pool.has_bytes(SENT.sha256), pool.has_bytes(DECLARED)) == (True, False)
    # Whoever opens it again is told that it is finished, and nobody asks for it any more.
    assert collector.create(SENT, sha256=DECLARED).headers["Upload-Offset"] == str(len(SENT.content))
    assert collector.push()["photo_wants"] == []
    (shown,) = listed(office)
    assert (shown["declared_sha256"], shown["sha256"]) == (DECLARED, SENT.sha256)
    assert (shown["install_id"], shown["officer"]) == (str(collector.enrolled.install_id), city.collector.name)
    assert [waiting["owner_id"] for waiting in shown["waiting"]] == [result["case_id"]]
    assert pool.ask(lambda session: session.scalars(select(Alarm.name)).all()) == ["photo_mismatched"]
    kinds = pool.ask(
        lambda session: session.scalars(select(CustodyEvent.kind).where(CustodyEvent.subject_id == SENT.sha256)).all()
    )
    assert sorted(kinds) == ["mismatched", "received"]


def test_a_desk_sees_those_of_its_agency(
    office: Office, city: world.World, collector: FieldHandset, app: Flask
) -> None:
    try_to_send(collector)
    try_to_send(collector)
    assert len(listed(office)) == 1
    assert listed(office, city.town_dispatcher) == []
    refused(app.test_client().get(MISMATCHED, headers=office.headers_of(city.admin)), 403, "forbidden")


def test_bytes_that_were_hurt_on_the_way_twice_are_no_others(
    pool: Pool, office: Office, collector: FieldHandset
) -> None:
    for place in (5000, 6000):
        hurt = bytearray(SENT.content)
        hurt[place] ^= 1
        created = collector.create(SENT)
        refused(collector.append(created.headers["Location"], 0, bytes(hurt)), 460, "hash-mismatch")
    collector.upload(SENT)
    assert pool.has_bytes(SENT.sha256)
    assert listed(office) == []


def test_the_same_mistake_of_another_install_is_its_first(collector: FieldHandset, enforcer: FieldHandset) -> None:
    assert try_to_send(collector) == 460
    assert try_to_send(enforcer) == 460
    assert try_to_send(collector) == 204


def test_the_declared_bytes_are_still_taken_when_they_do_come(pool: Pool, collector: FieldHandset) -> None:
    collector.push(collector.item(payload=declared_wrongly()))
    try_to_send(collector)
    try_to_send(collector)
    collector.upload(photo(2))
    assert pool.state(DECLARED) == "attached"


def test_they_are_not_collected_while_an_item_waits_for_what_it_declared(pool: Pool, collector: FieldHandset) -> None:
    try_to_send(collector)
    try_to_send(collector)
    with later(DAY):
        collector.push(collector.item(payload=declared_wrongly()))
    assert pool.collect(2 * POOL).condemned == 0
    assert pool.state(SENT.sha256) == "waiting"


def test_they_are_not_shown_as_the_photograph_that_was_declared(office: Office, collector: FieldHandset) -> None:
    (result,) = collector.results(collector.item(payload=declared_wrongly()))
    try_to_send(collector)
    try_to_send(collector)
    assert [one["present_at"] for one in office.case(result["case_id"])["evidence"]] == [None]
