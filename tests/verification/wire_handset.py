"""A handset without memory for the state machine: it says exactly what it is told to say, through a door.

Unlike the reference handset it can resend, edit, split, merge and reorder at will; it believes only what carries a
fitting Answer-MAC.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
from support.field import CLOCK, Item, sealed_item

from server.base import uuid7
from sync.handset import DeviceKey

API = "http://xuncha.simulated/api/v1"
Door = Callable[[httpx.Request], httpx.Response]


@dataclass
class Made:
    """One item and what its handset knows of it: ``acked`` by a believed answer of the present epoch's history."""

    item: Item
    kind: str
    sent: bool = False
    acked: bool = False


@dataclass
class WireHandset:
    """One enrolled install. ``held`` is its mirror: (type, id) to (version, data)."""

    door: Door
    officer_id: str
    key: DeviceKey = field(default_factory=DeviceKey.make)
    install_id: str = ""
    credential: str = ""
    epoch: str = ""
    made: list[Made] = field(default_factory=list)
    held: dict[tuple[str, str], tuple[str, dict[str, Any]]] = field(default_factory=dict)
    cursor: str | None = None
    must_verify: bool = False

    def enrol(self, code: str) -> None:
        """Enrol with a code."""
        body = {"code": code, "public_key": self.key.public(), "label": "wire", "app": "1"}
        answer = self.door(httpx.Request("POST", f"{API}/enrol", json=body))
        assert answer.status_code == 201, answer.text
        told = answer.json()
        self.install_id, self.credential, self.epoch = told["install_id"], told["credential"], told["epoch"]

    def record(self, kind: str, payload: Mapping[str, Any]) -> Made:
        """Record an item."""
        document = {
            "id": str(uuid7()),
            "dseq": len(self.made) + 1,
            "prev": self.made[-1].item["h"] if self.made else None,
            "kind": kind,
            "kv": 1,
            "officer_id": self.officer_id,
            "captured": {**CLOCK, "gnss_time": None},
            "payload": payload,
        }
        self.made.append(Made(self.sealed(document), kind))
        return self.made[-1]

    def sealed(self, document: Mapping[str, Any]) -> Item:
        """Write and sign a body."""
        return sealed_item(document, lambda h: self.key.sign(self.install_id, h))

    def push(self, items: Sequence[Item]) -> httpx.Response:
        """Send items as they are."""
        body = {
            "protocol": 1,
            "batch_id": str(uuid4()),
            "install_id": self.install_id,
            "clock": CLOCK,
            "on_handset": self._on_handset(),
            "items": list(items),
        }
        return self.ask("POST", "/sync/push", body)

    def _on_handset(self) -> dict[str, Any]:
        acked = [made.item["h"] for made in self.made if made.acked]
        total = sum(int(h[:32], 16) for h in acked) % 2**128
        return {"dseq_next": len(self.made) + 1, "acked": {"count": len(acked), "sum": f"{total:032x}"}}

    def ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        """Send one request; an answer of an enrolled handset's door must carry the fitting MAC."""
        headers = {"Authorization": f"Bearer {self.credential}"}
        answer = self.door(httpx.Request(method, API + path, headers=headers, json=body))
        key = hashlib.sha256(self.credential.encode()).digest()
        mac = base64.urlsafe_b64encode(hmac.new(key, answer.content, hashlib.sha256).digest()).rstrip(b"=").decode()
        assert answer.headers.get("Answer-MAC") == mac, f"{method} {path} is not sealed: {answer.status_code}"
        document = json.loads(answer.content)
        if answer.is_success and document["epoch"] != self.epoch:
            self.epoch, self.must_verify = document["epoch"], True
        return answer

    def apply(self, page: Mapping[str, Any], cursor: str | None) -> None:
        """Take a page of changes into the mirror."""
        for change in page["changes"]:
            key = (change["type"], change["id"])
            if change["op"] == "put" and change["type"] != "receipt":
                self.held[key] = (change["v"], change["data"])
            elif change["op"] == "drop":
                self.held.pop(key, None)
        self.cursor = cursor

    def digest(self) -> str:
        """Return the mirror's digest as docs/protocol.md §6 defines it."""
        total = 0
        for (kind, entity_id), (version, _) in self.held.items():
            total += int.from_bytes(hashlib.sha256(f"{kind}|{entity_id}|{version}".encode()).digest()[:16])
        return f"{total % 2**128:032x}"
