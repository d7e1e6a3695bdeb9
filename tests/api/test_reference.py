"""Reference documents (docs/protocol.md section 10): a handset fetches what it lacks, or the whole when in doubt."""

from typing import Any

import pytest
import world
from flask import Flask
from sqlalchemy import delete, update
from support.field import FieldHandset, refused
from werkzeug.test import TestResponse

from server.db import read, transact
from server.identity.models import Squad
from server.identity.operations import create_squad
from server.standards.jobs import publish_reference
from server.standards.models import ReferenceVersion
from server.standards.operations import load_scheme
from server.standards.reference import etags, publish
from server.standards.shipped import read_shipped

PARKS = "parks"


def put(app: Flask, **entries: int) -> str:
    """Publish a document of small entries and return its version."""
    with app.app_context():
        return transact(publish, PARKS, {key: {"size": size} for key, size in entries.items()})


def ask(handset: FieldHandset, name: str = PARKS, since: str | None = None, **headers: str) -> TestResponse:
    query = {} if since is None else {"since": since}
    path = f"/api/v1/reference/{name}"
    return handset.client.get(path, query_string=query, headers={**handset.headers, **headers})


def answer(handset: FieldHandset, name: str = PARKS, since: str | None = None) -> dict[str, Any]:
    response = ask(handset, name, since)
    assert response.status_code == 200, response.text
    document: dict[str, Any] = response.get_json()
    assert response.headers["ETag"] == f'"{document["version"]}"'
    assert response.headers["Answer-MAC"]
    return document


def test_without_a_version_the_whole_document_comes(app: Flask, collector: FieldHandset) -> None:
    version = put(app, east=1, west=2)
    whole = answer(collector)
    assert (whole["name"], whole["version"], whole["since"]) == (PARKS, version, None)
    assert (whole["entries"], whole["removed"]) == ({"east": {"size": 1}, "west": {"size": 2}}, [])


def test_since_a_version_only_the_difference_comes(app: Flask, collector: FieldHandset) -> None:
    first = put(app, east=1, west=2, north=3)
    second = put(app, east=1, west=5, south=4)
    assert first != second
    since_first = answer(collector, since=first)
    assert since_first["since"] == first
    assert since_first["entries"] == {"west": {"size": 5}, "south": {"size": 4}}
    assert since_first["removed"] == ["north"]
    since_second = answer(collector, since=second)
    assert (since_second["since"], since_second["entries"], since_second["removed"]) == (second, {}, [])
    assert answer(collector)["entries"].keys() == {"east", "west", "south"}


def test_an_entry_that_comes_back_is_an_entry_again(app: Flask, collector: FieldHandset) -> None:
    first = put(app, east=1)
    gone = put(app)
    put(app, east=1)
    for since in (first, gone):
        assert (answer(collector, since=since)["entries"], answer(collector, since=since)["removed"]) == (
            {"east": {"size": 1}},
            [],
        )


def test_publishing_the_same_again_keeps_the_version(app: Flask) -> None:
    assert put(app, east=1) == put(app, east=1)
    empty = put(app)
    assert empty == put(app)
    with app.app_context():
        assert read(etags)[PARKS] == empty


def test_a_copy_that_is_current_costs_no_body(app: Flask, collector: FieldHandset) -> None:
    version = put(app, east=1)
    for tag in (f'"{version}"', f'W/"{version}"', f'"other", "{version}"'):
        fresh = ask(collector, **{"If-None-Match": tag})
        assert (fresh.status_code, fresh.data) == (304, b"")
        assert fresh.headers["ETag"] == f'"{version}"'
    put(app, east=2)
    assert ask(collector, **{"If-None-Match": f'"{version}"'}).status_code == 200


@pytest.mark.parametrize("since", ["", "0000000000000000", "\0", "9" * 500])
def test_a_version_that_this_database_never_gave_gets_the_whole(
    app: Flask, collector: FieldHandset, since: str
) -> None:
    put(app, east=1)
    whole = answer(collector, since=since)
    assert (whole["since"], whole["entries"]) == (None, {"east": {"size": 1}})


def test_after_a_restore_a_lost_version_gets_the_whole(app: Flask, collector: FieldHandset) -> None:
    kept = put(app, east=1, west=2)
    lost = put(app, east=1)
    with app.app_context():
        # What a restore to the time between does to the newer version.
        forget = delete(ReferenceVersion).where(ReferenceVersion.version == lost)
        transact(lambda session: session.execute(forget).close())
    assert answer(collector, since=lost)["since"] is None
    assert answer(collector, since=kept)["removed"] == ["west"]


def test_a_name_that_nobody_published_is_not_found(collector: FieldHandset) -> None:
    for name in ("nothing", "\0", "x" * 500):
        refused(ask(collector, name), 404, "not-found")


def test_a_loaded_scheme_is_published_with_the_wires_members(app: Flask, collector: FieldHandset) -> None:
    scheme = read_shipped("gbt30428_2_2013")
    with app.app_context():
        count = transact(load_scheme, scheme)
    whole = answer(collector, "category-schemes")
    assert len(whole["entries"]) == count
    entry = whole["entries"][f"{scheme['scheme']}/{scheme['version']}/0110"]
    names = {"scheme", "version", "code", "issue_kind", "major", "name", "major_en", "name_en"}
    assert entry.keys() == names | {"effective_from", "conditions"}
    assert entry["conditions"][0].keys() == {"no", "filing", "closing", "limit", "season"}
    assert entry["code"] == "0110"
    with app.app_context():
        transact(load_scheme, scheme)
    assert answer(collector, "category-schemes")["version"] == whole["version"]


def test_squads_follow_the_roster(app: Flask, city: world.World, collector: FieldHandset) -> None:
    with app.app_context():
        publish_reference.run()
    before = answer(collector, "squads")
    assert before["entries"][str(city.street_squad_id)] == {
        "id": str(city.street_squad_id),
        "name": "城中中队",
        "agency_id": str(city.street_id),
    }
    with app.app_context():
        fresh = transact(create_squad, city.town_id, "渔港中队")
        renamed = update(Squad).where(Squad.id == city.town_squad_id).values(name="沙桥一中队")
        transact(lambda session: session.execute(renamed).close())
        publish_reference.run()
        publish_reference.run()
    changes = answer(collector, "squads", before["version"])
    assert changes["entries"].keys() == {str(fresh), str(city.town_squad_id)}


def test_a_key_that_the_table_cannot_hold_is_refused(app: Flask) -> None:
    with app.app_context(), pytest.raises(ValueError, match="more than 64 characters"):
        transact(publish, PARKS, {"x" * 65: {}})
