"""POST /photos/query: what a handset need not send again, and nothing about what others have."""

from typing import Any

import pytest
import world
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session
from support.field import OFFSET_STREAM, FieldHandset, answer_to, handset_of, photo, refused, report
from support.office import Office
from support.photo_pool import DAY, Pool, later

from server.clock import now
from server.evidence.models import Photo
from server.gateway.photo_query import MOST_HASHES
from server.ledger.models import Node

QUERY = "/api/v1/photos/query"
ONE, TWO = photo(1), photo(2)
HAVE, MISSING = {"state": "have"}, {"state": "missing"}


def known(handset: FieldHandset, *hashes: str) -> dict[str, Any]:
    """Ask, check the answer's MAC, and return what is told of each hash."""
    answer = handset.trusted(handset.client.post(QUERY, json={"hashes": list(hashes)}, headers=handset.headers))
    found: dict[str, Any] = answer["photos"]
    assert list(found) == list(dict.fromkeys(hashes))
    return found


def test_what_this_install_sent_whole_need_not_be_sent_again(collector: FieldHandset) -> None:
    collector.upload(ONE)
    assert known(collector, ONE.sha256, TWO.sha256) == {ONE.sha256: HAVE, TWO.sha256: MISSING}


def test_what_this_install_has_begun_goes_on_where_it_stands(collector: FieldHandset) -> None:
    earlier = collector.create(ONE).headers["Location"]
    place = collector.create(ONE).headers["Location"]
    collector.append(place, 0, ONE.content[:4000])
    collector.append(earlier, 0, ONE.content[:100])
    told = known(collector, ONE.sha256)[ONE.sha256]
    assert told == {"state": "partial", "upload": place, "offset": 4000}
    assert collector.append(told["upload"], told["offset"], ONE.content[4000:]).status_code == 204
    assert known(collector, ONE.sha256) == {ONE.sha256: HAVE}


def test_what_others_have_sent_or_begun_is_missing(collector: FieldHandset, enforcer: FieldHandset) -> None:
    collector.upload(ONE)
    collector.append(collector.create(TWO).headers["Location"], 0, TWO.content[:4000])
    assert known(enforcer, ONE.sha256, TWO.sha256) == {ONE.sha256: MISSING, TWO.sha256: MISSING}


def test_declaring_a_strangers_hash_tells_nothing(collector: FieldHandset, enforcer: FieldHandset) -> None:
    collector.push(collector.item(payload=report(ONE)))
    collector.upload(ONE)
    enforcer.push(enforcer.item(payload=report(ONE)))
    assert known(enforcer, ONE.sha256) == {ONE.sha256: MISSING}
    enforcer.upload(ONE)
    assert known(enforcer, ONE.sha256) == {ONE.sha256: HAVE}


def test_what_a_task_rightly_shows_is_told_as_long_as_it_is_granted(
    collector: FieldHandset, enforcer: FieldHandset, office: Office, city: world.World
) -> None:
    (result,) = collector.results(collector.item(payload=report(ONE)))
    collector.upload(ONE)
    office.dispatch(result["case_id"])
    assert known(enforcer, ONE.sha256) == {ONE.sha256: HAVE}
    enforcer.pull()
    (task,) = enforcer.tasks()
    enforcer.push(enforcer.item("task_event", answer_to(task, "declined")))
    office.act(result["case_id"], "dispatch", squad_id=str(city.town_squad_id))
    assert known(enforcer, ONE.sha256) == {ONE.sha256: MISSING}


def test_what_an_own_item_waits_for_is_missing_although_a_task_shows_it(
    collector: FieldHandset, enforcer: FieldHandset, office: Office
) -> None:
    (result,) = collector.results(collector.item(payload=report(ONE)))
    collector.upload(ONE)
    office.dispatch(result["case_id"])
    enforcer.push(enforcer.item(payload=report(ONE)))
    assert known(enforcer, ONE.sha256) == {ONE.sha256: MISSING}


def test_a_revoked_handset_hears_of_its_own_photographs_only(
    app: Flask, collector: FieldHandset, enforcer: FieldHandset, office: Office, city: world.World
) -> None:
    (result,) = collector.results(collector.item(payload=report(ONE)))
    collector.upload(ONE)
    office.dispatch(result["case_id"])
    enforcer.upload(TWO)
    path = f"/api/v1/handsets/{enforcer.enrolled.install_id}/revoke"
    assert app.test_client().post(path, headers=office.headers_of(city.admin)).status_code == 204
    assert known(enforcer, ONE.sha256, TWO.sha256) == {ONE.sha256: MISSING, TWO.sha256: HAVE}


def test_another_handset_of_the_same_officer_need_not_send_it_again(
    app: Flask, city: world.World, collector: FieldHandset
) -> None:
    collector.upload(ONE)
    assert known(handset_of(app, city, city.collector), ONE.sha256) == {ONE.sha256: HAVE}


def test_what_waits_on_a_silent_machine_is_missing_until_it_is_heard_again(pool: Pool, collector: FieldHandset) -> None:
    collector.push(collector.item(payload=report(ONE)))
    collector.upload(ONE)
    pool.do(_spooled)
    assert known(collector, ONE.sha256) == {ONE.sha256: HAVE}
    with later(DAY):
        assert known(collector, ONE.sha256) == {ONE.sha256: MISSING}
        assert [want["sha256"] for want in collector.push()["photo_wants"]] == [ONE.sha256]
        assert collector.create(ONE).headers["Upload-Offset"] == "0"
        collector.upload(ONE)
        assert known(collector, ONE.sha256) == {ONE.sha256: HAVE}
        assert collector.push()["photo_wants"] == []
    stored = pool.row(ONE.sha256)
    assert stored is not None
    assert (stored.durability, stored.node) == ("stored", None)


def _spooled(session: Session) -> None:
    session.add(Node(name="the other machine", spool_id="s1", seen_at=now()))
    session.execute(update(Photo).values(durability="spooled", node="the other machine"))


@pytest.mark.parametrize(
    "wrong",
    [
        "all",
        [],
        {},
        {"hashes": "all"},
        {"hashes": [7]},
        {"hashes": ["x"]},
        {"hashes": [ONE.sha256.upper()]},
        {"hashes": [ONE.sha256] * (MOST_HASHES + 1)},
    ],
)
def test_what_is_no_list_of_hashes_is_refused(collector: FieldHandset, wrong: object) -> None:
    answer = collector.client.post(QUERY, json=wrong, headers=collector.headers)
    refused(answer, 400, "bad-request")
    assert "Answer-MAC" in answer.headers


def test_five_hundred_may_be_asked_at_once_by_handsets_only(app: Flask, collector: FieldHandset) -> None:
    hashes = [f"{number:064x}" for number in range(MOST_HASHES)]
    assert set(map(str, known(collector, *hashes).values())) == {str(MISSING)}
    assert known(collector) == {}
    refused(app.test_client().post(QUERY, json={"hashes": hashes}), 401, "unknown-handset")


def test_an_upload_that_was_finished_over_a_body_is_told_at_once(collector: FieldHandset) -> None:
    length = str(len(ONE.content))
    made = collector.tus("POST", data=ONE.content, Upload_Length=length, Content_Type=OFFSET_STREAM)
    assert (made.status_code, made.headers["Upload-Offset"]) == (201, length)
    assert known(collector, ONE.sha256) == {ONE.sha256: HAVE}
