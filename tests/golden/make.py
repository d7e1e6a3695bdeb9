"""Writes the golden corpus: requests exactly as the first release's handsets send them, bytes and all.

Run once for a new kind or version (`PYTHONPATH=. .venv/bin/python tests/golden/make.py`), never to make a test pass: a
handset in the street cannot be told to send something else. The key is a test's own; its signatures are random, so
every run writes others.
"""

import base64
import gzip
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import zstandard
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sync.handset.key import DeviceKey
from sync.item import fingerprint_of

FOLDER = Path(__file__).parent
INSTALL = UUID("01a20000-0000-7000-8000-000000000001")
OFFICER = UUID("01a20000-0000-7000-8000-000000000002")
CREDENTIAL = "hs_golden_0000000000000000000000000000000000"
PHOTO = "3a7bd3e2360a3d29eea436fcfb7e44c735d117c42d1c1835420b6b9942dd4f1b"
CLOCK = {"wall": "2026-11-22T08:31:02.120+08:00", "boot_id": "b7", "mono_ms": 8123400}
POSITION = {"lon": 123.5, "lat": 30.5, "crs": "wgs84", "accuracy_m": 6.0, "provider": "gnss", "mock": False}
CATEGORY = {"scheme": "gbt30428_2_2013", "code": "0110"}


def photo(role: str) -> dict[str, Any]:
    return {"role": role, "sha256": PHOTO, "size": 4096, "media_type": "image/jpeg", "source": "camera"}


def report(**more: object) -> dict[str, Any]:
    return {"category": CATEGORY, "description": "垃圾 🗑", "position": POSITION, "photos": [photo("near")], **more}


class Handset:
    """Writes items as the reference handset of this release does."""

    def __init__(self) -> None:
        self.key = DeviceKey(ec.generate_private_key(ec.SECP256R1()))
        self.dseq = 0
        self.prev: str | None = None

    def item(self, kind: str, payload: object, **changed: object) -> dict[str, Any]:
        self.dseq += 1
        document = {
            "id": str(UUID(int=INSTALL.int + (self.dseq << 64))),
            "dseq": self.dseq,
            "prev": self.prev,
            "kind": kind,
            "kv": 1,
            "officer_id": str(OFFICER),
            "captured": {**CLOCK, "gnss_time": None},
            "payload": payload,
            **changed,
        }
        body = json.dumps(document, ensure_ascii=False)
        fingerprint = self.prev = fingerprint_of(body.encode())
        signature = {"alg": "ES256", "value": self.key.sign(str(INSTALL), fingerprint)}
        index = {name: document[name] for name in ("id", "dseq", "kind", "kv", "officer_id")}
        return {**index, "h": fingerprint, "body": body, "sig": signature}


def corpus(handset: Handset) -> list[tuple[str, list[dict[str, Any]], list[str]]]:
    """Return per request its name, its items, and the states that a server must answer for ever."""
    first = handset.item("report", report())
    target = {"id": first["id"], "h": first["h"]}
    amend = {"target": target, "changes": {"description": "更正"}, "reason": "写错"}
    task = {"task_id": str(OFFICER), "assignment_no": 1, "event": "done", "note": None, "result": None, "photos": []}
    handled = report(measure="清理完毕", photos=[photo("before"), photo("after")])
    points = [{"lon": 123.5, "lat": 30.5, "accuracy_m": 5.0, "wall": CLOCK["wall"], "mono_ms": 8123400}]
    return [
        ("report", [first], ["applied"]),
        ("resent", [first], ["duplicate"]),
        ("amend", [handset.item("amend", amend)], ["applied"]),
        (
            "evidence",
            [handset.item("evidence", {"item_id": first["id"], "note": None, "photos": [photo("far")]})],
            ["applied"],
        ),
        ("self-handled", [handset.item("self_handled", handled)], ["applied"]),
        ("shift-in", [handset.item("shift", {"action": "in", "position": POSITION})], ["applied"]),
        ("track", [handset.item("track", {"crs": "wgs84", "points": points})], ["applied"]),
        ("task-event", [handset.item("task_event", task)], ["waiting"]),
        ("newer-members", [handset.item("report", report(weather="rain"))], ["applied"]),
        ("newer-version", [handset.item("report", report(), kv=99)], ["waiting"]),
        ("newer-kind", [handset.item("inspection", {})], ["waiting"]),
        ("without-category", [handset.item("report", {"description": "?"})], ["quarantined"]),
        ("other-content", [{**handset.item("report", report(), id=first["id"])}], ["conflict"]),
    ]


def main() -> None:
    handset = Handset()
    private = handset.key._private  # noqa: SLF001 (this script makes the key)
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    requests = []
    packers = {"identity": bytes, "gzip": lambda raw: gzip.compress(raw, mtime=0), "zstd": zstandard.compress}
    for place, (name, items, states) in enumerate(corpus(handset)):
        envelope = {
            "protocol": 1,
            "batch_id": str(UUID(int=OFFICER.int + (place << 64))),
            "install_id": str(INSTALL),
            "clock": CLOCK,
            "on_handset": {"dseq_next": handset.dseq + 1, "unsent_items": 0, "unsent_photos": [], "free_mb": 812},
            "items": items,
        }
        encoding = list(packers)[place % len(packers)]
        packed = packers[encoding](json.dumps(envelope, ensure_ascii=False).encode())
        body = base64.b64encode(packed).decode()
        requests.append({"name": name, "encoding": encoding, "body": body, "states": states})
    kept = {
        "install_id": str(INSTALL),
        "officer_id": str(OFFICER),
        "credential": CREDENTIAL,
        "public_key": base64.b64encode(public).decode(),
        "requests": requests,
    }
    (FOLDER / "field_sync_1.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
