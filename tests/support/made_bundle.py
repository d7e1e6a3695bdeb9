"""Bundles that the tests write themselves from docs/custody.md, all keys in hand: also what an insider could forge.

Shares no code with the server's export; the tree is the recursive definition of RFC 9162.
"""

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.base import uuid7
from sync.handset.key import DeviceKey

BEGUN = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)
NAME = "city.example"
INSTALL, OFFICER, CASE = "0198a000-0000-7000-8000-000000000001", "0198a000-0000-7000-8000-000000000002", "c" * 8
Files = dict[str, bytes]


@dataclass(frozen=True)
class Text:
    """One signed item with its photographs; ``minute`` is the handset's clock after the beginning, None: unreadable."""

    number: int
    photos: tuple[bytes, ...] = ()
    minute: int = 0
    mono_ms: int | None = None
    prev: str | None = "as it is"
    whole: bool = True
    item_id: str = field(default_factory=lambda: str(uuid7()))

    @property
    def wall(self) -> str:
        return (BEGUN + timedelta(minutes=self.minute)).isoformat()


@dataclass(frozen=True)
class Maker:
    """All the keys of a deployment, and what happened; ``files`` writes the bundle."""

    texts: Sequence[Text]
    device: DeviceKey = field(default_factory=DeviceKey.make)
    log_key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    other_events: int = 3
    missing_dseq: Sequence[int] = ()
    missing_prev: Sequence[str] = ()
    absent: Mapping[str, str] = field(default_factory=dict)
    former: "Maker | None" = None
    epoch: str = "e1"
    earlier_at: Sequence[int] = ()

    @property
    def verifier(self) -> str:
        """Return the verifier key."""
        raw = b"\1" + self.log_key.public_key().public_bytes_raw()
        return f"{NAME}+{_key_id(raw).hex()}+{base64.b64encode(raw).decode()}"

    @property
    def origin(self) -> str:
        return f"{NAME}/{self.epoch}"

    def signed(self, text: Text, prev: str | None) -> tuple[bytes, dict[str, Any]]:
        """Return an item's body and head."""
        body = {
            "id": text.item_id,
            "dseq": text.number,
            "prev": prev if text.prev == "as it is" else text.prev,
            "kind": "report",
            "kv": 1,
            "officer_id": OFFICER,
            "captured": {"wall": text.wall, "boot_id": "b1", "mono_ms": text.mono_ms, "gnss_time": None},
            "payload": {"photos": [{"role": "near", "sha256": sha256(photo)} for photo in text.photos]},
        }
        written = json.dumps(body, ensure_ascii=False).encode()
        head = {
            "install_id": INSTALL,
            "item_id": text.item_id,
            "officer_id": OFFICER,
            "fingerprint": sha256(written),
            "sig": {"alg": "ES256", "value": self.device.sign(INSTALL, sha256(written))},
            "dseq": text.number,
            "prev": body["prev"],
            "captured": body["captured"],
            "text": text.whole,
            "repaired": None,
        }
        return written, head

    def files(self) -> Files:
        """Write the bundle: papers, sums, the export's event, the log."""
        case: dict[str, Any] = {"format": "xuncha-bundle/1", "made_at": "now", "made_by": {"name": "x"}, "records": []}
        case |= {"case": {"id": CASE, "case_no": None}, "evidence": [], "events": []}
        case["chains"] = [{"install_id": INSTALL, "missing_dseq": self.missing_dseq, "missing_prev": self.missing_prev}]
        enrolled, files, events = self._papers(case)
        key = {"install_id": INSTALL, "officer_id": OFFICER, "alg": "ES256"}
        key |= {"spki": base64.b64encode(self.spki).decode(), "enrolled_event": enrolled["id"]}
        files["keys.json"] = written({"keys": [key]})
        case["events"] = [
            {"id": one["id"], "origin": self.origin, "position": position, "kind": one["kind"]}
            | {"subject": one["subject"], "disposed": False}
            for position, one in enumerate(events)
        ]
        files["case.json"] = written(case)
        return self.sealed(files, events)

    @property
    def spki(self) -> bytes:
        text = self.device.public()["key"]
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

    def sealed(self, files: Files, events: Sequence[dict[str, Any]]) -> Files:
        """Add sums and the log, whose last event binds the sums: what the operator alone can do."""
        files = {**files, "SHA256SUMS": sums_of(files)}
        bound = event("exported", ("case", CASE), 600, {"sha256sums": sha256(files["SHA256SUMS"])})
        files["log.json"] = written({"logs": [*self._former, self.log([*events, bound])]})
        return files

    def log(self, events: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Return a log of these events."""
        records = [record(one) for one in events]
        leaves = [hashlib.sha256(b"\0" + one.encode()).digest() for one in records]
        return {
            "origin": self.origin,
            "size": len(leaves),
            "root": root(leaves).hex(),
            "checkpoint": note(self.log_key, self.origin, leaves),
            "time_token": None,
            "earlier": [
                {
                    "checkpoint": note(self.log_key, self.origin, leaves[:old]),
                    "consistency": [step.hex() for step in consistency(old, leaves)],
                }
                for old in self.earlier_at
            ],
            "events": [
                {"id": json.loads(text)["id"], "position": position, "record": text}
                | {"proof": [step.hex() for step in path(position, leaves)]}
                for position, text in enumerate(records)
            ],
        }

    def _papers(self, case: dict[str, Any]) -> tuple[dict[str, Any], Files, list[dict[str, Any]]]:
        facts = {"officer_id": OFFICER, "algorithm": "ES256", "public_key": self.spki.hex()}
        enrolled = event("enrolled", ("install", INSTALL), -600, facts, by=OFFICER)
        files: Files = {"verify.py": b"# a copy", "README.txt": b"read me"}
        events = [*self._opening(), enrolled]
        prev = None
        for text in self.texts:
            body, head = self.signed(text, prev)
            prev = head["fingerprint"]
            name = f"items/{INSTALL}/{text.item_id}"
            files[f"{name}.json"] = written(head)
            if not text.whole:
                continue
            files[f"{name}.body"] = body
            case["records"].append({"install_id": INSTALL, "item_id": text.item_id, "kind": "report"})
            for position, photo in enumerate(text.photos):
                events += self._photographed(case, files, text, position, photo)
        return enrolled, files, events + self._noise()

    def _photographed(
        self, case: dict[str, Any], files: Files, text: Text, position: int, photo: bytes
    ) -> list[dict[str, Any]]:
        evidence_id, digest = str(uuid7()), sha256(photo)
        absent = self.absent.get(digest)
        file = None if absent else f"originals/{digest}.jpg"
        shown = {"id": evidence_id, "sha256": digest, "role": "near", "stage": "report", "position": position}
        shown |= {"item": [INSTALL, text.item_id], "officer_id": OFFICER, "captured_at": text.wall}
        case["evidence"].append({**shown, "present": absent is None, "absent": absent, "file": file})
        if file is not None:
            files[file] = photo
        facts = {"sha256": digest, "role": "near", "stage": "report", "item_id": text.item_id}
        declared = event("declared", ("evidence", evidence_id), 400, facts, by=OFFICER)
        arrived = event("received", ("photo", digest), 400, {"size": len(photo)}, by=OFFICER)
        return [declared] if absent else [declared, arrived]

    def _noise(self) -> list[dict[str, Any]]:
        return [event("viewed", ("photo", "0" * 64), 500, {"n": n}) for n in range(self.other_events)]

    def _opening(self) -> list[dict[str, Any]]:
        if self.former is None:
            return []
        end = self._former[0]
        facts = {"former_origin": end["origin"], "former_size": end["size"], "former_root": end["root"], "outside": []}
        return [event("log_opened", ("log", self.origin), -700, facts)]

    @cached_property
    def _former(self) -> list[dict[str, Any]]:
        return [] if self.former is None else [json.loads(self.former.files()["log.json"])["logs"][-1]]


def made(photos: Sequence[bytes], **changed: Any) -> Maker:  # noqa: ANN401 (whatever Maker has)
    """Return a maker of a case with one signed text per photograph, a minute between them."""
    texts = [Text(number, (photo,), minute=number, mono_ms=number * 60_000) for number, photo in enumerate(photos, 1)]
    return replace(Maker(texts), **changed)


def packed(files: Mapping[str, bytes]) -> bytes:
    """Return a ZIP of these files."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


def event(
    kind: str, subject: tuple[str, str], minute: int, facts: Mapping[str, Any], by: str | None = None
) -> dict[str, Any]:
    """Return a custody event, ``minute`` after the beginning."""
    at = (BEGUN + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    who = {"agency": None, "actor": by, "install": INSTALL if by else None}
    return {"v": 1, "id": str(uuid7()), "at": at, "kind": kind, "subject": list(subject), **who} | {
        "facts": json.dumps(facts),
        "salt": "00" * 16,
    }


def record(one: Mapping[str, Any]) -> str:
    """Return an event's record."""
    return json.dumps(one, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def written(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def sums_of(files: Mapping[str, bytes]) -> bytes:
    """Return SHA256SUMS of these files."""
    listed = sorted(set(files) - {"SHA256SUMS", "log.json"})
    return "".join(f"{sha256(files[name])}  {name}\n" for name in listed).encode()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def note(key: Ed25519PrivateKey, origin: str, leaves: Sequence[bytes]) -> str:
    """Return a signed checkpoint of a log with these leaves."""
    text = f"{origin}\n{len(leaves)}\n{base64.b64encode(root(leaves)).decode()}\n"
    raw = b"\1" + key.public_key().public_bytes_raw()
    signature = base64.b64encode(_key_id(raw) + key.sign(text.encode())).decode()
    return f"{text}\n— {NAME} {signature}\n"


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root as RFC 9162 section 2.1.1 defines it."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256().digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root(leaves[:half]) + root(leaves[half:])).digest()


def path(position: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the inclusion proof as section 2.1.3.1 defines it."""
    if len(leaves) < 2:
        return []
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if position < half:
        return [*path(position, leaves[:half]), root(leaves[half:])]
    return [*path(position - half, leaves[half:]), root(leaves[:half])]


def consistency(old: int, leaves: Sequence[bytes], *, whole: bool = True) -> list[bytes]:
    """Return the consistency proof as section 2.1.4.1 defines it."""
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if old <= half:
        return [*consistency(old, leaves[:half], whole=whole), root(leaves[half:])]
    return [*consistency(old - half, leaves[half:], whole=False), root(leaves[:half])]


def _key_id(raw: bytes) -> bytes:
    return hashlib.sha256(NAME.encode() + b"\n" + raw).digest()[:4]
