"""The record of a custody event: the exact bytes whose hash is its leaf. Written here and nowhere else.

A change of one byte makes every proof that was ever handed out worthless: a new shape gets another ``v``.
"""

import json
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

VERSION = 1


class Recorded(Protocol):
    """What of an event goes into its record: a row of CustodyEvent, or whatever has the same names."""

    @property
    def id(self) -> UUID: ...  # noqa: D102 (the columns are explained where the table is)
    @property
    def at(self) -> datetime: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def subject_kind(self) -> str: ...  # noqa: D102
    @property
    def subject_id(self) -> str: ...  # noqa: D102
    @property
    def agency_id(self) -> UUID | None: ...  # noqa: D102
    @property
    def actor_id(self) -> UUID | None: ...  # noqa: D102
    @property
    def install_id(self) -> UUID | None: ...  # noqa: D102
    @property
    def facts(self) -> str: ...  # noqa: D102
    @property
    def salt(self) -> bytes: ...  # noqa: D102


def record_bytes(event: Recorded) -> bytes:
    """Return the record of ``event``: UTF-8 of JSON with sorted keys and without blanks.

    ``facts`` stays the text as it was first written, as one JSON string: nobody parses and writes it anew. A disposed
    event has no record any more; its leaf stands in the tree.
    """
    shape = {
        "v": VERSION,
        "id": str(event.id),
        "at": event.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "kind": event.kind,
        "subject": [event.subject_kind, event.subject_id],
        "agency": _text(event.agency_id),
        "actor": _text(event.actor_id),
        "install": _text(event.install_id),
        "facts": event.facts,
        "salt": event.salt.hex(),
    }
    return json.dumps(shape, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
