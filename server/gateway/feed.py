"""Binds the feed's port to the ledger and the subjects, within one read snapshot."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from server.casework.mirror import MIRRORED, visible_entities, visible_versions
from server.clock import now
from server.current import secret
from server.gateway.receipts import receipts
from server.gateway.standing import Standing, standing
from server.identity.rules import Handset
from server.ledger.queries import drop_reasons, marks_after
from server.logs import log
from server.problems import Problem
from sync.changes import RECEIPT, Page
from sync.continuing import ReconcileRequiredError
from sync.feed import page
from sync.ports import Entity, Mark, ScopeEnds, Visible
from sync.reconcile import Manifest, reconcile


class SnapshotFeed:
    """sync.ports.ChangeFeed for one handset's officer; lives as long as the session's snapshot."""

    def __init__(self, session: Session, asking: Handset, begun: Standing) -> None:
        self._session = session
        self._asking = asking
        self._ends = begun.ends
        self.epoch = begun.epoch

    def ends(self) -> Mapping[str, ScopeEnds]:
        """Return head and floor of the officer's scopes."""
        return self._ends

    def marks(self, positions: Mapping[str, int], limit: int) -> Iterable[Mark]:
        """Return the marks after ``positions``."""
        for mark in marks_after(self._session, positions, limit):
            yield Mark(mark.scope, mark.seq, (mark.entity_type, str(mark.entity_id)), mark.reason)

    def visible(self, entities: Sequence[Entity]) -> Mapping[Entity, Visible]:
        """Return what the officer may see of ``entities`` now; what cannot be rendered is without data."""
        try:
            return self._rendered(entities)
        except DBAPIError:
            raise
        except Exception:  # noqa: BLE001 (one of them is broken, whichever way: found by trying each alone)
            return self._one_by_one(entities)

    def versions(self) -> Mapping[Entity, str]:
        """Return the version of every case and task that the officer sees now."""
        found = visible_versions(self._session, self._asking.scopes)
        return {(kind, str(entity_id)): version for (kind, entity_id), version in found.items()}

    def reasons(self, entities: Sequence[Entity]) -> Mapping[Entity, str]:
        """Return the reasons that marks of the officer's scopes give; garbage has none."""
        # A manifest may name anything; no database takes a NUL.
        wanted = [(kind, UUID(entity_id)) for kind, entity_id in entities if kind in MIRRORED and _is_uuid(entity_id)]
        found = drop_reasons(self._session, self._asking.scopes, wanted)
        return {(kind, str(entity_id)): reason for (kind, entity_id), reason in found.items()}

    def _rendered(self, entities: Collection[Entity]) -> dict[Entity, Visible]:
        items = {UUID(entity_id) for kind, entity_id in entities if kind == RECEIPT}
        others = [(kind, UUID(entity_id)) for kind, entity_id in entities if kind != RECEIPT]
        found: dict[tuple[str, UUID], tuple[str, dict[str, Any]]] = {}
        if others:
            found = visible_entities(self._session, self._asking.scopes, others)
        for item_id, told in receipts(self._session, self._asking, items).items():
            found[RECEIPT, item_id] = told
        return {(kind, str(entity_id)): Visible(*told) for (kind, entity_id), told in found.items()}

    def _one_by_one(self, entities: Sequence[Entity]) -> dict[Entity, Visible]:
        versions = self.versions()
        found: dict[Entity, Visible] = {}
        for entity in entities:
            try:
                found |= self._rendered([entity])
            except DBAPIError:
                raise
            except Exception as error:  # noqa: BLE001 (it must not block the others: deferred, logged, alarmed)
                log.error("render-failed", entity=entity, exc_info=error)
                if entity in versions or entity[0] == RECEIPT:
                    found[entity] = Visible(versions.get(entity, ""), None)
        return found


@dataclass(frozen=True)
class Delivery:
    """A page and the standing of the handset that asked for it."""

    page: Page
    standing: Standing


def pull_page(
    session: Session, asking: Handset, token: str | None, *, limit: int, want_digest: bool = False
) -> Delivery:
    """Return a page of changes; all of it comes from one snapshot. Raises reconcile-required, handset-revoked, busy."""

    def ask(feed: SnapshotFeed, **common: Any) -> Page:  # noqa: ANN401 (passed on as they are)
        return page(feed, token, limit=limit, want_digest=want_digest, **common)

    return _delivered(session, asking, ask)


def reconcile_page(session: Session, asking: Handset, manifest: Manifest, token: str | None, *, limit: int) -> Delivery:
    """Return a page of a reconciliation, from one snapshot. Raises as ``pull_page`` does."""

    def ask(feed: SnapshotFeed, **common: Any) -> Page:  # noqa: ANN401 (passed on as they are)
        return reconcile(feed, manifest, token, limit=limit, **common)

    return _delivered(session, asking, ask)


def _delivered(session: Session, asking: Handset, ask: Callable[..., Page]) -> Delivery:
    begun = standing(session, asking)
    common = {"officer_id": str(asking.officer_id), "secret": secret(), "at": int(now().timestamp())}
    try:
        return Delivery(ask(SnapshotFeed(session, asking, begun), **common), begun)
    except ReconcileRequiredError as error:
        raise Problem("reconcile-required", reason=error.reason) from error


def _is_uuid(text: str) -> bool:
    """Tell whether ``text`` is a UUID as the wire writes it."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
