"""Which other evidence looks like a photograph, as far as its reader may know. Read-only."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.evidence.likenesses import alike, others_with
from server.evidence.models import Evidence
from server.identity.scope import agencies_in


@dataclass(frozen=True)
class LookAlike:
    """Other evidence that looks like one; ``elsewhere``: out of the reader's scope, so nothing else is told of it.

    ``kind`` is same_picture or similar_place, ``distance`` the bits out of 256 in which they differ.
    """

    kind: str
    distance: int
    same_file: bool
    elsewhere: bool
    evidence_id: UUID | None = None
    owner_kind: str | None = None
    owner_id: UUID | None = None
    stage: str | None = None
    role: str | None = None


def lookalikes(session: Session, scope: tuple[str, ...], evidence_id: UUID) -> tuple[LookAlike, ...] | None:
    """Return what looks like a piece of evidence, nearest first; None if that is out of scope or does not exist."""
    within = set(session.scalars(agencies_in(scope)))
    evidence = session.scalars(
        select(Evidence).where(Evidence.id == evidence_id, Evidence.agency_id.in_(within))
    ).one_or_none()
    if evidence is None:
        return None
    if evidence.present_at is None:
        # Declaring a hash proves nothing: who never had the bytes learns nothing of where else they are.
        return ()
    found = alike(session, evidence)
    distances = {**found.perhaps_same_place, **found.same, evidence.sha256: 0}
    told = [
        _told(other, evidence, distances[other.sha256], "similar_place" if hint else "same_picture", within)
        for hint, sha256s in ((False, {evidence.sha256, *found.same}), (True, set(found.perhaps_same_place)))
        for other in others_with(session, evidence, sha256s)
    ]
    return tuple(sorted(told, key=lambda other: (other.distance, not other.same_file)))


def _told(other: Evidence, evidence: Evidence, distance: int, kind: str, within: set[UUID]) -> LookAlike:
    same_file = other.sha256 == evidence.sha256
    if other.agency_id not in within:
        return LookAlike(kind, distance, same_file, elsewhere=True)
    return LookAlike(
        kind,
        distance,
        same_file,
        elsewhere=False,
        evidence_id=other.id,
        owner_kind=other.owner_kind,
        owner_id=other.owner_id,
        stage=other.stage,
        role=other.role,
    )
