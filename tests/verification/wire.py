"""A raw handset on a real socket: it signs, pushes, pulls and uploads, and believes only what it may believe.

It is not the reference handset: it keeps no outbox on disk and shows every status, so that a row can count what a
server said. One object serves one thread.
"""

import base64
import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import world
from support.field import CLOCK, OFFSET_STREAM, PULL, PUSH, UPLOADS, Item, sealed_item
from verification.pictures import Shot

from sync.handset.key import DeviceKey
from sync.uuid7 import uuid7

_SECONDS = 20.0


class LineDown(Exception):
    """No whole answer came: nothing is known of what the server did."""


class Busy(Exception):
    """The server said 503: nothing was lost, ask again."""


class Disbelief(Exception):
    """An answer came whole and was wrong: a status that must not be, a false MAC, another batch."""


@dataclass(frozen=True)
class Answer:
    """One answer as received; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass
class RawHandset:
    """One enrolled install over one keep-alive connection to ``host``:``port``."""

    enrolled: world.EnrolledHandset
    host: str
    port: int
    seconds: float = _SECONDS
    dseq: int = 0
    prev: str | None = None
    _connection: http.client.HTTPConnection | None = field(default=None, repr=False)

    def item(self, kind: str, payload: object) -> Item:
        """Record the next item."""
        self.dseq += 1
        made = sealed_item(
            {
                "id": str(uuid7(int(time.time() * 1000))),
                "dseq": self.dseq,
                "prev": self.prev,
                "kind": kind,
                "kv": 1,
                "officer_id": str(self.enrolled.officer_id),
                "captured": {**CLOCK, "gnss_time": None},
                "payload": payload,
            },
            lambda h: DeviceKey(self.enrolled.key).sign(str(self.enrolled.install_id), h),
        )
        self.prev = made["h"]
        return made

    def envelope(self, items: Sequence[object], **members: object) -> dict[str, Any]:
        """Return a push of these items."""
        return {
            "protocol": 1,
            "batch_id": str(uuid4()),
            "install_id": str(self.enrolled.install_id),
            "clock": CLOCK,
            "on_handset": {"dseq_next": self.dseq + 1, "unsent_items": 0, "unsent_photos": []},
            "items": list(items),
            **members,
        }

    def push(self, items: Sequence[Item], **members: object) -> dict[str, Any]:
        """Push; raises LineDown, or Disbelief when a whole answer breaks the contract."""
        sent = self.envelope(items, **members)
        answer = self.believed(self.send("POST", PUSH, json.dumps(sent).encode(), {"Content-Type": "application/json"}))
        if answer.get("batch_id") != sent["batch_id"]:
            raise Disbelief(f"a push was answered for batch {answer.get('batch_id')}")
        return answer

    def pull(self, cursor: str | None, limit: int = 200) -> dict[str, Any]:
        """Pull one page."""
        query = {"limit": str(limit)} | ({} if cursor is None else {"cursor": cursor})
        return self.believed(self.send("GET", f"{PULL}?{urlencode(query)}"))

    def believed(self, answer: Answer) -> dict[str, Any]:
        """Return a JSON answer that has the status 200 and a fitting Answer-MAC."""
        if answer.status == http.client.SERVICE_UNAVAILABLE:
            raise Busy
        if answer.status != http.client.OK:
            raise Disbelief(f"status {answer.status}: {answer.content[:500].decode(errors='replace')}")
        key = hashlib.sha256(self.enrolled.credential.encode()).digest()
        expected = base64.urlsafe_b64encode(hmac.new(key, answer.content, hashlib.sha256).digest()).rstrip(b"=")
        if answer.headers.get("answer-mac", "") != expected.decode():
            raise Disbelief("the Answer-MAC does not fit")
        document: dict[str, Any] = json.loads(answer.content)
        return document

    def create(self, shot: Shot) -> Answer:
        """Open an upload."""
        name = base64.b64encode(shot.sha256.encode()).decode()
        return self.tus("POST", UPLOADS, {"Upload-Length": str(shot.size), "Upload-Metadata": f"sha256 {name}"})

    def head(self, path: str) -> Answer:
        """Ask for an upload's offset."""
        return self.tus("HEAD", path, {})

    def append(self, path: str, offset: int, pieces: Iterable[bytes], length: int) -> Answer:
        """Send ``length`` bytes from ``offset`` on, piece by piece."""
        headers = {"Upload-Offset": str(offset), "Content-Type": OFFSET_STREAM, "Content-Length": str(length)}
        return self.tus("PATCH", path, headers, pieces)

    def tus(self, method: str, path: str, headers: Mapping[str, str], body: Iterable[bytes] | None = None) -> Answer:
        """Send one tus request."""
        return self.send(method, path, body, {"Tus-Resumable": "1.0.0", **headers})

    def send(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request; raises LineDown when no whole answer comes."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self.host, self.port, timeout=self.seconds)
        try:
            self._connection.request(method, path, body, {**self.enrolled.headers, **(headers or {})})
            response = self._connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.hang_up()
            raise LineDown(type(error).__name__) from error
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content)

    def hang_up(self) -> None:
        """Close the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
