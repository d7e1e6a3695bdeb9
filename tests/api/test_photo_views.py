"""Who looked at which photograph: counted when bytes go out, told to the custody record in batches."""

from datetime import timedelta

import pytest
import world
from console import console
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from street import Street, sha256_of, street
from support.custody import custody, told
from support.retiring import later
from support.showing import show

from server.db import read, transact
from server.evidence.models import PhotoView
from server.evidence.view_jobs import tell_views
from server.evidence.views import flush_views, note_view


@pytest.fixture
def town(app: Flask, client: FlaskClient) -> Street:
    built = street(app, client)
    built.report("near")
    built.upload("near")
    show(app, "near")
    return built


@pytest.fixture
def reviewer(town: Street) -> dict[str, str]:
    return world.signed_in(town.client, town.city.reviewer)


def look(town: Street, headers: dict[str, str], rendition: str, **more: str) -> int:
    url = f"/api/v1/photos/{sha256_of('near')}?rendition={rendition}"
    with town.client.get(url, headers={**headers, **more}) as answer:
        return answer.status_code


def flush(town: Street) -> int:
    with town.app.app_context():
        return transact(flush_views)


def views(town: Street) -> list[dict[str, object]]:
    return told(town.app, "photo", sha256_of("near"), "viewed")


def test_looks_are_told_once_with_their_count(town: Street, reviewer: dict[str, str]) -> None:
    assert [look(town, reviewer, "preview") for _ in range(3)] == [200, 200, 200]
    look(town, reviewer, "original")
    look(town, town.desk, "original")
    assert flush(town) == 3
    assert flush(town) == 0
    assert sorted((str(view["rendition"]), view["times"]) for view in views(town)) == [
        ("original", 1),
        ("original", 1),
        ("preview", 3),
    ]
    people = {event.actor_id for event in custody(town.app, "photo", sha256_of("near")) if event.kind == "viewed"}
    assert people == {town.city.reviewer.id, town.city.dispatcher.id}


def test_thumbnails_and_what_carries_no_bytes_are_no_looks(town: Street, reviewer: dict[str, str]) -> None:
    assert look(town, reviewer, "thumbnail") == 200
    url = f"/api/v1/photos/{sha256_of('near')}?rendition=preview"
    with town.client.get(url, headers=reviewer) as answer:
        etag = answer.headers["ETag"]
    flush(town)
    assert look(town, reviewer, "preview", **{"If-None-Match": etag}) == 304
    with town.client.head(url, headers=reviewer):
        pass
    assert look(town, town.collector.headers, "preview") == 200
    assert flush(town) == 0


def test_the_console_counts_too_and_the_public_view_by_its_own_name(town: Street) -> None:
    desk = console(town.app, town.city.reviewer)
    (shot,) = town.client.get("/api/v1/evidence", headers=town.desk).json["evidence"]
    for path in (f"/photos/{sha256_of('near')}/preview", f"/evidence/{shot['id']}/public"):
        with desk.get(path) as answer:
            assert answer.status_code == 200
    flush(town)
    assert sorted(str(view["rendition"]) for view in views(town)) == ["preview", "public"]


def test_a_look_after_the_telling_begins_a_new_count(town: Street, reviewer: dict[str, str]) -> None:
    look(town, reviewer, "preview")
    with town.app.app_context():
        tell_views.run()
    with later(timedelta(hours=2)):
        look(town, reviewer, "preview")
        flush(town)
    first, second = views(town)
    assert (first["times"], second["times"]) == (1, 1)
    assert str(first["last_at"]) < str(second["first_at"])


def test_more_looks_than_one_batch_are_all_told(town: Street) -> None:
    def many(session: Session) -> None:
        for number in range(501):
            note_view(session, town.city.reviewer.id, sha256_of(str(number)), "preview")

    with town.app.app_context():
        transact(many)
        tell_views.run()
        assert read(lambda session: session.scalar(select(func.count()).select_from(PhotoView))) == 0
