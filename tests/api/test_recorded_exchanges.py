"""docs/exchanges.md shows client authors what goes over the wire; it is recorded here, from the running server.

`make exchanges` writes the document anew; otherwise it must be what the server does.
"""

import base64
import os
from pathlib import Path
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from support.exchanges import Recorder
from support.field import OFFSET_STREAM, FieldHandset, handset_of, photo, report
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

    def send(self, method: str, path: str, data: bytes = b"", **headers: str) -> TestResponse:
        """Send bytes and record all but them."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        address = path if path.startswith("/api") else f"/api/v1{path}"
        answer = self.app.test_client().open(address, method=method, data=data, headers=self.headers | named)
        self.recorder.add(method, address, answer, headers=self.headers | named)
        return answer


def test_the_recorded_exchanges_are_what_the_server_says(app: Flask, city: World, office: Office) -> None:
    with app.app_context():
        publish_reference.run()
    recorder = Recorder()
    recorder.parts.append(HEAD)
    street = Street(app, recorder)
    handset = _enrol(street, app, city, office)
    case_id = _push(street, handset)
    _photograph(street)
    _dispatch_and_pull(street, app, city, office, case_id)
    _safety(street, handset)
    _refusals(street, handset, office, city)
    text = recorder.document()
    if os.environ.get(RECORD):
        DOCUMENT.write_text(text, encoding="utf-8")
    assert text == DOCUMENT.read_text(encoding="utf-8"), f"{DOCUMENT.name} is old: run `make exchanges` and read it"


def _enrol(street: Street, app: Flask, city: World, office: Office) -> FieldHandset:
    street.recorder.title("Enrolment", "The code comes from an administrator; the key was made on the handset.")
    issued = app.test_client().post(
        "/api/v1/enrolment-codes",
        json={"officer_id": str(city.collector.id)},
        headers=office.headers_of(city.admin),
    )
    key = ec.generate_private_key(ec.SECP256R1())
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    public = {"alg": "ES256", "key": base64.urlsafe_b64encode(der).decode().rstrip("=")}
    body = {"code": issued.json["code"], "public_key": public, "label": "巡查 07", "app": "2.4.1"}
    told = street.ask("POST", "/enrol", body).json
    street.headers = {"Authorization": f"Bearer {told['credential']}"}
    street.ask("GET", "/sync/hello")
    made = EnrolledHandset(told["install_id"], city.collector.id, told["credential"], street.headers, key)
    return FieldHandset(app, made)


def _push(street: Street, handset: FieldHandset) -> str:
    words = "A report with a photograph that has not arrived yet, and a pull on its back. Then the same bytes again."
    street.recorder.title("Push", words)
    item = handset.item(payload=report(photo(1)))
    sent = handset.envelope([item], pull={"cursor": None, "limit": 200})
    first = street.ask("POST", "/sync/push", sent).json
    street.ask("POST", "/sync/push", {**sent, "batch_id": "00000000-0000-4000-8000-000000000002"})
    case_id: str = first["results"][0]["case_id"]
    words = "One that waits for a task, one that is damaged, and one whose bytes were hurt on the way."
    street.recorder.title("Push: other verdicts", words)
    waiting = handset.item("task_event", {"task_id": case_id, "assignment_no": 1, "event": "accepted"})
    damaged = handset.item(payload={"description": "no category"})
    hurt = handset.item() | {"h": "0" * 64}
    street.ask("POST", "/sync/push", handset.envelope([waiting, damaged, hurt]))
    return case_id


def _photograph(street: Street) -> None:
    street.recorder.title("A photograph", "Opened, broken off in the middle, asked for, gone on with.")
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
    street.send("PATCH", path, one.content[4000:], **tus, **(body | {"Upload_Offset": "4000"}))


def _dispatch_and_pull(street: Street, app: Flask, city: World, office: Office, case_id: str) -> None:
    words = "The desk files and dispatches; the squad's handset pulls, then pulls again with nothing new."
    street.recorder.title("Pull", words)
    office.dispatch(case_id)
    enforcer = handset_of(app, city, city.enforcer)
    own, street.headers = street.headers, enforcer.headers
    page = street.ask("GET", "/sync/pull").json
    street.ask("GET", "/sync/pull", query={"cursor": page["next_cursor"], "want_digest": "1"})
    (task,) = [change for change in page["changes"] if change["type"] == "task"]
    street.recorder.title("Reconcile", "A mirror that lacks the task and holds one that nobody grants.")
    stray = ["task", "00000000-0000-4000-8000-000000000009", "0000000000000000"]
    street.ask("POST", "/sync/reconcile", {"manifest": [stray], "page": None, "limit": 200})
    street.ask("POST", "/sync/reconcile", {"manifest": [["task", task["id"], task["v"]]], "page": None})
    street.headers = own


def _safety(street: Street, handset: FieldHandset) -> None:
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


def _refusals(street: Street, handset: FieldHandset, office: Office, city: World) -> None:
    street.recorder.title("Refusals", "A request that is no push; a void cursor; a revoked handset.")
    street.ask("POST", "/sync/push", {"protocol": 1, "items": "none"})
    street.ask("GET", "/sync/pull", query={"cursor": "c1.void"})
    revoked = street.app.test_client().post(
        f"/api/v1/handsets/{handset.enrolled.install_id}/revoke", headers=office.headers_of(city.admin)
    )
    assert revoked.status_code == 204
    street.ask("GET", "/sync/pull")
    street.ask("POST", "/sync/push", handset.envelope([handset.item()]))
