"""docs/exchanges.md shows client authors what goes over the wire; it is recorded here, from the running server.

`make exchanges` writes the document anew; otherwise it must be what the server does.
"""

import base64
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from support.duty import code_for, new_key, offered, proof
from support.exchanges import Recorder
from support.field import CLOCK, OFFSET_STREAM, FieldHandset, Item, handset_of, photo, report
from support.kinds import correction, woken
from support.office import Office
from werkzeug.test import TestResponse
from world import EnrolledHandset, World

from server.standards.jobs import publish_reference

DOCUMENT = Path(__file__).parents[2] / "docs" / "exchanges.md"
RECORD = "RECORD_EXCHANGES"
HEAD = """# Field Sync 1: recorded exchanges

Recorded by `tests/api/test_recorded_exchanges.py` from the running server; what varies is replaced by names, the same
one wherever it stands. The rules are in [protocol.md](protocol.md).
"""


@pytest.fixture
def database(sqlite_database: str) -> str:
    """Record once: both databases answer alike, which the other tests see to."""
    return sqlite_database


class Street:
    """A handset whose requests are recorded."""

    def __init__(self, app: Flask, recorder: Recorder) -> None:
        self.app = app
        self.recorder = recorder
        self.headers: dict[str, str] = {}

    def ask(
        self, method: str, path: str, body: object = None, *, query: dict[str, str] | None = None, **headers: str
    ) -> TestResponse:
        """Send a JSON request and record it."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        address = f"/api/v1{path}" + (f"?{urlencode(query)}" if query else "")
        answer = self.app.test_client().open(address, method=method, json=body, headers=self.headers | named)
        self.recorder.add(method, address, answer, body=body, headers=self.headers | named)
        return answer

    def push(self, handset: FieldHandset, *items: object, **members: object) -> dict[str, Any]:
        """Push with the clock as it is now (what the server says of a wrong one depends on the day) and record it."""
        clock = CLOCK | {"wall": datetime.now(UTC).isoformat()}
        answer = self.ask("POST", "/sync/push", handset.envelope(items, clock=clock, **members))
        told: dict[str, Any] = answer.json
        return told

    def send(self, method: str, path: str, data: bytes = b"", **headers: str) -> TestResponse:
        """Send bytes and record all but them."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        address = path if path.startswith("/api") else f"/api/v1{path}"
        client, sent = self.app.test_client(), self.headers | named
        # Buffered: a photograph's file is closed when its answer was read to the end.
        answer = client.open(address, method=method, data=data, headers=sent, buffered=True)
        self.recorder.add(method, address, answer, headers=sent)
        return answer


@dataclass(frozen=True)
class City:
    """The people, the desk that they work at, and the handset in the street."""

    app: Flask
    people: World
    office: Office
    street: Street


def test_the_recorded_exchanges_are_what_the_server_says(app: Flask, city: World, office: Office) -> None:
    with app.app_context():
        publish_reference.run()
    recorder = Recorder()
    recorder.parts.append(HEAD)
    here = City(app, city, office, Street(app, recorder))
    handset = _enrol(here)
    case_id, reported = _push(here.street, handset)
    _photograph(here.street)
    _dispatch_and_pull(here, case_id)
    _gaps_and_receipt(here, handset)
    _conflict(here.street, handset, reported)
    _officers(here, handset)
    _safety(here.street)
    _refusals(here, handset)
    text = recorder.document()
    if os.environ.get(RECORD):
        DOCUMENT.write_text(text, encoding="utf-8")
    assert text == DOCUMENT.read_text(encoding="utf-8"), f"{DOCUMENT.name} is old: run `make exchanges` and read it"


def _enrol(here: City) -> FieldHandset:
    street, people = here.street, here.people
    street.recorder.title("Enrolment", "The code comes from an administrator; the key was made on the handset.")
    key = new_key()
    code = code_for(here.app, people, people.collector)
    body = {"code": code, "public_key": offered(key), "label": "巡查 07", "app": "2.4.1"}
    told = street.ask("POST", "/enrol", body).json
    street.headers = {"Authorization": f"Bearer {told['credential']}"}
    street.ask("GET", "/sync/hello")
    made = EnrolledHandset(told["install_id"], people.collector.id, told["credential"], street.headers, key)
    return FieldHandset(here.app, made)


def _push(street: Street, handset: FieldHandset) -> tuple[str, Item]:
    words = "A report with a photograph that has not arrived yet, and a pull on its back. Then the same bytes again."
    street.recorder.title("Push", words)
    item = handset.item(payload=report(photo(1)))
    first = street.push(handset, item, pull={"cursor": None, "limit": 200})
    street.push(handset, item)
    case_id: str = first["results"][0]["case_id"]
    words = "One that waits for a task, one that is damaged, and one whose bytes were hurt on the way."
    street.recorder.title("Push: other verdicts", words)
    waiting = handset.item("task_event", {"task_id": case_id, "assignment_no": 1, "event": "accepted"})
    damaged = handset.item(payload={"description": "no category"})
    hurt = handset.item() | {"h": "0" * 64}
    street.push(handset, waiting, damaged, hurt)
    return case_id, item


def _photograph(street: Street) -> None:
    words = "Opened, broken off in the middle, asked for, gone on with; then its original is fetched."
    street.recorder.title("A photograph", words)
    one = photo(1)
    named = base64.b64encode(one.sha256.encode()).decode()
    tus = {"Tus_Resumable": "1.0.0"}
    made = street.send(
        "POST", "/uploads", **tus, Upload_Length=str(len(one.content)), Upload_Metadata=f"sha256 {named}"
    )
    path = made.headers["Location"]
    body = {"Upload_Offset": "0", "Content_Type": OFFSET_STREAM}
    street.send("PATCH", path, one.content[:4000], **tus, **body)
    street.send("HEAD", path, **tus)
    street.ask("POST", "/photos/query", {"hashes": [one.sha256]})
    street.send("PATCH", path, one.content[4000:], **tus, **(body | {"Upload_Offset": "4000"}))
    street.send("GET", f"/photos/{one.sha256}")
    words = "What need not be sent; an upload that is given up; one that is complete and is not taken back."
    street.recorder.title("Photographs: query and termination", words)
    street.ask("POST", "/photos/query", {"hashes": [one.sha256, photo(2).sha256]})
    begun = street.send("POST", "/uploads", **tus, Upload_Length=str(len(photo(2).content)))
    street.send("DELETE", begun.headers["Location"], **tus)
    street.send("DELETE", path, **tus)


def _dispatch_and_pull(here: City, case_id: str) -> None:
    street = here.street
    words = "The desk files and dispatches; the squad's handset pulls, then pulls again with nothing new."
    street.recorder.title("Pull", words)
    here.office.dispatch(case_id)
    squad = handset_of(here.app, here.people, here.people.enforcer)
    own, street.headers = street.headers, squad.headers
    page = street.ask("GET", "/sync/pull").json
    street.ask("GET", "/sync/pull", query={"cursor": page["next_cursor"], "want_digest": "1"})
    (task,) = [change for change in page["changes"] if change["type"] == "task"]
    street.recorder.title("Reconcile", "A mirror that lacks the task and holds one that nobody grants.")
    stray = ["task", "00000000-0000-4000-8000-000000000009", "0000000000000000"]
    street.ask("POST", "/sync/reconcile", {"manifest": [stray], "page": None, "limit": 200})
    street.ask("POST", "/sync/reconcile", {"manifest": [["task", task["id"], task["v"]]], "page": None})
    _reassign(here, squad, case_id, {"task_id": task["id"], "assignment_no": 1})
    street.headers = own


def _reassign(here: City, squad: FieldHandset, case_id: str, named: dict[str, object]) -> None:
    words = "The squad answers its task; the desk gives the work to another squad. What the first one says now is late."
    here.street.recorder.title("A task that was given to somebody else", words)
    here.street.push(squad, squad.item("task_event", {**named, "event": "done"}))
    squad.pull()
    here.office.act(case_id, "send_check")
    here.office.act(case_id, "redo", reason="没有清理干净", squad_id=str(here.people.town_squad_id))
    here.street.ask("GET", "/sync/pull", query={"cursor": squad.cursor or ""})
    here.street.push(squad, squad.item("task_event", {**named, "event": "declined"}))


def _gaps_and_receipt(here: City, handset: FieldHandset) -> None:
    words = "A correction comes before its report and waits; number 4 was hurt above. Then the report comes."
    here.street.recorder.title("Gaps, and a receipt", words)
    handset.pull()
    target = handset.item()
    early = handset.item("amend", correction(target, description="垃圾已堆到路面"))
    here.street.push(handset, early)
    here.street.push(handset, target)
    woken(here.app)
    here.street.ask("GET", "/sync/pull", query={"cursor": handset.cursor or ""})


def _conflict(street: Street, handset: FieldHandset, reported: Item) -> None:
    street.recorder.title("A conflict", "An item was changed after it was sent: another content under the same id.")
    street.push(handset, handset.item(id=reported["id"]))


def _officers(here: City, handset: FieldHandset) -> None:
    street, mate = here.street, here.people.squad_mate
    street.recorder.title("Sessions and shifts", "A renewal; another officer takes the handset; the first comes back.")
    own = (handset, here.people.collector, handset.enrolled.key)
    street.ask("POST", "/sync/session", proof(*own, nonce="one-random-text-each"))
    key = new_key()
    taken = {"code": code_for(here.app, here.people, mate), "public_key": offered(key), "officer_id": str(mate.id)}
    street.ask("POST", "/sync/shift", taken | {"at": datetime.now(UTC).isoformat()})
    street.ask("GET", "/sync/pull")
    street.ask("POST", "/sync/session", proof(*own, nonce="and-another-one-here"))


def _safety(street: Street) -> None:
    street.recorder.title("Verify, salvage, reference", "What a handset does rarely.")
    unknown = {"id": "00000000-0000-4000-8000-000000000007", "h": "f" * 64}
    street.ask("POST", "/sync/verify", {"items": [unknown], "acked_count": 1})
    street.send(
        "PUT",
        "/salvage/00000000-0000-4000-8000-000000000008",
        b"bytes that nobody can read",
        Content_Type="application/octet-stream",
    )
    street.ask("GET", "/reference/category-schemes")
    street.ask("GET", "/reference/category-schemes", If_None_Match='"' + _etag(street) + '"')


def _etag(street: Street) -> str:
    found = street.app.test_client().get("/api/v1/reference/category-schemes", headers=street.headers)
    return found.headers["ETag"].strip('"')


def _refusals(here: City, handset: FieldHandset) -> None:
    street = here.street
    street.recorder.title("Refusals", "A request that is no push; a void cursor; a revoked handset.")
    street.ask("POST", "/sync/push", {"protocol": 1, "items": "none"})
    street.ask("GET", "/sync/pull", query={"cursor": "c1.void"})
    revoked = street.app.test_client().post(
        f"/api/v1/handsets/{handset.enrolled.install_id}/revoke", headers=here.office.headers_of(here.people.admin)
    )
    assert revoked.status_code == 204
    street.ask("GET", "/sync/pull")
    street.push(handset, handset.item())
