"""Every refusal under /api is a problem document that says what to do; none of them is a 500 or an HTML page."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import world
from console import console
from flask import Flask
from support.databases import ON_SQLITE_ONLY
from support.field import PROBLEM, PUSH, FieldHandset, handset_of, refused
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from server.problems import CATALOGUE, TYPE_BASE

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Open to everybody on purpose: signing in, enrolling, what tus offers, and the document that describes the API.
OPEN = {"/api/v1/sessions", "/api/v1/enrol", "/api/v1/openapi.json"}


@pytest.fixture
def handset(app: Flask, city: world.World) -> FieldHandset:
    return handset_of(app, city, city.collector)


def rules(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Yield every API rule with an address that fits it."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/"):
            filled = {name: "0" * 64 if name == "sha256" else str(uuid4()) for name in rule.arguments}
            with app.test_request_context():
                yield rule, app.url_map.bind("").build(rule.endpoint, filled, method=next(iter(rule.methods or ())))


def asked(app: Flask, method: str, path: str, **options: Any) -> TestResponse:  # noqa: ANN401 (the client's options)
    return app.test_client().open(path, method=method, **options)


def check(response: TestResponse, told: object) -> None:
    """See that a refusal is a whole problem document of the catalogue."""
    assert 400 <= response.status_code < 500, (told, response.status_code, response.text)
    assert response.mimetype == PROBLEM, (told, response.mimetype)
    problem = json.loads(response.data)
    slug = problem["type"].removeprefix(TYPE_BASE)
    assert CATALOGUE[slug].status == response.status_code == problem["status"], told
    assert problem["title"], told
    assert problem["detail"], told
    assert problem["request_id"] == response.headers["X-Request-ID"], told


def test_the_map_holds_the_doors_that_handsets_and_desks_need(app: Flask) -> None:
    paths = {rule.rule for rule, _ in rules(app)}
    assert {PUSH, "/api/v1/sync/pull", "/api/v1/uploads", "/api/v1/cases", "/api/v1/quarantine"} <= paths


@ON_SQLITE_ONLY
def test_every_door_refuses_who_shows_nothing(app: Flask, city: world.World) -> None:
    for rule, path in rules(app):
        for method in sorted((rule.methods or set()) & set(METHODS)):
            if path in OPEN:
                continue
            response = asked(app, method, path)
            check(response, (method, path))
            assert response.status_code == 401, (method, path, response.text)
            assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_every_door_refuses_the_wrong_kind_of_credential(app: Flask, city: world.World, handset: FieldHandset) -> None:
    tokens = ["hs_nobody", "at_nobody", "", "x" * 5000, "\xe9", "a b"]
    for rule, path in rules(app):
        method = next(iter((rule.methods or set()) & set(METHODS)), None)
        if path in OPEN or method is None:
            continue
        for token in tokens:
            check(asked(app, method, path, headers={"Authorization": f"Bearer {token}"}), (method, path, token))
        desk_door = not path.startswith(("/api/v1/sync", "/api/v1/uploads", "/api/v1/photos/", "/api/v1/reference"))
        if desk_door and rule.rule != "/api/v1/salvage/<uuid:salvage_id>":
            check(asked(app, method, path, headers=handset.headers), (method, path, "a handset at the desk"))


def test_every_door_refuses_a_method_it_does_not_take(app: Flask, handset: FieldHandset) -> None:
    taken: dict[str, set[str]] = {}
    for rule, _ in rules(app):
        taken.setdefault(rule.rule, set()).update(rule.methods or set())
    for rule, path in rules(app):
        wrong = next((method for method in METHODS if method not in taken[rule.rule]), None)
        if wrong is not None:
            response = asked(app, wrong, path, headers=handset.headers)
            check(response, (wrong, path))
            assert response.status_code in {404, 405}, (wrong, path)
            assert response.status_code == 404 or response.headers["Allow"]


@ON_SQLITE_ONLY
def test_every_door_that_reads_json_refuses_what_is_none(app: Flask, city: world.World, handset: FieldHandset) -> None:
    desk = world.signed_in(app.test_client(), city.admin)
    dispatcher = world.signed_in(app.test_client(), city.dispatcher)
    bodies: list[tuple[bytes, str]] = [
        (b"{", "application/json"),
        (b"null", "application/json"),
        (b"[]", "application/json"),
        (b'"text"', "application/json"),
        (b'{"\xff": 1}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"a": ' + b"9" * 5000 + b"}", "application/json"),
        (b"a=b", "application/x-www-form-urlencoded"),
        (b"<a/>", "text/xml"),
        (b"{}", ""),
    ]
    for rule, path in rules(app):
        for method in sorted((rule.methods or set()) & {"POST", "PUT", "PATCH"}):
            for content, media_type in bodies:
                for headers in (desk, dispatcher, handset.headers):
                    sent = {"Tus-Resumable": "1.0.0", "Content-Type": media_type, **headers}
                    response = asked(app, method, path, data=content, headers=sent)
                    if response.status_code >= 300:
                        check(response, (method, path, content[:20], media_type))


def test_an_address_that_nobody_knows_is_a_problem_too(app: Flask, city: world.World) -> None:
    desk = world.signed_in(app.test_client(), city.dispatcher)
    for path in ("/api/v1/nothing", "/api/", "/api/v2/cases", f"/api/v1/cases/{uuid4()}", "/api/v1/cases/nonsense"):
        response = asked(app, "GET", path, headers=desk)
        check(response, path)
        assert response.status_code == 404
    check(asked(app, "GET", "/api/v1/cases/%00", headers=desk), "NUL")
    check(asked(app, "GET", "/api/v1/cases/%ff%fe", headers=desk), "no UTF-8")


def test_lists_refuse_a_wrong_page_with_the_field(app: Flask, city: world.World) -> None:
    desk = world.signed_in(app.test_client(), city.dispatcher)
    admin = world.signed_in(app.test_client(), city.admin)
    for path, headers in (("/api/v1/cases", desk), ("/api/v1/quarantine", admin), ("/api/v1/officers", desk)):
        for limit in ("0", "201", "-1", "many", "\u00b2", "9" * 5000):
            response = asked(app, "GET", path, headers=headers, query_string={"limit": limit})
            assert "limit" in refused(response, 422, "validation")["errors"], (path, limit[:9])
        for after in ("nonsense", "\0", "\U0001f4a9", "9" * 5000, f"{'9' * 13}.{uuid4()}.x", "-1.x"):
            response = asked(app, "GET", path, headers=headers, query_string={"after": after})
            if response.status_code != 200:
                check(response, (path, after[:30]))


def test_a_body_over_the_limit_is_refused_everywhere(app: Flask, city: world.World, handset: FieldHandset) -> None:
    desk = world.signed_in(app.test_client(), city.dispatcher)
    large = b'{"login": "' + b"x" * (2 * 1024 * 1024) + b'"}'
    for path, headers in (
        ("/api/v1/sessions", {}),
        ("/api/v1/enrol", {}),
        (f"/api/v1/cases/{uuid4()}/actions", desk),
        (PUSH, handset.headers),
    ):
        response = asked(app, "POST", path, data=large, headers={"Content-Type": "application/json", **headers})
        refused(response, 413, "body-too-large")


def test_a_cookie_of_the_console_opens_no_door_of_the_api(app: Flask, city: world.World) -> None:
    browser = console(app, city.dispatcher)
    assert browser.get("/").status_code == 200
    refused(browser.get("/api/v1/cases"), 401, "sign-in-required")


def test_the_reader_is_answered_in_the_own_language(app: Flask) -> None:
    english = asked(app, "GET", "/api/v1/cases", headers={"Accept-Language": "en"}).json
    chinese = asked(app, "GET", "/api/v1/cases", headers={"Accept-Language": "zh-CN"}).json
    assert english["type"] == chinese["type"]
    assert english["title"].isascii()


def test_every_problem_of_the_catalogue_says_what_it_is_and_what_to_do() -> None:
    for slug, kind in CATALOGUE.items():
        assert slug == slug.lower()
        assert 400 <= kind.status <= 599, slug
        assert kind.title, slug
        assert kind.advice.endswith("."), slug
