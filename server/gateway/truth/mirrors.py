"""Feed marks against what each scope may see: every visible record is marked, at the version that it has now."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.casework.mirror import MIRRORED, visible_versions
from server.gateway.truth.finding import Finding, Step
from server.identity.models import Officer, Squad
from server.ledger.models import FeedMark, FeedScope

_SCOPES_AT_ONCE = 20
_NUMBERS_AT_ONCE = 100


def scopes_of_officers(session: Session, after: UUID | None) -> Step:
    """Check the scopes of some officers, in order of their ids."""
    return _mirrors(session, "officer", Officer.id, after)


def scopes_of_squads(session: Session, after: UUID | None) -> Step:
    """Check the scopes of some squads, in order of their ids."""
    return _mirrors(session, "squad", Squad.id, after)


def _mirrors(session: Session, kind: str, column: Any, after: UUID | None) -> Step:  # noqa: ANN401 (a mapped column)
    chosen = select(column).order_by(column).limit(_SCOPES_AT_ONCE)
    ids = session.scalars(chosen if after is None else chosen.where(column > after)).all()
    findings = [finding for holder in ids for finding in mirror_of(session, f"{kind}:{holder}")]
    return Step(findings, len(ids), ids[-1] if len(ids) == _SCOPES_AT_ONCE else None)


def mirror_of(session: Session, scope: str) -> list[Finding]:
    """Compare one scope's marks with what it may see now.

    A purge removes old marks and raises the floor: where that happened, a missing mark proves nothing.
    """
    visible = visible_versions(session, [scope])
    if not visible:
        return []
    rows = session.execute(
        select(FeedMark.entity_type, FeedMark.entity_id, FeedMark.version).where(
            FeedMark.scope == scope, FeedMark.entity_type.in_(MIRRORED)
        )
    )
    marked = {(row.entity_type, row.entity_id): row.version for row in rows}
    purged = bool(session.scalar(select(FeedScope.floor).where(FeedScope.scope == scope)))
    findings = []
    for (kind, entity_id), version in visible.items():
        known = marked.get((kind, entity_id))
        if known is None and not purged:
            says = f"{kind} {entity_id} is visible and has no mark"
            findings.append(Finding("mark-missing", "feed_mark_missing", f"scope:{scope}", says))
        elif known is not None and known != version:
            says = f"{kind} {entity_id} is at {version}, its mark at {known}"
            findings.append(Finding("mark-stale", "feed_mark_stale", f"scope:{scope}", says))
    return findings


def numbers(session: Session, after: str | None) -> Step:
    """Check that a scope's head is its highest number, that no number is given twice and none is below the floor."""
    chosen = select(FeedScope.scope, FeedScope.head, FeedScope.floor).order_by(FeedScope.scope).limit(_NUMBERS_AT_ONCE)
    scopes = session.execute(chosen if after is None else chosen.where(FeedScope.scope > after)).all()
    counted = session.execute(
        select(
            FeedMark.scope,
            func.max(FeedMark.seq).label("highest"),
            func.min(FeedMark.seq).label("lowest"),
            func.count().label("rows"),
            func.count(FeedMark.seq.distinct()).label("numbers"),
        )
        .where(FeedMark.scope.in_([row.scope for row in scopes]))
        .group_by(FeedMark.scope)
    )
    marks = {row.scope: row for row in counted}
    findings = []
    for row in scopes:
        found = marks.get(row.scope)
        highest = row.floor if found is None else found.highest
        if highest != row.head:
            says = f"the head is {row.head}, the highest number {highest}"
            findings.append(Finding("head-off", "feed_scope_broken", f"scope:{row.scope}", says))
        if found is not None and found.rows != found.numbers:
            says = f"{found.rows} marks share {found.numbers} numbers"
            findings.append(Finding("number-twice", "feed_scope_broken", f"scope:{row.scope}", says))
        if found is not None and found.lowest <= row.floor:
            says = f"number {found.lowest} lies below the floor {row.floor}"
            findings.append(Finding("below-floor", "feed_scope_broken", f"scope:{row.scope}", says))
    return Step(findings, len(scopes), scopes[-1].scope if len(scopes) == _NUMBERS_AT_ONCE else None)


def strays(session: Session, after: str | None) -> Step:
    """Find scopes that have marks but no counter row: their next mark would begin at one again."""
    beyond = FeedMark.scope > (after or "")
    scope = session.scalar(select(func.min(FeedMark.scope)).where(beyond))
    if scope is None:
        return Step([], 0, None)
    if session.scalar(select(FeedScope.scope).where(FeedScope.scope == scope)) is not None:
        return Step([], 1, scope)
    return Step([Finding("scope-missing", "feed_scope_broken", f"scope:{scope}", "marks without a counter")], 1, scope)
