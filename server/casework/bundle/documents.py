"""The JSON documents of a bundle, format ``xuncha-bundle/1``: case.json, keys.json, and one for each signed item.

docs/custody.md describes them; verify.py is the reader. Pure: from gathered records to bytes.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from server.casework.bundle.gathering import Event, Gathered, document_of
from server.casework.bundle.inbox import SignedItem
from server.casework.bundle.originals import Original
from server.clock import stamp
from server.evidence.records import EvidenceRecord

FORMAT = "xuncha-bundle/1"


@dataclass(frozen=True)
class Maker:
    """Who exports: an officer at a desk, or the operator at the command line (then without an id)."""

    officer_id: UUID | None
    name: str


@dataclass(frozen=True)
class Export:
    """One act of exporting a case: what was found, which originals the store has, by whom and when."""

    found: Gathered
    originals: Mapping[str, Original]
    maker: Maker
    made_at: datetime


def written(document: Mapping[str, Any]) -> bytes:
    """Return a document's bytes: readable, and the same for the same content."""
    return (json.dumps(document, ensure_ascii=False, indent=1, default=_plain) + "\n").encode()


def case_document(export: Export) -> dict[str, Any]:
    """Return case.json: the case, its photographs, its records and the custody events that must be in the log."""
    found, page = export.found, export.found.page
    return {
        "format": FORMAT,
        "made_at": stamp(export.made_at),
        "made_by": {"officer_id": export.maker.officer_id, "name": export.maker.name},
        "case": {**vars(page.case), "timeline": [vars(line) for line in page.timeline]},
        "evidence": [_evidence(shot, export.originals[shot.sha256], found.names) for shot in page.evidence],
        "records": [
            {"install_id": item.install_id, "item_id": item.item_id, "kind": item.kind or "item"}
            for item in found.items
        ],
        "chains": [
            {"install_id": install_id, "missing_dseq": numbers, "missing_prev": found.missing_before[install_id]}
            for install_id, numbers in found.missing_numbers.items()
        ],
        "events": [_event(event, found) for event in found.events],
        "names": {str(known): name for known, name in sorted(found.names.items())},
    }


def keys_document(found: Gathered) -> dict[str, Any]:
    """Return keys.json: the device keys that signed, each with the event that made it known."""
    return {
        "keys": [
            {
                "install_id": key.install_id,
                "officer_id": key.officer_id,
                "alg": key.algorithm,
                "spki": b64encode(key.public_key).decode(),
                "enrolled_event": "" if key.event_id is None else key.event_id,
            }
            for key in found.keys
        ]
    }


def item_document(item: SignedItem, *, whole: bool) -> dict[str, Any]:
    """Return an item's head: what was signed, by whom, and its place in the order of its install.

    ``whole``: its text lies beside it and says the same; without, number, predecessor and clocks are our word.
    """
    body = document_of(item.body)
    prev, captured, dseq = body.get("prev"), body.get("captured"), body.get("dseq")
    signature = document_of((item.signature or "{}").encode())
    return {
        "install_id": item.install_id,
        "item_id": item.item_id,
        "officer_id": item.officer_id,
        "kind": item.kind,
        "fingerprint": item.fingerprint,
        "sig": {"alg": str(signature.get("alg", "")), "value": str(signature.get("value", ""))},
        "received_at": stamp(item.received_at),
        "dseq": dseq if isinstance(dseq, int) else item.dseq or 0,
        "prev": prev if isinstance(prev, str) else None,
        "captured": captured if isinstance(captured, dict) else {},
        "text": whole and bool(item.body),
        "repaired": _repaired(item) if whole else None,
    }


def _repaired(item: SignedItem) -> dict[str, Any] | None:
    if item.repair is None:
        return None
    text = item.repair.body.decode("utf-8", "replace")
    return {**vars(item.repair), "body": text}


def _evidence(shot: EvidenceRecord, original: Original, names: Mapping[UUID, str]) -> dict[str, Any]:
    photo = original.photo
    return {
        "id": shot.id,
        "sha256": shot.sha256,
        "size": original.size or shot.declared_size,
        "media_type": None if photo is None else photo.media_type,
        "file": original.file,
        "present": original.file is not None,
        "absent": original.absent,
        "role": shot.role,
        "stage": shot.stage,
        "item": [shot.install_id, shot.item_id],
        "position": shot.position,
        "officer_id": shot.officer_id,
        "officer": names.get(shot.officer_id),
        "capacity": shot.capacity,
        "source": shot.source,
        "captured_at": shot.captured_at,
        "captured_at_corrected": shot.captured_at_corrected,
        "certainty": shot.certainty,
        "position_claimed": None if shot.lon is None else [shot.lon, shot.lat, shot.accuracy_m],
        "received_at": None if photo is None else photo.received_at,
        "review_state": shot.review_state,
        "review_reason": shot.review_reason,
        "reviewed_at": shot.reviewed_at,
        "reviewer": None if shot.reviewer_id is None else names.get(shot.reviewer_id),
    }


def _event(event: Event, found: Gathered) -> dict[str, Any]:
    origins = {log.id: log.origin for log in found.logs}
    return {
        "id": event.id,
        "origin": origins[event.log_id],
        "position": event.position,
        "kind": event.kind,
        "subject": [event.subject_kind, event.subject_id],
        "disposed": event.disposed_at is not None,
    }


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a bundle")
