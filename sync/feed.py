"""Pull: a page of changes after a cursor. What changed is a mark; put or drop is decided now, in one snapshot.

The next cursor is the last number *returned* per scope, never a head read outside the snapshot of the page.
"""

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sync.cursor import Cursor, CursorError
from sync.ports import ChangeFeed, Mark, ScopeEnds

MOST_CHANGES = 200
PAGE_BYTES = 256 * 1024


class ReconcileRequiredError(Exception):
    """The cursor cannot be continued; ``reason`` is expired, epoch, scope, ahead or bad_cursor."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def page(feed: ChangeFeed, token: str | None, *, officer_id: str, secret: str, limit: int) -> dict[str, Any]:
    """Return the page after ``token`` (None = from the beginning, for an empty mirror).

    Raises ReconcileRequiredError when the handset must start again without a cursor.
    """
    ends = feed.ends()
    # From the floors, not from zero: the second page of a new mirror would lie below a raised floor and expire.
    start = {scope: end.floor for scope, end in ends.items()}
    positions = start if token is None else _continue(feed, token, ends, officer_id, secret)
    count = max(1, min(limit, MOST_CHANGES))
    marks = list(_fairly(feed.marks(positions, count), count))
    changes, returned = _changes(feed, marks)
    for mark in returned:
        positions[mark.scope] = mark.seq
    return {
        "mode": "delta",
        "changes": changes,
        "next_cursor": Cursor(feed.epoch, officer_id, positions).seal(secret),
        "has_more": any(positions[scope] < end.head for scope, end in ends.items()),
    }


def _continue(
    feed: ChangeFeed, token: str, ends: Mapping[str, ScopeEnds], officer_id: str, secret: str
) -> dict[str, int]:
    try:
        cursor = Cursor.unseal(token, secret)
    except CursorError as error:
        raise ReconcileRequiredError("bad_cursor") from error
    if cursor.epoch != feed.epoch:
        raise ReconcileRequiredError("epoch")
    if cursor.officer_id != officer_id or cursor.positions.keys() != ends.keys():
        raise ReconcileRequiredError("scope")
    for scope, end in ends.items():
        if cursor.positions[scope] > end.head:
            raise ReconcileRequiredError("ahead")
        if cursor.positions[scope] < end.floor:
            raise ReconcileRequiredError("expired")
    return dict(cursor.positions)


def _fairly(marks: Iterable[Mark], count: int) -> Iterator[Mark]:
    """Take marks from the scopes in turn, so that a busy squad does not starve an officer's own changes."""
    waiting: dict[str, deque[Mark]] = {}
    for mark in marks:
        waiting.setdefault(mark.scope, deque()).append(mark)
    queues = deque(waiting.values())
    while queues and count > 0:
        queue = queues.popleft()
        yield queue.popleft()
        count -= 1
        if queue:
            queues.append(queue)


def _changes(feed: ChangeFeed, marks: list[Mark]) -> tuple[list[dict[str, Any]], list[Mark]]:
    visible = feed.visible(sorted({mark.entity for mark in marks}))
    changes: dict[tuple[str, str], dict[str, Any]] = {}
    returned: list[Mark] = []
    size = 0
    for mark in marks:
        if mark.entity not in changes:
            change = _change(mark, visible)
            size += len(json.dumps(change))
            if size > PAGE_BYTES and returned:
                break
            changes[mark.entity] = change
        returned.append(mark)
    return list(changes.values()), returned


def _change(mark: Mark, visible: Mapping[tuple[str, str], Any]) -> dict[str, Any]:
    kind, entity_id = mark.entity
    seen = visible.get(mark.entity)
    if seen is None:
        return {"op": "drop", "type": kind, "id": entity_id, "reason": mark.reason or "out_of_scope"}
    return {"op": "put", "type": kind, "id": entity_id, "v": seen.version, "data": seen.data}
