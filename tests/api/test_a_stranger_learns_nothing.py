"""Whoever asks for somebody else's things is answered, byte for byte, as for things that do not exist."""

import base64
import json
import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
import world
from flask import Flask
from support.field import FieldHandset, Item, Photo, answer_to, handset_of, photo, report
from support.kinds import addition, correction
from support.office import Office
from support.people import lived
from werkzeug.test import TestResponse

HERE, NEVER_SENT = photo(1), photo(2)


@dataclass(frozen=True)
class Things:
    """Ids that somebody holds, or that nobody holds."""

    item: Item
    task: dict[str, Any]
    case_id: str
    upload: str
    photo: Photo
    salvage: str


def a_stranger(app: Flask, city: world.World) -> FieldHandset:
    """Return a fresh handset of another tenant; what one asked must not stand in the answers to the next."""
    return handset_of(app, city, city.town_enforcer)


@pytest.fixture
def theirs(collector: FieldHandset, enforcer: FieldHandset, office: Office) -> Things:
    """Return the things of an officer, all of which exist."""
    made = lived("an officer's things", lambda: made_things(collector, enforcer, office), collector, enforcer)
    return deepcopy(made)


def made_things(collector: FieldHandset, enforcer: FieldHandset, office: Office) -> Things:
    item = collector.item(payload=report(HERE))
    (result,) = collector.results(item)
    collector.upload(HERE)
    office.dispatch(result["case_id"])
    enforcer.pull()
    (task,) = enforcer.tasks()
    salvage = str(uuid4())
    kept = collector.client.put(f"/api/v1/salvage/{salvage}", data=b"x", headers=collector.headers)
    assert kept.status_code == 201, kept.text
    upload = collector.create(photo(3)).headers["Location"].rpartition("/")[2]
    return Things(item, task, result["case_id"], upload, HERE, salvage)


@pytest.fixture
def nobodys(collector: FieldHandset, theirs: Things) -> Things:
    """Return things of the same form that do not exist."""
    task = {**theirs.task, "task_id": str(uuid4())}
    return Things(collector.item(), task, str(uuid4()), str(uuid4()), NEVER_SENT, str(uuid4()))


Ask = Callable[[FieldHandset, Things], TestResponse]


def pushed(kind: str, payload: Callable[[Things], object]) -> Ask:
    def ask(stranger: FieldHandset, things: Things) -> TestResponse:
        return stranger.post(stranger.envelope([stranger.item(kind, payload(things))], batch_id="b"))

    return ask


def posted(path: str, document: Callable[[Things], object]) -> Ask:
    return lambda stranger, things: stranger.client.post(
        f"/api/v1{path}", json=document(things), headers=stranger.headers
    )


def tus(method: str) -> Ask:
    headers = {"Upload_Offset": "0", "Content_Type": "application/offset+octet-stream"}
    return lambda stranger, things: stranger.tus(method, f"/api/v1/uploads/{things.upload}", b"x", **headers)


def declared(things: Things) -> dict[str, Any]:
    return addition(things.photo, item_id=str(uuid4()))


ASKED: dict[str, Ask] = {
    "an answer to a task": pushed("task_event", lambda things: answer_to(things.task, "done")),
    "photographs for a case": pushed("evidence", lambda things: addition(photo(9), case_id=things.case_id)),
    "photographs for a task": pushed("evidence", lambda things: addition(photo(9), task_id=things.task["task_id"])),
    "photographs for a report": pushed("evidence", lambda things: addition(photo(9), item_id=things.item["id"])),
    "a correction": pushed("amend", lambda things: correction(things.item, description="x")),
    "a report with a photograph": pushed("report", lambda things: report(things.photo)),
    "a report that names a case before": pushed(
        "report", lambda things: report(prior={"case_id": things.case_id, "case_no": "1"})
    ),
    "an item of another": lambda stranger, things: stranger.post(stranger.envelope([things.item], batch_id="b")),
    "verify": posted("/sync/verify", lambda things: {"items": [{"id": things.item["id"], "h": things.item["h"]}]}),
    "verify with another hash": posted(
        "/sync/verify", lambda things: {"items": [{"id": things.item["id"], "h": "0" * 64}]}
    ),
    "reconcile": posted(
        "/sync/reconcile",
        lambda things: {"manifest": [["case", things.case_id, "v"], ["task", things.task["task_id"], "v"]]},
    ),
    "session of an officer": posted("/sync/session", lambda things: {"officer_id": things.case_id}),
    "HEAD of an upload": tus("HEAD"),
    "PATCH of an upload": tus("PATCH"),
    "DELETE of an upload": tus("DELETE"),
    "creating an upload of known bytes": lambda stranger, things: stranger.create(things.photo),
    "a photograph": lambda stranger, things: stranger.client.get(
        f"/api/v1/photos/{things.photo.sha256}", headers=stranger.headers
    ),
    "salvage under a known id": lambda stranger, things: stranger.client.put(
        f"/api/v1/salvage/{things.salvage}", data=b"y", headers=stranger.headers
    ),
    "salvage of known bytes": lambda stranger, things: stranger.client.put(
        f"/api/v1/salvage/{things.salvage}", data=b"x", headers=stranger.headers
    ),
}

# What differs between any two answers: times, numbers of requests and of items, fresh ids, sizes of drawn pictures.
_FRESH = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32,64}|\d{4}-\d\d-\d\dT[0-9:.]+(Z|\+00:00)"
    r'|"(n|acked_through|offset_ms|uncertainty_ms|sync_after_s|version)":[^,}]+|"gaps":\[(\[\d+,\d+\],?)*\]|c1\.[A-Za-z0-9_.-]+'
)


def told(answer: TestResponse) -> tuple[int, str, str]:
    """Return what an answer says, with everything that is new in every answer written the same."""
    text = answer.get_data(as_text=True).replace(" ", "")
    headers = {name: answer.headers.get(name) for name in ("Upload-Offset", "Upload-Length", "Cache-Control", "Allow")}
    return answer.status_code, _FRESH.sub("*", text), json.dumps(headers)


@pytest.mark.parametrize("name", ASKED)
def test_what_is_somebody_elses_is_answered_like_what_does_not_exist(
    app: Flask, city: world.World, theirs: Things, nobodys: Things, name: str
) -> None:
    unknown, known = (told(ASKED[name](a_stranger(app, city), things)) for things in (nobodys, theirs))
    assert known == unknown


def test_a_pull_and_the_wants_of_a_stranger_hold_nothing_of_others(
    app: Flask, city: world.World, theirs: Things
) -> None:
    answer = a_stranger(app, city).push(pull={"cursor": None})
    text = json.dumps(answer)
    for secret in (theirs.item["id"], theirs.case_id, theirs.task["task_id"], theirs.photo.sha256, theirs.upload):
        assert secret not in text
    assert base64.b64encode(theirs.photo.sha256.encode()).decode() not in text
