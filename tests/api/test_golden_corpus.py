"""Requests that handsets of earlier releases have sent, byte for byte, and what every later server must answer."""

import base64
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import world
from flask import Flask
from sqlalchemy import insert
from sqlalchemy.orm import Session

from server.clock import now
from server.db import transact
from server.identity.models import Install, InstallKey, InstallShift, Officer, RoleGrant
from server.identity.tokens import digest
from sync.uuid7 import uuid7

CORPUS = json.loads((Path(__file__).parents[1] / "golden" / "field_sync_1.json").read_text(encoding="ascii"))
INSTALL, OFFICER = UUID(CORPUS["install_id"]), UUID(CORPUS["officer_id"])


@pytest.fixture
def street(app: Flask, city: world.World) -> None:
    """Write the officer and the handset of the corpus."""
    with app.app_context():
        transact(_enrol, city)


def _enrol(session: Session, city: world.World) -> None:
    moment = now()
    officer = {"id": OFFICER, "agency_id": city.street_id, "login": "golden", "name": "金", "password_hash": "none"}
    defaults = {"demo_password": False, "must_change_password": False, "active": True, "session_generation": 0}
    session.execute(insert(Officer.__table__), [officer | defaults])
    grant = {"officer_id": OFFICER, "role": "collector", "agency_id": city.street_id}
    session.execute(insert(RoleGrant.__table__), [grant])
    session.add(
        Install(
            id=INSTALL,
            agency_id=city.street_id,
            officer_id=OFFICER,
            label="golden",
            app="1.0",
            credential_sha256=digest(CORPUS["credential"]),
            enrolled_at=moment,
        )
    )
    session.flush()
    public = base64.b64decode(CORPUS["public_key"])
    session.add(
        InstallKey(
            id=uuid7(), install_id=INSTALL, officer_id=OFFICER, algorithm="ES256", public_key=public, valid_from=moment
        )
    )
    session.add(InstallShift(id=uuid7(), install_id=INSTALL, officer_id=OFFICER, from_at=moment))


def test_every_request_of_the_corpus_is_answered_as_it_ever_was(app: Flask, street: None) -> None:
    answers = {request["name"]: _sent(app, request) for request in CORPUS["requests"]}
    expected = {request["name"]: request["states"] for request in CORPUS["requests"]}
    assert {name: [result["state"] for result in found] for name, found in answers.items()} == expected
    assert answers["without-category"][0]["problem"]["errors"].keys() >= {"payload.category", "payload.position"}


def test_the_corpus_in_any_order_ends_in_the_same_states(app: Flask, street: None) -> None:
    for request in reversed(CORPUS["requests"]):
        if request["name"] != "other-content":  # which of two contents is first is a matter of order
            _sent(app, request)
    settled = {"applied": "applied", "duplicate": "applied", "waiting": "waiting", "quarantined": "quarantined"}
    for request in CORPUS["requests"]:
        if request["name"] != "other-content":
            (result,) = _sent(app, request)
            assert result["state"] == "duplicate"
            if request["name"] not in {"amend", "evidence", "track"}:  # woken by the worker, which no test runs here
                assert result["current"]["state"] == settled[request["states"][0]], request["name"]


def _sent(app: Flask, request: dict[str, Any]) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {CORPUS['credential']}", "Content-Type": "application/json"}
    body = base64.b64decode(request["body"])
    headers["Content-Encoding"] = request["encoding"]
    answer = app.test_client().post("/api/v1/sync/push", data=body, headers=headers)
    assert answer.status_code == 200, (request["name"], answer.text)
    found: list[dict[str, Any]] = json.loads(answer.data)["results"]
    return found
