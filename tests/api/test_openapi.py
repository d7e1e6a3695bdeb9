"""The API describes itself: every door of a desk stands in openapi.json, however late somebody asks."""

import re

from flask import Flask
from flask.testing import FlaskClient

_ARGUMENT = re.compile(r"<(?:[^:<>]*:)?([^<>]+)>")


def test_every_documented_door_is_described_with_its_methods(app: Flask, client: FlaskClient) -> None:
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200, answer.text
    paths = answer.get_json()["paths"]
    lacking = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/")
        and not rule.endpoint.startswith("api-docs.")
        and not (rule.methods or set()).isdisjoint({"GET", "POST", "PUT", "DELETE"})
        and _ARGUMENT.sub(r"{\1}", rule.rule) not in paths
    ]
    assert lacking == []
    assert {"get", "post"} <= paths["/api/v1/cases"].keys()


def test_the_description_is_the_same_when_it_is_asked_for_again(client: FlaskClient) -> None:
    first, again = (client.get("/api/v1/openapi.json").get_json() for _ in range(2))
    assert first == again
