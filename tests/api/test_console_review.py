"""What the gallery sends: verdicts as JSON from the keyboard script and as plain forms; photographs by cookie."""

import re
from typing import Any

import pytest
from console import Console, console, stranger
from flask import Flask
from flask.testing import FlaskClient
from street import Street, sha256_of, street
from werkzeug.test import TestResponse


@pytest.fixture
def town(app: Flask, client: FlaskClient) -> Street:
    built = street(app, client)
    built.report("near")
    built.upload("near")
    return built


@pytest.fixture
def reviewer(app: Flask, town: Street) -> Console:
    return console(app, town.city.reviewer)


def card(reviewer: Console) -> tuple[str, str, str]:
    """Return (address, version, state) of the one photograph in the gallery."""
    page = reviewer.text("/evidence")
    names = ("data-review-url", "data-version", "data-review-state")
    address, version, state = (re.findall(f'{name}="([^"]+)"', page) for name in names)
    return address[0], version[0], state[0]


def judge(reviewer: Console, **verdict: Any) -> TestResponse:  # noqa: ANN401 (JSON)
    address, version, _state = card(reviewer)
    headers = {"X-CSRFToken": reviewer.csrf_token()}
    return reviewer.client.post(address, json={"version": version, **verdict}, headers=headers)


def test_a_verdict_by_script_is_answered_with_state_version_and_label(reviewer: Console) -> None:
    before = card(reviewer)[1]
    answer = judge(reviewer, verdict="accepted")
    address, version, state = card(reviewer)
    assert answer.get_json() == {"review_state": "accepted", "version": version, "label": "Accepted"}
    assert (state, version != before) == ("accepted", True)
    assert reviewer.get(address).get_json() == answer.get_json()


def test_a_verdict_on_an_outdated_view_is_a_conflict_the_script_can_read(reviewer: Console) -> None:
    refused = judge(reviewer, verdict="accepted", version="0" * 16)
    assert (refused.status_code, refused.mimetype) == (409, "application/problem+json")
    assert refused.get_json()["title"] == "Somebody else was faster"
    assert card(reviewer)[2] == "unreviewed"


@pytest.mark.parametrize(
    "body", [{"verdict": "returned"}, {"verdict": "burnt"}, {"verdict": "accepted", "version": ""}]
)
def test_an_incomplete_verdict_is_refused(reviewer: Console, body: dict[str, str]) -> None:
    assert judge(reviewer, **body).status_code == 422
    assert card(reviewer)[2] == "unreviewed"


def test_a_verdict_without_the_csrf_token_is_refused(reviewer: Console) -> None:
    address, version, _state = card(reviewer)
    refused = reviewer.client.post(address, json={"version": version, "verdict": "accepted"})
    assert (refused.status_code, refused.mimetype) == (400, "application/problem+json")
    assert refused.get_json()["request_id"] == refused.headers["X-Request-ID"]
    assert card(reviewer)[2] == "unreviewed"


def test_after_the_session_ended_the_script_is_told_so_and_a_reader_sees_the_form(
    app: Flask, reviewer: Console
) -> None:
    address, version, _state = card(reviewer)
    gone, script = stranger(app), {"Accept": "application/json"}
    headers = {"X-CSRFToken": gone.csrf_token(), **script}
    told = [
        gone.client.post(address, json={"version": version, "verdict": "accepted"}, headers=headers),
        gone.client.get(address, headers=script),
    ]
    assert [(one.status_code, one.mimetype) for one in told] == [(401, "application/problem+json")] * 2
    assert [one.get_json()["title"] for one in told] == ["You are not signed in"] * 2
    assert "WWW-Authenticate" not in told[0].headers
    assert gone.client.get(address, headers={"Accept": "text/html,*/*;q=0.8"}).status_code == 302
    assert card(reviewer)[2] == "unreviewed"


def test_what_is_wrong_with_a_field_is_said_in_the_readers_language(reviewer: Console) -> None:
    reviewer.client.post("/language", data={"csrf_token": reviewer.csrf_token(), "locale": "zh_Hans_CN"})
    told = judge(reviewer, verdict="returned").get_json()
    assert told["errors"] == {"reason": ["退回照片须填写原因。"]}


def test_without_scripts_a_form_returns_the_photograph_with_its_reason(reviewer: Console) -> None:
    address, version, _state = card(reviewer)
    sent = reviewer.post(
        address, verdict="returned", reason="看不清门牌", version=version, next="/evidence?stage=report"
    )
    assert sent.status_code == 303
    assert sent.location.startswith("/evidence?stage=report#e-")
    assert "看不清门牌" in reviewer.text("/evidence")
    assert card(reviewer)[2] == "returned"


def test_a_reader_without_the_reviewers_role_gets_no_buttons_and_no_verdict(app: Flask, town: Street) -> None:
    reviewer, dispatcher = console(app, town.city.reviewer), console(app, town.city.dispatcher)
    address, version, _state = card(reviewer)
    assert "data-review-url" not in dispatcher.text("/evidence")
    headers = {"X-CSRFToken": dispatcher.csrf_token()}
    body = {"verdict": "accepted", "version": version}
    assert dispatcher.client.post(address, json=body, headers=headers).status_code == 403
    assert card(reviewer)[2] == "unreviewed"


def test_an_undrawn_preview_is_announced_instead_of_a_broken_picture(reviewer: Console) -> None:
    assert "Preview is being made" in reviewer.text("/evidence")
    assert reviewer.get(f"/photos/{sha256_of('near')}/nonsense").status_code == 422
