"""The collector against everything that saves a photograph: whoever is first, nothing that was promised is deleted.

Each pair is held at the statement that matters, in both orders, on both databases.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from support.field import FieldHandset, photo, report
from support.forced_points import COMMIT, Point, interleave
from support.photo_pool import DAY, POOL, Pool, later

from server.evidence.models import Photo, Upload

ONE = photo(1)
LENGTH = str(len(ONE.content))
CONDEMNED = Point(COMMIT, after="UPDATE photo SET condemned_at")
MARKED = Point(COMMIT, after="UPDATE photo SET deleting_at")
BYTES_GONE = Point("DELETE FROM photo")
both_orders = pytest.mark.parametrize("collector_first", [True, False], ids=["collector first", "collector second"])


@pytest.fixture
def forgotten(pool: Pool, collector: FieldHandset) -> Iterator[None]:
    """Let a photograph become old enough to be condemned."""
    collector.upload(ONE)
    with later(timedelta(hours=1)):
        collector.push()
    with later(POOL):
        yield


@pytest.fixture
def condemned(pool: Pool, forgotten: None) -> Iterator[None]:
    """Let it be condemned, and a day pass."""
    assert pool.collect().condemned == 1
    with later(DAY):
        yield


def endings(pool: Pool) -> list[str]:
    """Return what must not be, once nobody is at work."""
    wrong = []
    in_use = select(Photo.sha256).join(Upload, Upload.sha256 == Photo.sha256)
    marked = in_use.where(Photo.deleting_at.is_not(None), Upload.state == "open")
    if pool.ask(lambda session: session.scalars(marked).all()):
        wrong.append("marked for deletion although an open upload names it")
    for sha256, size in pool.ask(lambda session: session.execute(select(Photo.sha256, Photo.size)).all()):
        if not pool.has_bytes(sha256):
            wrong.append(f"a row of {size} bytes without bytes")
    return wrong


@both_orders
def test_asking_for_it(
    app: Flask, pool: Pool, collector: FieldHandset, forgotten: None, *, collector_first: bool
) -> None:
    def ask() -> str:
        answer = collector.client.post("/api/v1/photos/query", json={"hashes": [ONE.sha256]}, headers=collector.headers)
        told: str = collector.trusted(answer)["photos"][ONE.sha256]["state"]
        return told

    if collector_first:
        told = interleave(app, pool.collect, CONDEMNED, ask).second
    else:
        told = interleave(app, ask, Point(COMMIT, after="UPDATE photo SET asked_at"), pool.collect).first
    assert (told, pool.state(ONE.sha256)) == (("missing", "condemned") if collector_first else ("have", "waiting"))
    with later(DAY):
        pool.collect()
    assert pool.has_bytes(ONE.sha256) is (told == "have")
    assert endings(pool) == []


@both_orders
def test_declaring_it(
    app: Flask, pool: Pool, collector: FieldHandset, condemned: None, *, collector_first: bool
) -> None:
    item = collector.item(payload=report(ONE))

    def push() -> list[str]:
        missing: list[str] = collector.results(item)[0].get("missing_photos", [])
        return missing

    if collector_first:
        missing = interleave(app, pool.collect, MARKED, push).second
    else:
        missing = interleave(app, push, Point(COMMIT, after="UPDATE photo SET .*attached_at"), pool.collect).first
    assert missing == ([ONE.sha256] if collector_first else [])
    assert pool.state(ONE.sha256) == ("gone" if collector_first else "attached")
    assert [want["sha256"] for want in collector.push()["photo_wants"]] == missing
    assert endings(pool) == []


@both_orders
def test_opening_an_upload_of_it(
    app: Flask, pool: Pool, collector: FieldHandset, enforcer: FieldHandset, condemned: None, *, collector_first: bool
) -> None:
    def create() -> int:
        return enforcer.create(ONE).status_code

    if collector_first:
        status = interleave(app, pool.collect, MARKED, create).second
    else:
        status = interleave(app, create, Point(COMMIT, after="INSERT INTO upload"), pool.collect).first
    assert endings(pool) == []
    assert pool.state(ONE.sha256) == ("gone" if collector_first else "condemned")
    # Whoever waits for SQLite's one writer may come when the collector is done.
    assert status in ({503, 201} if collector_first else {201})
    enforcer.upload(ONE)
    assert pool.state(ONE.sha256) == "waiting"
    assert endings(pool) == []


@pytest.mark.parametrize(
    ("held", "is_collector"),
    [
        (MARKED, True),
        (BYTES_GONE, True),
        (Point(COMMIT, after="UPDATE upload SET sha256"), False),
        (Point("UPDATE upload SET .*completed_at"), False),
        (Point(COMMIT, after="INSERT INTO photo"), False),
    ],
    ids=["marked", "bytes gone", "claimed", "stored", "arrived"],
)
def test_finishing_an_upload_that_did_not_name_it_before(
    app: Flask,
    pool: Pool,
    enforcer: FieldHandset,
    condemned: None,
    held: Point,
    *,
    is_collector: bool,
) -> None:
    place = enforcer.tus("POST", Upload_Length=LENGTH).headers["Location"]

    def finish() -> int:
        return enforcer.append(place, 0, ONE.content).status_code

    if is_collector:
        status = interleave(app, pool.collect, held, finish).second
    else:
        status = interleave(app, finish, held, pool.collect).first
    # Whoever waits for SQLite's one writer may come when the collector is done.
    assert status in ({503, 204} if is_collector else {204})
    assert endings(pool) == []
    # The handset goes on where it stands: nothing has to be sent again but what was not stored.
    offset = int(enforcer.tus("HEAD", place).headers["Upload-Offset"])
    assert enforcer.append(place, offset, ONE.content[offset:]).status_code == 204
    assert (pool.state(ONE.sha256), pool.has_bytes(ONE.sha256)) == ("waiting", True)
    assert endings(pool) == []


def test_two_collectors_delete_it_once(app: Flask, pool: Pool, condemned: None) -> None:
    held = interleave(app, pool.collect, MARKED, pool.collect)
    assert sorted([held.first.deleted, held.second.deleted]) == [0, 1]
    assert (pool.state(ONE.sha256), pool.has_bytes(ONE.sha256)) == ("gone", False)
