"""Pull: a page of changes after a cursor. What changed is a mark; put or drop is decided now, in one snapshot.

The next cursor is the last number *returned* per scope, never a head read outside the snapshot of the page.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sync.changes import MOST_CHANGES, MOST_DEFERRED, PAGE_BYTES, RECEIPT, Change, Page, Sheet, change_of, clamped
from sync.continuing import ReconcileRequiredError, demand_reachable, demand_same_history
from sync.cursor import Cursor, CursorError
from sync.digest import digest_of
from sync.ports import ChangeFeed, Entity, Mark, ScopeEnds

__all__ = ["MOST_CHANGES", "PAGE_BYTES", "ReconcileRequiredError", "digest_without", "page"]

# A mirror is compared at least this often, in seconds, even when nothing changes.
DIGEST_EVERY = 6 * 3600


def page(
    feed: ChangeFeed,
    token: str | None,
    *,
    officer_id: str,
    secret: str,
    limit: int,
    at: int,
    want_digest: bool = False,
) -> Page:
    """Return the page after ``token`` (None = everything, for an empty mirror); ``at`` is now, seconds since 1970.

    Raises ReconcileRequiredError when the handset must reconcile.
    """
    ends = feed.ends()
    cursor = _started(feed, ends, officer_id) if token is None else _continued(feed, token, ends, officer_id, secret)
    drawn = _Drawing(feed, cursor, ends, clamped(limit))
    has_more = any(drawn.positions[scope] < end.head for scope, end in ends.items())
    digest = None
    # Never while there is more: the mirror could not be equal yet.
    if not has_more and (drawn.changes or want_digest or at - cursor.digest_at >= DIGEST_EVERY):
        digest = digest_without(feed, drawn.deferred)
    seen_at = cursor.digest_at if digest is None else at
    following = Cursor(feed.epoch, officer_id, drawn.positions, seen_at, tuple(drawn.deferred[: MOST_DEFERRED + 1]))
    members: dict[str, Any] = {
        "mode": "delta",
        "officer_id": officer_id,
        "next_cursor": following.seal(secret),
        "has_more": has_more,
    }
    if digest is not None:
        members["digest"] = digest
    fresh = [entity for entity in drawn.deferred if entity not in cursor.deferred]
    return Page(members, drawn.changes, fresh)


def digest_without(feed: ChangeFeed, deferred: Iterable[Entity]) -> dict[str, Any] | None:
    """Return the digest of what is visible but not deferred; None when more is deferred than tokens remember."""
    left_out = set(deferred)
    if len(left_out) > MOST_DEFERRED:
        return None
    seen = feed.versions().items()
    return digest_of((*entity, version) for entity, version in seen if entity not in left_out)


def _started(feed: ChangeFeed, ends: Mapping[str, ScopeEnds], officer_id: str) -> Cursor:
    if any(end.floor for end in ends.values()):
        # Marks of what a new mirror should hold were purged: only reconciliation knows all of it.
        raise ReconcileRequiredError("expired")
    return Cursor(feed.epoch, officer_id, dict.fromkeys(ends, 0))


def _continued(feed: ChangeFeed, token: str, ends: Mapping[str, ScopeEnds], officer_id: str, secret: str) -> Cursor:
    try:
        cursor = Cursor.unseal(token, secret)
    except CursorError as error:
        raise ReconcileRequiredError("bad_cursor") from error
    demand_same_history((cursor.epoch, cursor.officer_id), (feed.epoch, officer_id))
    demand_reachable(cursor.positions, ends)
    return cursor


class _Drawing:
    """What one page takes from the feed, and where that leaves the cursor."""

    def __init__(self, feed: ChangeFeed, cursor: Cursor, ends: Mapping[str, ScopeEnds], count: int) -> None:
        news = {scope: seq for scope, seq in cursor.positions.items() if seq < ends[scope].head}
        found = list(feed.marks(news, count)) if news else []
        self._marks = list(_fairly(found, count))
        marked = {mark.entity for mark in self._marks}
        self._again = [entity for entity in cursor.deferred if entity not in marked]
        wanted = sorted(marked.union(self._again))
        self._seen = feed.visible(wanted) if wanted else {}
        self._sheet = Sheet(count)
        # A scope whose last marks were lost by damage ends at its head, or its handsets would ask for ever.
        lost = {scope: ends[scope].head for scope in news.keys() - {mark.scope for mark in found}}
        self.positions = {**cursor.positions, **lost}
        self.deferred: list[Entity] = []
        self._retry()
        unreached = marked - self._take_marked()
        # What was deferred before stays so until a page reaches its new mark.
        self.deferred += [entity for entity in cursor.deferred if entity in unreached]

    @property
    def changes(self) -> Sequence[Change]:
        """Return the page's changes."""
        return self._sheet.changes

    def _told(self, entity: Entity, reason: str | None) -> Change | None:
        """Return what to tell of an entity; nothing of a receipt out of sight, which is a colleague's."""
        seen = self._seen.get(entity)
        return None if seen is None and entity[0] == RECEIPT else change_of(entity, seen, reason)

    def _retry(self) -> None:
        for entity in self._again:
            change = self._told(entity, None)
            # Still broken: the handset was told already. No room: tried again with the next page.
            if change is not None and (change.defers or not self._sheet.take(change)):
                self.deferred.append(entity)

    def _take_marked(self) -> set[Entity]:
        """Take marks until the page is full; return the entities that were reached."""
        told: set[Entity] = set()
        for mark in self._marks:
            if mark.entity not in told:
                change = self._told(mark.entity, mark.reason)
                if change is not None and not self._sheet.take(change):
                    break
                if change is not None and change.defers:
                    self.deferred.append(mark.entity)
                told.add(mark.entity)
            self.positions[mark.scope] = mark.seq
        return told


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
