"""A handset in the street on the Flask test client: it records signed items, pushes, pulls and uploads.

Everything goes over the wire, so that a test sees what a phone sees; every push answer's MAC is checked.
"""

import base64
import gzip
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import uuid4

import world
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from photo_store.drawn import Scene, draw
from server.base import uuid7
from sync.handset.key import DeviceKey

TAKEN_AT = datetime(2026, 11, 22, 0, 31, 2, tzinfo=UTC)
CLOCK = {"wall": "2026-11-22T08:31:02.120+08:00", "boot_id": "b7", "mono_ms": 8123400}
PUSH, PULL, UPLOADS = "/api/v1/sync/push", "/api/v1/sync/pull", "/api/v1/uploads"
OFFSET_STREAM = "application/offset+octet-stream"
PROBLEM = "application/problem+json"

Item = dict[str, Any]


@dataclass(frozen=True)
class Photo:
    """A small drawn photograph."""

    content: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def declared(self, role: str = "near") -> dict[str, Any]:
        """Declare it as an item's payload does."""
        size = len(self.content)
        return {"role": role, "sha256": self.sha256, "size": size, "media_type": "image/jpeg", "source": "camera"}


@cache
def photo(seed: int = 1) -> Photo:
    """Return a photograph of 320 x 240 pixels; the same seed gives the same bytes."""
    return Photo(draw(Scene.EXPOSED_RUBBISH, seed, taken_at=TAKEN_AT, lon=123.5, lat=30.5, size=(320, 240)))


def report(*photos: Photo, **changed: object) -> dict[str, Any]:
    """Return the payload of a report."""
    return {
        "category": {"scheme": "gbt30428_2_2013", "code": "0110"},
        "description": "垃圾堆放在路边",
        "position": {"lon": 123.5, "lat": 30.5, "crs": "wgs84", "accuracy_m": 6.0, "provider": "gnss", "mock": False},
        "photos": [one.declared() for one in photos],
        **changed,
    }


def answer_to(task: Mapping[str, Any], event: str, *photos: Photo, **changed: object) -> dict[str, Any]:
    """Return the payload of a task event for a pulled task."""
    return {
        "task_id": task["task_id"],
        "assignment_no": task["assignment_no"],
        "event": event,
        "note": None,
        "result": None,
        "photos": [one.declared("after") for one in photos],
        **changed,
    }


def sealed_item(document: Mapping[str, Any] | str, sign: Callable[[str], str], **outside: object) -> Item:
    """Return the wire's item around a body (a text is taken as it is, for broken ones)."""
    body = document if isinstance(document, str) else _written(document)
    fingerprint = hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()
    index = {} if isinstance(document, str) else document
    members = {name: index[name] for name in ("id", "dseq", "kind", "kv", "officer_id") if name in index}
    signature = {"alg": "ES256", "value": sign(fingerprint)}
    return {**members, "h": fingerprint, "body": body, "sig": signature, **outside}


def _written(document: Mapping[str, Any]) -> str:
    # Python writes Infinity, which is no JSON: a client sends 1e400. Half a surrogate pair travels as its escape.
    text = json.dumps(document, ensure_ascii=False).replace(": Infinity", ": 1e400")
    return text.encode("utf-8", "backslashreplace").decode()


@dataclass
class FieldHandset:
    """One enrolled install with its officer."""

    app: Flask
    enrolled: world.EnrolledHandset
    dseq: int = 0
    prev: str | None = None
    cursor: str | None = None
    mirror: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    drops: list[dict[str, Any]] = field(default_factory=list)

    @property
    def client(self) -> FlaskClient:
        """Return a fresh client: threads must not share one."""
        return self.app.test_client()

    @property
    def headers(self) -> dict[str, str]:
        return dict(self.enrolled.headers)

    def sign(self, fingerprint: str) -> str:
        """Sign as this officer on this install."""
        return DeviceKey(self.enrolled.key).sign(str(self.enrolled.install_id), fingerprint)

    def document(self, kind: str = "report", payload: object = None, **changed: object) -> dict[str, Any]:
        """Return the next item's body before it is written as text."""
        self.dseq += 1
        return {
            "id": str(uuid7()),
            "dseq": self.dseq,
            "prev": self.prev,
            "kind": kind,
            "kv": 1,
            "officer_id": str(self.enrolled.officer_id),
            "captured": {**CLOCK, "gnss_time": None},
            "payload": report() if payload is None else payload,
            **changed,
        }

    def item(self, kind: str = "report", payload: object = None, **changed: object) -> Item:
        """Record an item; ``changed`` members are changed inside and outside alike."""
        made = sealed_item(self.document(kind, payload, **changed), self.sign)
        self.prev = made["h"]
        return made

    def text_item(self, body: str, **outside: object) -> Item:
        """Return a soundly wrapped item whose body is any text."""
        return sealed_item(body, self.sign, **{"id": str(uuid7()), "dseq": 1, "kind": "report", "kv": 1, **outside})

    def post(self, document: object, **options: Any) -> TestResponse:  # noqa: ANN401 (the client's own options)
        """Post any JSON to push; surrogates travel as escapes."""
        headers = self.headers | {"Content-Type": "application/json"} | options.pop("headers", {})
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        return self.client.post(PUSH, data=content, headers=headers, **options)

    def envelope(self, items: Sequence[object], **members: object) -> dict[str, Any]:
        """Return a push of these items."""
        return {
            "protocol": 1,
            "batch_id": str(uuid4()),
            "install_id": str(self.enrolled.install_id),
            "clock": CLOCK,
            "on_handset": {"dseq_next": self.dseq + 1, "unsent_items": 0, "unsent_photos": [], "free_mb": 800},
            "items": list(items),
            **members,
        }

    def push(self, *items: object, **members: object) -> dict[str, Any]:
        """Push items and return the answer, whose MAC, echo and count of results are checked."""
        sent = self.envelope(items, **members)
        answer = self.trusted(self.post(sent))
        assert answer["batch_id"] == sent["batch_id"]
        assert [result["index"] for result in answer["results"]] == list(range(len(items)))
        return answer

    def results(self, *items: object) -> list[dict[str, Any]]:
        """Push items and return their results."""
        found: list[dict[str, Any]] = self.push(*items)["results"]
        return found

    def states(self, *items: object) -> list[str]:
        """Push items and return their states."""
        return [result["state"] for result in self.results(*items)]

    def trusted(self, response: TestResponse) -> dict[str, Any]:
        """Return a push answer that this handset may believe."""
        assert response.status_code == 200, response.text
        key = hashlib.sha256(self.enrolled.credential.encode()).digest()
        expected = base64.urlsafe_b64encode(hmac.new(key, response.data, hashlib.sha256).digest()).rstrip(b"=")
        assert response.headers["Answer-MAC"] == expected.decode()
        answer: dict[str, Any] = json.loads(response.data)
        assert (answer["protocol"], bool(answer["epoch"])) == (1, True)
        return answer

    def pull(self, limit: int = 200) -> list[dict[str, Any]]:
        """Pull until there is no more, keep the mirror, and return the changes."""
        changes: list[dict[str, Any]] = []
        more = True
        while more:
            found = self.ask_page(self.cursor, limit)
            assert found.status_code == 200, found.text
            changes += found.json["changes"]
            self.cursor, more = found.json["next_cursor"], found.json["has_more"]
        for change in changes:
            key = (change["type"], change["id"])
            if change["op"] == "put":
                self.mirror[key] = change["data"]
            else:
                self.mirror.pop(key, None)
                self.drops.append(change)
        return changes

    def ask_page(self, cursor: str | None = None, limit: int = 200) -> TestResponse:
        """Ask for one page."""
        query = {"limit": str(limit)} | ({} if cursor is None else {"cursor": cursor})
        return self.client.get(PULL, query_string=query, headers=self.headers)

    def tasks(self) -> list[dict[str, Any]]:
        """Return the tasks of the mirror."""
        return [data for (kind, _), data in self.mirror.items() if kind == "task"]

    def tus(self, method: str, path: str = UPLOADS, data: bytes = b"", **headers: str) -> TestResponse:
        """Send one tus request; header names with underscores for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Tus-Resumable": "1.0.0"} | self.headers | named
        return self.client.open(path, method=method, data=data, headers=sent)

    def create(self, one: Photo, *, length: int | None = None, sha256: str | None = None) -> TestResponse:
        """Open an upload for a photograph."""
        return self.tus("POST", **_announced(one, length, sha256))

    def create_with(self, one: Photo, data: bytes) -> TestResponse:
        """Open an upload for a photograph and bring the first of its bytes in the same request."""
        return self.tus("POST", data=data, Content_Type=OFFSET_STREAM, **_announced(one))

    def append(self, path: str, offset: int, data: bytes) -> TestResponse:
        """Send bytes from an offset on."""
        return self.tus("PATCH", path, data, Upload_Offset=str(offset), Content_Type=OFFSET_STREAM)

    def upload(self, *photos: Photo) -> None:
        """Upload photographs whole."""
        for one in photos:
            created = self.create(one)
            assert created.status_code == 201, created.text
            if int(created.headers["Upload-Offset"]) < len(one.content):
                sent = self.append(created.headers["Location"], 0, one.content)
                assert sent.status_code == 204, sent.text


def _announced(one: Photo, length: int | None = None, sha256: str | None = None) -> dict[str, str]:
    name = base64.b64encode((sha256 or one.sha256).encode()).decode()
    size = str(len(one.content) if length is None else length)
    return {"Upload_Length": size, "Upload_Metadata": f"sha256 {name}"}


def handset_of(app: Flask, city: world.World, person: world.Person) -> FieldHandset:
    """Enrol a handset for a field officer."""
    return FieldHandset(app, world.enrolled(app, city, person))


def slug_of(problem: Mapping[str, Any]) -> str:
    """Return a problem's slug."""
    text: str = problem["type"]
    return text.rpartition("/")[2]


def refused(response: TestResponse, status: int, slug: str) -> dict[str, Any]:
    """Check that a request was refused with a problem document that says what to do, and return it."""
    assert (response.status_code, response.mimetype) == (status, PROBLEM), response.text
    assert "Location" not in response.headers
    found: dict[str, Any] = json.loads(response.data)
    assert slug_of(found) == slug
    assert found["status"] == status
    assert found["title"]
    assert found["detail"]
    return found


def packed(document: object) -> bytes:
    """Return gzip of a JSON document."""
    return gzip.compress(json.dumps(document).encode(), mtime=0)
