"""Photographs that no item declares: seen by the desk with their age, condemned after weeks, deleted a day later."""

from datetime import timedelta
from typing import Any

import pytest
import world
from flask import Flask
from sqlalchemy import select
from support.field import FieldHandset, handset_of, photo, refused, report
from support.office import Office
from support.photo_pool import DAY, POOL, Pool, later

from photo_store.blobs import BlobUnavailable, rendition_key
from photo_store.derive import RECIPE
from photo_store.disk import DiskBlobs
from server.clock import now
from server.evidence import pool as writes
from server.evidence.collecting import Collected
from server.evidence.jobs import derive_photo
from server.evidence.models import Likeness
from server.ledger.models import CustodyEvent

ONE = photo(1)
UNATTACHED = "/api/v1/photos/unattached"


def brought(handset: FieldHandset, *numbers: int) -> None:
    """Upload photographs that no item declares, and let the handset come back once after it."""
    handset.upload(*(photo(number) for number in numbers))
    with later(timedelta(hours=1)):
        handset.push()


def listed(office: Office, person: world.Person | None = None, **query: str) -> dict[str, Any]:
    headers = office.headers_of(person or office.city.dispatcher)
    answer = office.app.test_client().get(UNATTACHED, headers=headers, query_string=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def test_the_desk_sees_what_no_item_has_declared_with_its_age_and_its_sender(
    office: Office, city: world.World, collector: FieldHandset
) -> None:
    brought(collector, 1)
    with later(timedelta(days=3)):
        office = Office(office.app, city)
        (shown,) = listed(office)["photos"]
    assert (shown["sha256"], shown["state"], shown["age_days"]) == (ONE.sha256, "waiting", 3)
    assert (shown["install_id"], shown["officer"]) == (str(collector.enrolled.install_id), city.collector.name)
    collector.push(collector.item(payload=report(ONE)))
    assert listed(office)["photos"] == []


def test_the_pool_is_shown_to_desks_of_the_senders_agency_only(
    app: Flask, office: Office, city: world.World, collector: FieldHandset
) -> None:
    brought(collector, 1)
    assert listed(office, city.town_dispatcher)["photos"] == []
    client = app.test_client()
    refused(client.get(UNATTACHED, headers=office.headers_of(city.admin)), 403, "forbidden")
    refused(client.get(UNATTACHED, headers=collector.headers), 401, "sign-in-required")


def test_the_pool_comes_in_pages_the_oldest_first(office: Office, collector: FieldHandset) -> None:
    for number in (3, 1, 2):
        with later(timedelta(minutes=number)):
            collector.upload(photo(number))
    seen, after = [], {}
    while after is not None:
        page = listed(office, limit="1", **after)
        seen += [shown["sha256"] for shown in page["photos"]]
        after = {"after": page["next"]} if page["next"] else None
    assert seen == [photo(number).sha256 for number in (1, 2, 3)]
    headers = office.headers_of(office.city.dispatcher)
    for wrong in ("!", "YWJj", "é"):
        answer = office.app.test_client().get(UNATTACHED, headers=headers, query_string={"after": wrong})
        refused(answer, 422, "validation")


def test_what_nobody_declares_is_condemned_and_deleted_a_day_later_with_all_that_was_made_of_it(
    app: Flask, office: Office, city: world.World, pool: Pool, collector: FieldHandset
) -> None:
    brought(collector, 1)
    with app.app_context():
        derive_photo.run(ONE.sha256)
    thumbnail = rendition_key(ONE.sha256, "thumbnail", RECIPE)
    assert pool.blobs.exists(thumbnail)
    assert pool.collect(POOL - timedelta(days=2)) == Collected(0, 0)
    assert pool.collect(POOL) == Collected(1, 0)
    with later(POOL):
        assert listed(Office(app, city))["photos"][0]["state"] == "condemned"
    assert pool.collect(POOL + timedelta(hours=23)) == Collected(0, 0)
    assert pool.has_bytes(ONE.sha256)
    assert pool.collect(POOL + DAY) == Collected(0, 1)
    assert (pool.state(ONE.sha256), pool.has_bytes(ONE.sha256), pool.blobs.exists(thumbnail)) == ("gone", False, False)
    assert pool.ask(lambda session: session.scalars(select(Likeness.sha256)).all()) == []
    kinds = pool.ask(
        lambda session: session.scalars(
            select(CustodyEvent.kind).where(CustodyEvent.subject_id == ONE.sha256).order_by(CustodyEvent.id)
        ).all()
    )
    assert [kind for kind in kinds if kind != "derived"] == ["received", "condemned", "collected"]
    assert pool.collect(2 * POOL) == Collected(0, 0)


def test_a_photograph_that_was_collected_arrives_again_as_if_for_the_first_time(
    pool: Pool, collector: FieldHandset
) -> None:
    brought(collector, 1)
    pool.collect(POOL)
    pool.collect(POOL + DAY)
    (result,) = collector.results(collector.item(payload=report(ONE)))
    assert result["missing_photos"] == [ONE.sha256]
    assert collector.create(ONE).headers["Upload-Offset"] == "0"
    collector.upload(ONE)
    assert (pool.state(ONE.sha256), pool.has_bytes(ONE.sha256)) == ("attached", True)
    assert collector.push()["photo_wants"] == []


def test_a_photograph_is_not_condemned_while_its_handset_was_not_in_touch_since(
    app: Flask, city: world.World, pool: Pool, collector: FieldHandset
) -> None:
    collector.push()
    with later(timedelta(minutes=1)):
        collector.upload(ONE)
    assert pool.collect(POOL) == Collected(0, 0)
    other = handset_of(app, city, city.enforcer)
    brought(other, 1)
    assert pool.collect(POOL) == Collected(0, 0)
    with later(timedelta(hours=2)):
        collector.push(on_handset={"dseq_next": 1, "unsent_items": 2})
    assert pool.collect(POOL) == Collected(0, 0)
    with later(timedelta(hours=3)):
        collector.push()
    assert pool.collect(POOL) == Collected(1, 0)


def test_a_condemned_photograph_counts_as_missing_and_comes_back_with_its_bytes(
    pool: Pool, collector: FieldHandset
) -> None:
    brought(collector, 1)
    pool.collect(POOL)
    with later(POOL):
        assert asked(collector, ONE.sha256) == {"state": "missing"}
        assert collector.create(ONE).headers["Upload-Offset"] == "0"
        collector.upload(ONE)
    assert pool.state(ONE.sha256) == "waiting"
    assert pool.collect(POOL + DAY) == Collected(0, 0)
    assert pool.has_bytes(ONE.sha256)


def test_a_condemned_photograph_comes_back_when_its_record_arrives(pool: Pool, collector: FieldHandset) -> None:
    brought(collector, 1)
    pool.collect(POOL)
    (result,) = collector.results(collector.item(payload=report(ONE)))
    assert "missing_photos" not in result
    assert pool.state(ONE.sha256) == "attached"
    assert pool.collect(POOL + DAY) == Collected(0, 0)
    assert pool.has_bytes(ONE.sha256)


def test_asking_for_a_photograph_keeps_it(pool: Pool, collector: FieldHandset) -> None:
    brought(collector, 1)
    with later(timedelta(days=20)):
        assert asked(collector, ONE.sha256) == {"state": "have"}
    assert pool.collect(timedelta(days=49)) == Collected(0, 0)
    assert pool.collect(timedelta(days=51)) == Collected(1, 0)


def test_an_open_upload_keeps_a_condemned_photograph(
    pool: Pool, collector: FieldHandset, enforcer: FieldHandset
) -> None:
    brought(collector, 1)
    pool.collect(POOL)
    with later(POOL + timedelta(hours=1)):
        opened = enforcer.create(ONE).headers["Location"]
    assert pool.collect(POOL + DAY) == Collected(0, 0)
    with later(POOL + DAY):
        assert enforcer.append(opened, 0, ONE.content).status_code == 204
    assert pool.state(ONE.sha256) == "waiting"


def test_a_photograph_that_is_being_deleted_is_neither_begun_nor_declared_present(
    pool: Pool, collector: FieldHandset
) -> None:
    brought(collector, 1)
    with later(POOL):
        pool.collect()
    with later(POOL + DAY):
        assert pool.do(writes.mark_deleting, ONE.sha256, now() - writes.GRACE) is not None
    wait = refused(collector.create(ONE), 503, "store-unavailable")
    assert wait["status"] == 503
    assert asked(collector, ONE.sha256) == {"state": "missing"}
    (result,) = collector.results(collector.item(payload=report(ONE)))
    assert result["missing_photos"] == [ONE.sha256]
    assert pool.state(ONE.sha256) == "deleting"


def test_a_killed_collector_is_resumed_by_the_next_but_not_while_it_may_live(
    pool: Pool, collector: FieldHandset, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought(collector, 1)
    pool.collect(POOL)
    with monkeypatch.context() as patched:
        patched.setattr(DiskBlobs, "delete", unavailable)
        with pytest.raises(BlobUnavailable):
            pool.collect(POOL + DAY)
    assert (pool.state(ONE.sha256), pool.has_bytes(ONE.sha256)) == ("deleting", True)
    assert pool.collect(POOL + DAY + timedelta(minutes=30)) == Collected(0, 0)
    assert pool.collect(POOL + DAY + timedelta(hours=2)) == Collected(0, 1)
    assert (pool.state(ONE.sha256), pool.has_bytes(ONE.sha256)) == ("gone", False)


def test_a_collector_that_slept_leaves_the_bytes_to_whoever_took_over(
    pool: Pool, collector: FieldHandset, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought(collector, 1)
    pool.collect(POOL)
    with later(POOL + DAY):
        marked = pool.do(writes.mark_deleting, ONE.sha256, now() - writes.GRACE)
    assert marked is not None
    with later(POOL + DAY + 2 * writes.LEASE):
        again = pool.do(writes.mark_deleting, ONE.sha256, now() - writes.GRACE)
    assert again is not None
    assert pool.do(writes.forget_deleted, marked) is False
    assert pool.do(writes.forget_deleted, again) is True


def test_the_command_tells_what_was_collected(app: Flask, pool: Pool, collector: FieldHandset) -> None:
    brought(collector, 1)
    with later(POOL):
        first = app.test_cli_runner().invoke(args=["photos", "collect"])
    with later(POOL + DAY):
        second = app.test_cli_runner().invoke(args=["photos", "collect"])
    assert "condemned: 1" in first.output
    assert "deleted: 1" in second.output
    assert pool.state(ONE.sha256) == "gone"


def asked(handset: FieldHandset, sha256: str) -> dict[str, Any]:
    answer = handset.client.post("/api/v1/photos/query", json={"hashes": [sha256]}, headers=handset.headers)
    known: dict[str, Any] = handset.trusted(answer)["photos"][sha256]
    return known


def unavailable(_store: DiskBlobs, key: str) -> None:
    raise BlobUnavailable(key)
