"""Changes as they go to a handset, each rendered once, and the page that they make.

What cannot be rendered becomes a ``defer``: one broken entity never blocks the others.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sync.ports import Entity, Visible

MOST_CHANGES = 200
PAGE_BYTES = 256 * 1024
# Deferred entities travel in tokens, in a query string. With more than these no digest is told any more.
MOST_DEFERRED = 50

# Receipts tell what became of an item; they are kept with the outbox and are no part of the mirror.
RECEIPT = "receipt"


@dataclass(frozen=True)
class Change:
    """One put, drop or defer; ``text`` is ``document`` as JSON."""

    document: Mapping[str, Any]
    text: bytes

    @property
    def defers(self) -> bool:
        """Tell whether the entity could not be rendered."""
        return bool(self.document["op"] == "defer")


def change_of(entity: Entity, seen: Visible | None, reason: str | None) -> Change:
    """Return what to tell of an entity: put, defer, or drop with ``reason`` when it is out of sight."""
    kind, entity_id = entity
    if seen is None:
        return _rendered({"op": "drop", "type": kind, "id": entity_id, "reason": reason or "out_of_scope"})
    if seen.data is not None:
        try:
            return _rendered({"op": "put", "type": kind, "id": entity_id, "v": seen.version, "data": seen.data})
        except (TypeError, ValueError, RecursionError):
            pass  # infinity, half a surrogate pair, a value that JSON has no form for
    return _rendered({"op": "defer", "type": kind, "id": entity_id})


def _rendered(document: Mapping[str, Any]) -> Change:
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Change(document, text.encode())


@dataclass
class Sheet:
    """A page in the making: up to ``room`` changes and 256 KiB, but always at least one change."""

    room: int
    changes: list[Change] = field(default_factory=list)
    _size: int = 0

    def take(self, change: Change) -> bool:
        """Add a change unless the page is full."""
        size = self._size + len(change.text)
        if self.changes and (size > PAGE_BYTES or len(self.changes) >= self.room):
            return False
        self._size = size
        self.changes.append(change)
        return True


def clamped(limit: int) -> int:
    """Return the nearest number of changes that a page may have."""
    return max(1, min(limit, MOST_CHANGES))


@dataclass(frozen=True)
class Page:
    """One page of a pull or a reconciliation.

    ``members`` are the wire's members besides changes; ``deferred`` is what could not be rendered and was not
    deferred before.
    """

    members: Mapping[str, Any]
    changes: Sequence[Change]
    deferred: Sequence[Entity] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the page as the wire's object."""
        return {**self.members, "changes": [change.document for change in self.changes]}

    def text(self, **envelope: Any) -> bytes:  # noqa: ANN401 (JSON values)
        """Return the page as JSON with the members of ``envelope``; nothing is rendered twice."""
        members = json.dumps({**envelope, **self.members}, ensure_ascii=False, separators=(",", ":")).encode()
        return members[:-1] + b',"changes":[' + b",".join(change.text for change in self.changes) + b"]}"
