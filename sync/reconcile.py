"""Reconciliation, the always-right path: compare a mirror's manifest with what is visible now, page by page.

Everything is walked in the order of (type, id), so that a page token needs only the place that was reached. Each
page has a snapshot of its own; the cursor that comes out is the first page's, so the next pull brings what changed
meanwhile. Needs no marks, hence knows no expiry of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.changes import MOST_DEFERRED, Page, Sheet, change_of, clamped
from sync.continuing import ReconcileRequiredError, demand_reachable, demand_same_history
from sync.cursor import Cursor, CursorError, numbers, written
from sync.feed import digest_without
from sync.ports import ChangeFeed, Entity, ScopeEnds
from sync.seal import Seal

MOST_ENTRIES = 20_000
LONGEST_TEXT = 64
# Receipts stand in no manifest, so reconciliation cannot tell which are missing: the next pulls bring them all again.
_RECEIPT_SCOPES = "install:"
_SEAL = Seal("r1.", "reconcile")
_ENTRY_PARTS = 3

Manifest = Mapping[Entity, str]


class ManifestError(ValueError):
    """The manifest has not the form of docs/protocol.md section 7; the text says where and what to do."""


def read_manifest(entries: Any) -> dict[Entity, str]:  # noqa: ANN401 (any JSON)
    """Return the version per entity; raises ManifestError.

    Whatever a damaged mirror may hold is taken as long as it is text: it is then dropped. An entity that is named
    twice with different versions counts as changed.
    """
    if not isinstance(entries, list) or len(entries) > MOST_ENTRIES:
        raise ManifestError(f"Must be a list of at most {MOST_ENTRIES} entries [type, id, v].")
    manifest: dict[Entity, str] = {}
    for place, entry in enumerate(entries):
        if not isinstance(entry, list) or len(entry) != _ENTRY_PARTS or not all(map(_is_sound, entry)):
            raise ManifestError(f"Entry {place} must be [type, id, v], three texts of at most {LONGEST_TEXT} letters.")
        kind, entity_id, version = entry
        known = manifest.setdefault((kind, entity_id), version)
        if known != version:
            manifest[kind, entity_id] = ""
    return manifest


def _is_sound(text: object) -> bool:
    # Half a surrogate pair could not be told back to the handset.
    return isinstance(text, str) and len(text) <= LONGEST_TEXT and text.encode("utf-8", "replace").decode() == text


def reconcile(
    feed: ChangeFeed, manifest: Manifest, token: str | None, *, officer_id: str, secret: str, limit: int, at: int
) -> Page:
    """Return the page after ``token`` (None = the first); ``at`` is now, seconds since 1970.

    Raises ReconcileRequiredError when the token is void: begin again without one.
    """
    ends = feed.ends()
    if token is None:
        walk = _Walk(feed.epoch, officer_id, {scope: end.head for scope, end in ends.items()})
    else:
        walk = _continued(feed, token, ends, officer_id, secret)
    versions = feed.versions()
    due = sorted(
        entity
        for entity in versions.keys() | manifest.keys()
        if (walk.after is None or entity > walk.after) and versions.get(entity) != manifest.get(entity)
    )
    sheet, deferred = _compared(feed, due[: clamped(limit)], versions)
    walk = walk.on(due[len(sheet.changes) - 1] if sheet.changes else None, deferred)
    has_more = len(sheet.changes) < len(due)
    members: dict[str, Any] = {"mode": "reconcile", "officer_id": officer_id, "has_more": has_more}
    if has_more:
        members["next_page"] = walk.seal(secret)
    else:
        members |= {"next_page": None, **_finished(feed, walk, ends, secret, at)}
    return Page(members, sheet.changes, deferred)


@dataclass(frozen=True)
class _Walk:
    """A walk through manifest and visible set: ``heads`` as of its first page, ``after`` the last entity compared."""

    epoch: str
    officer_id: str
    heads: Mapping[str, int]
    after: Entity | None = None
    deferred: tuple[Entity, ...] = ()

    def on(self, after: Entity | None, deferred: Sequence[Entity]) -> "_Walk":
        """Return the walk after one more page."""
        known = (*self.deferred, *deferred)[: MOST_DEFERRED + 1]
        return _Walk(self.epoch, self.officer_id, self.heads, after or self.after, known)

    def seal(self, secret: str) -> str:
        """Return the page token."""
        return _SEAL.close([self.epoch, self.officer_id, written(self.heads), self.after, self.deferred], secret)


def _continued(feed: ChangeFeed, token: str, ends: Mapping[str, ScopeEnds], officer_id: str, secret: str) -> _Walk:
    try:
        epoch, held_by, heads, after, deferred = _SEAL.open(token, secret)
    except CursorError as error:
        raise ReconcileRequiredError("bad_cursor") from error
    demand_same_history((epoch, held_by), (feed.epoch, officer_id))
    demand_reachable(numbers(heads), ends)
    return _Walk(epoch, held_by, numbers(heads), (after[0], after[1]), tuple((kind, name) for kind, name in deferred))


def _compared(feed: ChangeFeed, due: Sequence[Entity], versions: Mapping[Entity, str]) -> tuple[Sheet, list[Entity]]:
    """Return the changes for a run of entities in their order, as many as fit, and which of them are deferred."""
    seen = feed.visible([entity for entity in due if entity in versions])
    reasons = feed.reasons([entity for entity in due if entity not in versions])
    sheet, deferred = Sheet(len(due)), []
    for entity in due:
        change = change_of(entity, seen.get(entity), reasons.get(entity))
        if not sheet.take(change):
            break
        if change.defers:
            deferred.append(entity)
    return sheet, deferred


def _finished(feed: ChangeFeed, walk: _Walk, ends: Mapping[str, ScopeEnds], secret: str, at: int) -> dict[str, Any]:
    """Return the cursor to pull with, and the digest if nothing changed since the first page."""
    positions = {
        scope: end.floor if scope.startswith(_RECEIPT_SCOPES) else walk.heads[scope] for scope, end in ends.items()
    }
    still = all(end.head == walk.heads[scope] for scope, end in ends.items() if not scope.startswith(_RECEIPT_SCOPES))
    # With changes between the pages the mirror equals the server only after the next pull: no false alarm now.
    digest = digest_without(feed, walk.deferred) if still else None
    seen_at = 0 if digest is None else at
    cursor = Cursor(walk.epoch, walk.officer_id, positions, seen_at, walk.deferred)
    told: dict[str, Any] = {"next_cursor": cursor.seal(secret)}
    return told if digest is None else {**told, "digest": digest}
