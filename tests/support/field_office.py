"""What the tests' small server knows of handsets as such: codes, installs, officers on shift, credentials, salvage.

field_memory.py adds items, cases and the feed.
"""

import hashlib
import threading
from base64 import urlsafe_b64decode
from typing import Any
from uuid import uuid4

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

OFFICERS: list[dict[str, Any]] = [
    {
        "id": str(uuid4()),
        "login": f"c{n}",
        "name": f"采集员{n}",
        "squad_id": None,
        "agency_id": "a",
        "roles": ["collector"],
    }
    for n in range(2)
] + [
    {
        "id": str(uuid4()),
        "login": f"e{n}",
        "name": f"队员{n}",
        "squad_id": f"s{n}",
        "agency_id": "a",
        "roles": ["enforcement_officer"],
    }
    for n in range(2)
]
LIMITS = {"max_items": 200, "max_bytes": 1048576, "max_item_bytes": 262144, "max_photo_bytes": 26214400}
SESSION_UNTIL = "2026-12-01T00:00:00+08:00"
Reply = tuple[int, dict[str, Any]]


class FieldOffice:
    """Enrolment, shifts and credentials, in memory."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.url = ""
        self.epoch = "e1"
        self.limits = dict(LIMITS)
        self.codes: dict[str, str] = {}
        self.enrolled: dict[str, dict[str, Any]] = {}
        self.installs: dict[str, dict[str, Any]] = {}
        self.joined: dict[str, tuple[str, str]] = {}
        self.nonces: set[str] = set()
        self.shifts: list[str] = []
        self.salvaged: dict[str, bytes] = {}
        self.documents: dict[str, dict[str, Any]] = {}
        # Switches
        self.expired = False
        self.revoked = False
        self.grace_over = False
        self.wants_rotation = False

    def code_for(self, officer_id: str = OFFICERS[0]["id"]) -> str:
        code = uuid4().hex[:12]
        self.codes[code] = officer_id
        return code

    def enrol(self, body: dict[str, Any]) -> Reply:
        officer_id = self.codes.get(body["code"])
        if officer_id is None:
            return problem(404, "unknown-code")
        if body.get("officer_id", officer_id) != officer_id:
            return problem(409, "other-officer")
        known = self.enrolled.get(body["code"])
        key = body["public_key"]["key"]
        if known and known["keys"][officer_id] != key:
            return problem(409, "code-used")
        if not known:
            install_id = body.get("install_id") or str(uuid4())
            before = next((each for each in self.installs.values() if each["install_id"] == install_id), None)
            if before is not None:
                if before["keys"].get(officer_id) != key:
                    return problem(409, "foreign-install")
                del self.installs[before["credential"]]
            known = {**(before or {"keys": {officer_id: key}}), "install_id": install_id}
            known |= {"credential": f"hs_{uuid4().hex}", "officer": officer(officer_id)}
            known["session_until"] = SESSION_UNTIL
            self.enrolled[body["code"]] = self.installs[known["credential"]] = known
        return 201, {**known, "limits": self.limits}

    def join(self, body: dict[str, Any], install: dict[str, Any]) -> Reply:
        officer_id, key = self.codes.get(body["code"]), body["public_key"]["key"]
        if officer_id is None:
            return problem(404, "unknown-code")
        if body.get("officer_id", officer_id) != officer_id:
            return problem(409, "other-officer")
        known = self.joined.get(body["code"])
        if known is not None and (known != (install["install_id"], key) or install["officer"]["id"] != officer_id):
            return problem(409, "code-used")
        if known is None and install["keys"].get(officer_id, key) != key:
            return problem(409, "officer-has-key")
        self.joined[body["code"]] = (install["install_id"], key)
        install["keys"][officer_id] = key
        return self.on_shift(officer_id, install)

    def session(self, body: dict[str, Any], install: dict[str, Any]) -> Reply:
        officer_id, at, nonce = body["officer_id"], body["at"], body["nonce"]
        key = install["keys"].get(officer_id)
        parts = ("fieldsync1-session", install["install_id"], officer_id, at, nonce)
        fits = key and signature_fits(key, "\0".join(parts).encode(), body["sig"]["value"])
        if not fits or nonce in self.nonces or len(nonce) < 16:
            return problem(403, "bad-session-proof")
        self.nonces.add(nonce)
        self.expired = False
        return self.on_shift(officer_id, install)

    def on_shift(self, officer_id: str, install: dict[str, Any]) -> Reply:
        install["officer"] = officer(officer_id)
        self.shifts.append(officer_id)
        return 200, {"officer": install["officer"], "session_until": SESSION_UNTIL}

    def rotate(self, body: dict[str, Any], install: dict[str, Any]) -> Reply:
        install["next_sha256"] = body["next_sha256"]
        return 200, {"accepted": True}

    def install_of(self, credential: str) -> dict[str, Any] | None:
        """Find who asks; the first request with the next credential ends the one before."""
        found = self.installs.get(credential)
        if found is None:
            sha256 = hashlib.sha256(credential.encode()).hexdigest()
            for old, install in list(self.installs.items()):
                if install.get("next_sha256") == sha256:
                    self.installs[credential] = found = self.installs.pop(old)
                    del install["next_sha256"]
        return found

    def hello(self, install: dict[str, Any]) -> Reply:
        versions = {name: document["version"] for name, document in self.documents.items()}
        told = {"limits": self.limits, "install_id": install["install_id"], "officer_id": install["officer"]["id"]}
        return 200, {**told, "protocols": [1], "rotate": self.wants_rotation, "reference": versions}

    def document(self, name: str, since: str | None) -> Reply:
        """Serve a document: ``{version, entries, before}`` as set by the test, ``before`` a known older version."""
        document = self.documents[name]
        version, entries = document["version"], document["entries"]
        answer = {"name": name, "version": version, "since": None, "entries": entries, "removed": []}
        if since is not None and since == document.get("before"):
            changed = {key: entry for key, entry in entries.items() if key in document["changed"]}
            answer |= {"since": since, "entries": changed, "removed": document["removed"]}
        return 200, answer

    def salvage(self, item_id: str, raw: bytes) -> Reply:
        status = 200 if self.salvaged.get(item_id) == raw else 201
        self.salvaged[item_id] = raw
        return status, {"id": item_id, "sha256": hashlib.sha256(raw).hexdigest(), "size": len(raw)}

    def refusal(self, door: str) -> Reply | None:
        """Return what a revoked handset, or one whose session is over, is told at a door."""
        if self.revoked and (self.grace_over or door not in {"/sync/push", "/salvage"}):
            return problem(403, "handset-revoked", wipe=True)
        if self.expired and door in {"/sync/pull", "/sync/reconcile"}:
            return problem(403, "session-expired")
        return None


def officer(officer_id: str) -> dict[str, Any]:
    return next(each for each in OFFICERS if each["id"] == officer_id)


def signature_fits(key: str, signed: bytes, value: str) -> bool:
    public = serialization.load_der_public_key(urlsafe_b64decode(key + "=" * (-len(key) % 4)))
    assert isinstance(public, ec.EllipticCurvePublicKey)
    raw = urlsafe_b64decode(value + "==")
    signature = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    try:
        public.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def problem(status: int, slug: str, **members: object) -> Reply:
    return status, {"type": f"https://xuncha.example/problems/{slug}", "title": slug, "status": status, **members}
