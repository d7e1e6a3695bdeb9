"""Salvage (docs/protocol.md section 9): any bytes reach a person, once, and only the persons of that agency."""

import gzip
import hashlib
from uuid import UUID, uuid4

import pytest
import world
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from support.field import FieldHandset, refused
from werkzeug.test import TestResponse

from server.clock import now
from server.db import read, transact
from server.gateway import salvage
from server.gateway.models import Salvage
from server.identity.models import Install
from server.ledger.queries import custody_of

DOOR = "/api/v1/salvage"


def put(handset: FieldHandset, salvage_id: UUID, content: bytes, **headers: str) -> TestResponse:
    return handset.client.put(f"{DOOR}/{salvage_id}", data=content, headers={**handset.headers, **headers})


def test_the_same_bytes_are_kept_once_and_other_bytes_beside_them(
    client: FlaskClient, city: world.World, collector: FieldHandset
) -> None:
    salvage_id = uuid4()
    first, again = (put(collector, salvage_id, b"\0\xff half an outbox") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.headers["Answer-MAC"]
    told = first.get_json()
    assert told["sha256"] == again.get_json()["sha256"] == hashlib.sha256(b"\0\xff half an outbox").hexdigest()
    assert (told["id"], told["size"], told["protocol"]) == (str(salvage_id), 17, 1)
    assert put(collector, salvage_id, b"other").status_code == 201
    admin = world.signed_in(client, city.admin)
    rows = client.get(DOOR, headers=admin).get_json()["items"]
    assert {(row["id"], row["size"]) for row in rows} == {(str(salvage_id), 17), (str(salvage_id), 5)}
    assert {row["install_label"] for row in rows} == {"test handset"}


def test_a_download_is_byte_for_byte_and_never_run_by_a_browser(
    client: FlaskClient, city: world.World, collector: FieldHandset
) -> None:
    packed = gzip.compress(b"<script>alert(1)</script>")
    headers = {"Content-Type": "text/html; charset=utf-8", "Content-Encoding": "gzip"}
    told = put(collector, uuid4(), packed, **headers).get_json()
    admin = world.signed_in(client, city.admin)
    answer = client.get(f"{DOOR}/{collector.enrolled.install_id}/{told['id']}/{told['sha256']}", headers=admin)
    assert answer.data == packed
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    (row,) = client.get(DOOR, headers=admin).get_json()["items"]
    assert row["media_type"] == "text/html; charset=utf-8 (gzip)"


@pytest.mark.parametrize("media_type", ["multipart/form-data; boundary=x", "application/json", "x" * 300, ""])
def test_any_content_type_is_taken(collector: FieldHandset, media_type: str) -> None:
    assert put(collector, uuid4(), b"{", **{"Content-Type": media_type}).status_code == 201


def test_four_mebibytes_are_taken_and_one_byte_more_is_refused_with_the_limit(collector: FieldHandset) -> None:
    assert put(collector, uuid4(), bytes(salvage.MOST_BYTES)).status_code == 201
    answer = put(collector, uuid4(), bytes(salvage.MOST_BYTES + 1))
    assert str(salvage.MOST_BYTES) in refused(answer, 413, "body-too-large")["detail"]


def test_a_revoked_handset_may_still_salvage(app: Flask, collector: FieldHandset) -> None:
    revoke = update(Install).values(revoked_at=now())
    with app.app_context():
        transact(lambda session: session.execute(revoke).close())
    assert put(collector, uuid4(), b"left").status_code == 201


def test_a_day_has_a_quota_that_known_bytes_do_not_use(
    app: Flask, collector: FieldHandset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(salvage, "MOST_A_DAY", 2)
    ids = [uuid4() for _ in range(3)]
    assert [put(collector, salvage_id, b"x").status_code for salvage_id in ids] == [201, 201, 429]
    answer = put(collector, ids[2], b"x")
    assert refused(answer, 429, "too-many-attempts")
    assert int(answer.headers["Retry-After"]) > 0
    assert put(collector, ids[0], b"x").status_code == 200
    monkeypatch.setattr(salvage, "MOST_A_DAY", 200)
    monkeypatch.setattr(salvage, "MOST_BYTES_A_DAY", 4)
    assert put(collector, ids[2], b"xxx").status_code == 429
    assert put(collector, ids[2], b"xx").status_code == 201


def test_settling_needs_a_reason_and_the_first_word_stays(
    app: Flask, client: FlaskClient, city: world.World, collector: FieldHandset
) -> None:
    told = put(collector, uuid4(), b"left").get_json()
    path = f"{DOOR}/{collector.enrolled.install_id}/{told['id']}/{told['sha256']}"
    admin, supervisor = (world.signed_in(client, person) for person in (city.admin, city.supervisor))
    for unsound in (" ", "", "\0", "\ud800"):
        refused(client.post(f"{path}/settle", json={"reason": unsound}, headers=admin), 422, "validation")
    for name in ("%00", "x", "0" * 64):
        other = f"{path.rpartition('/')[0]}/{name}"
        refused(client.get(other, headers=admin), 404, "not-found")
        refused(client.post(f"{other}/settle", json={"reason": "gone"}, headers=admin), 404, "not-found")
    for headers, reason in ((admin, "entered by hand as case 12"), (supervisor, "nothing to do")):
        answer = client.post(f"{path}/settle", json={"reason": reason}, headers=headers)
        assert answer.get_json()["settled_reason"] == "entered by hand as case 12"
    assert client.get(DOOR, headers=admin).get_json()["items"] == []
    (row,) = client.get(DOOR, query_string={"settled": "1"}, headers=admin).get_json()["items"]
    assert row["settled_by"] == str(city.admin.id)
    assert client.get(path, headers=admin).data == b"left"
    with app.app_context():
        events = read(custody_of, ("salvage", told["id"]))
    assert [event.kind for event in events] == ["salvage_received", "salvage_settled"]


def test_another_agency_neither_lists_nor_downloads_nor_settles(
    client: FlaskClient, city: world.World, collector: FieldHandset
) -> None:
    told = put(collector, uuid4(), b"left").get_json()
    path = f"{DOOR}/{collector.enrolled.install_id}/{told['id']}/{told['sha256']}"
    elsewhere = world.signed_in(client, city.town_admin)
    assert client.get(DOOR, headers=elsewhere).get_json()["items"] == []
    refused(client.get(path, headers=elsewhere), 404, "not-found")
    refused(client.post(f"{path}/settle", json={"reason": "mine"}, headers=elsewhere), 404, "not-found")
    dispatcher = world.signed_in(client, city.dispatcher)
    refused(client.get(path, headers=dispatcher), 403, "forbidden")


def test_pages_neither_repeat_nor_skip_a_salvage(
    app: Flask, client: FlaskClient, city: world.World, collector: FieldHandset
) -> None:
    expected = {str(uuid4()) for _ in range(5)}
    for salvage_id in expected:
        put(collector, UUID(salvage_id), b"x")
    same_moment = update(Salvage).values(received_at=now())
    with app.app_context():
        transact(lambda session: session.execute(same_moment).close())
    admin, seen, after = world.signed_in(client, city.admin), [], None
    while True:
        page = client.get(DOOR, query_string={"limit": 2, "after": after or ""}, headers=admin).get_json()
        seen += [row["id"] for row in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert sorted(seen) == sorted(expected)
    for cursor in ("x", "1.2.3.4", f"{'9' * 14}.{uuid4()}.{uuid4()}.{'0' * 64}"):
        refused(client.get(DOOR, query_string={"after": cursor}, headers=admin), 422, "validation")
