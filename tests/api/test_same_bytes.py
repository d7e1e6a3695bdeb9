"""The same bytes in several places, from several handsets, long before their record, and never."""

from datetime import timedelta

import pytest
import world
from flask import Flask
from sqlalchemy import func, select
from support.field import FieldHandset, handset_of, photo, report
from support.forced_points import at_once
from support.office import Office
from support.photo_pool import DAY, POOL, Pool, later

from server.evidence.models import Upload
from server.gateway.truth_jobs import look_for_late

ONE, TWO = photo(1), photo(2)
HANDSETS = 16


def present(office: Office, case_id: str) -> list[bool]:
    return [one["present_at"] is not None for one in office.case(case_id)["evidence"]]


@pytest.mark.parametrize("photo_first", [True, False])
def test_in_two_slots_of_one_record(office: Office, collector: FieldHandset, *, photo_first: bool) -> None:
    item = collector.item(payload=report(photos=[ONE.declared("near"), ONE.declared("far")]))
    if photo_first:
        collector.upload(ONE)
    (result,) = collector.results(item)
    if not photo_first:
        assert result["missing_photos"] == [ONE.sha256]
        collector.upload(ONE)
    assert present(office, result["case_id"]) == [True, True]
    assert collector.push()["photo_wants"] == []


@pytest.mark.parametrize("photo_first", [True, False])
def test_in_two_records_which_are_two_cases(office: Office, collector: FieldHandset, *, photo_first: bool) -> None:
    items = [collector.item(payload=report(ONE)), collector.item(payload=report(ONE, TWO))]
    if photo_first:
        collector.upload(ONE)
    results = collector.results(*items)
    if not photo_first:
        collector.upload(ONE)
    assert len({result["case_id"] for result in results}) == 2
    assert [present(office, result["case_id"]) for result in results] == [[True], [True, False]]


def test_in_a_second_record_after_the_first_was_complete(office: Office, pool: Pool, collector: FieldHandset) -> None:
    (first,) = collector.results(collector.item(payload=report(ONE)))
    collector.upload(ONE)
    (second,) = collector.results(collector.item(payload=report(ONE)))
    assert "missing_photos" not in second
    assert [present(office, one["case_id"]) for one in (first, second)] == [[True], [True]]
    assert pool.collect(POOL).condemned == 0


def test_sixteen_handsets_send_the_same_photograph_at_once(
    app: Flask, city: world.World, office: Office, pool: Pool
) -> None:
    persons = (city.collector, city.enforcer, city.squad_mate, city.town_enforcer)
    handsets = [handset_of(app, city, persons[number % 4]) for number in range(HANDSETS)]
    cases = [handset.results(handset.item(payload=report(ONE)))[0]["case_id"] for handset in handsets]

    def send(number: int) -> None:
        # A busy database asks for patience: then as a handset does, ask and go on.
        place = handsets[number].create(ONE).headers["Location"]
        for _ in range(20):
            offset = int(handsets[number].tus("HEAD", place).headers.get("Upload-Offset", 0))
            if offset == len(ONE.content):
                return
            handsets[number].append(place, offset, ONE.content[offset:])

    at_once(send, HANDSETS)
    assert [present(office, case_id) for case_id in cases] == [[True]] * HANDSETS
    counted = select(func.count()).select_from(Upload).where(Upload.state == "complete")
    assert pool.ask(lambda session: session.scalar(counted)) == HANDSETS
    assert list(pool.blobs.keys("original/")) == [f"original/{ONE.sha256[:2]}/{ONE.sha256[2:4]}/{ONE.sha256}"]
    assert pool.state(ONE.sha256) == "attached"


def test_a_photograph_a_week_before_its_record_waits_in_the_pool_and_is_attached(
    office: Office, pool: Pool, collector: FieldHandset
) -> None:
    item = collector.item(payload=report(ONE))
    collector.upload(ONE)
    assert pool.state(ONE.sha256) == "waiting"
    with later(timedelta(days=7)):
        assert pool.collect().condemned == 0
        (result,) = collector.results(item)
    assert "missing_photos" not in result
    assert (pool.state(ONE.sha256), present(office, result["case_id"])) == ("attached", [True])


def test_a_photograph_that_never_arrives_is_wanted_shown_as_missing_and_raises_an_alarm(
    app: Flask, city: world.World, office: Office, collector: FieldHandset
) -> None:
    (result,) = collector.results(collector.item(payload=report(ONE)))
    with later(2 * DAY):
        desk = Office(app, city)
        assert [want["sha256"] for want in collector.push()["photo_wants"]] == [ONE.sha256]
        missing = app.test_client().get("/api/v1/photos/missing", headers=desk.headers_of(city.dispatcher))
        assert [one["sha256"] for one in missing.json["photos"]] == [ONE.sha256]
        with app.app_context():
            look_for_late.run()
        alarms = app.test_client().get("/api/v1/alarms", headers=desk.headers_of(city.admin)).json
        assert "photo_overdue" in str(alarms)
    assert present(office, result["case_id"]) == [False]
