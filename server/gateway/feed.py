"""Binds the feed's port to the ledger and the subjects, within one read snapshot."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from server.casework.queries import visible_entities
from server.identity.queries import scopes_of
from server.ledger.queries import epoch, marks_after, scope_states
from sync.feed import page
from sync.ports import Mark, ScopeEnds, Visible


class SnapshotFeed:
    """sync.ports.ChangeFeed for one officer; lives as long as the session's snapshot."""

    def __init__(self, session: Session, officer_id: UUID) -> None:
        self._session = session
        self._scopes = scopes_of(session, officer_id)
        self.epoch = epoch(session)

    def ends(self) -> Mapping[str, ScopeEnds]:
        """Return head and floor of the officer's scopes."""
        states = scope_states(self._session, list(self._scopes))
        return {scope: ScopeEnds(state.head, state.floor) for scope, state in states.items()}

    def marks(self, positions: Mapping[str, int], limit: int) -> Iterable[Mark]:
        """Return the marks after ``positions``."""
        for mark in marks_after(self._session, positions, limit):
            yield Mark(mark.scope, mark.seq, (mark.entity_type, str(mark.entity_id)), mark.reason)

    def visible(self, entities: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Visible]:
        """Return what the officer may see of ``entities`` now."""
        wanted = [(kind, UUID(entity_id)) for kind, entity_id in entities]
        found = visible_entities(self._session, self._scopes, wanted)
        return {(kind, str(entity_id)): Visible(version, data) for (kind, entity_id), (version, data) in found.items()}


def pull_page(session: Session, officer_id: UUID, token: str | None, *, secret: str, limit: int) -> dict[str, Any]:
    """Return a page of changes; all of it comes from one snapshot. Raises ReconcileRequiredError."""
    return page(SnapshotFeed(session, officer_id), token, officer_id=str(officer_id), secret=secret, limit=limit)
