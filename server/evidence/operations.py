"""Writes of evidence: photographs are declared, arrive in either order, and are reviewed."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from photo_store.inspect_image import ImageFacts
from server.base import new_tag
from server.clock import now
from server.evidence.models import Evidence, Upload
from server.evidence.photos import add_photo
from server.evidence.records import EvidenceRecord, evidence_record, evidence_rows
from server.evidence.rules import Capture, DeclaredPhoto, Owner, check_verdict
from server.evidence.scope import agencies_in
from server.identity.models import Install
from server.identity.rules import Actor, Permission
from server.ledger.operations import Doer, meet, record
from server.problems import Problem


@dataclass(frozen=True, order=True)
class OwnerKey:
    """Whose evidence changed: kind (``case``) and id."""

    kind: str
    id: UUID


def photo_keys(photos: Iterable[DeclaredPhoto]) -> list[str]:
    """Return the rendezvous keys where these photographs meet their bytes."""
    return [f"photo:{photo.sha256}" for photo in photos]


def expect(session: Session, owner: Owner, capture: Capture, photos: Sequence[DeclaredPhoto]) -> list[str]:
    """Note that ``photos`` were declared for ``owner``; return the hashes whose bytes are still missing.

    Declaring a hash proves nothing: a photograph is present once the declaring side itself has uploaded its bytes,
    even if somebody else's upload holds the same. Else whoever learns a hash could attach a stranger's photograph.
    Rendezvous rows come first in the lock order: who locks an existing owner meets ``photo_keys`` before that.
    """
    meet(session, photo_keys(photos))
    hashes = {photo.sha256 for photo in photos}
    here = _proven(session, hashes, capture) if hashes else set()
    moment = now()
    doer = Doer(owner.agency_id, capture.officer_id, capture.install_id)
    rows = []
    for position, photo in enumerate(photos):
        row = Evidence(
            agency_id=owner.agency_id,
            owner_kind=owner.kind,
            owner_id=owner.id,
            task_id=capture.task_id,
            item_id=capture.item_id,
            position=position,
            sha256=photo.sha256,
            declared_size=photo.size,
            stage=capture.stage,
            role=photo.role,
            source=photo.source,
            scheme=owner.scheme,
            category_code=owner.category_code,
            squad_id=owner.squad_id,
            officer_id=capture.officer_id,
            install_id=capture.install_id,
            capacity=capture.capacity,
            captured_at=capture.captured_at,
            captured_at_corrected=capture.captured_at_corrected,
            expected_at=moment,
            present_at=moment if photo.sha256 in here else None,
        )
        rows.append(row)
    session.add_all(rows)
    session.flush()
    for row in rows:
        facts = {"sha256": row.sha256, "role": row.role, "stage": row.stage, "item_id": str(row.item_id)}
        record(session, "declared", ("evidence", str(row.id)), doer, facts)
    return sorted(hashes - here)


def arrive(session: Session, sha256: str, image: ImageFacts, doer: Doer) -> frozenset[OwnerKey]:
    """Note that ``doer`` has uploaded the original with this hash; return the owners whose evidence became present.

    That is the evidence declared by the same install, or by the same officer on a handset enrolled before.
    Whoever binds the subjects together tells them (casework.operations.photos_arrived) in the same transaction.
    Bytes that come a second time change nothing but the custody record.
    """
    meet(session, [f"photo:{sha256}"])
    add_photo(session, sha256, image, doer.install_id)
    record(session, "received", ("photo", sha256), doer, {"size": image.size, "media_type": image.media_type})
    waiting = session.scalars(
        select(Evidence)
        .where(
            Evidence.sha256 == sha256,
            Evidence.present_at.is_(None),
            or_(Evidence.install_id == doer.install_id, Evidence.officer_id == doer.officer_id),
        )
        .order_by(Evidence.id)
        .with_for_update()
    ).all()
    moment = now()
    for row in waiting:
        row.present_at = moment
        row.version = new_tag()
    session.flush()
    return frozenset(OwnerKey(row.owner_kind, row.owner_id) for row in waiting)


def _proven(session: Session, hashes: Collection[str], capture: Capture) -> set[str]:
    """Return those of ``hashes`` that the capturing install, or another of the same officer, has uploaded."""
    uploaded = (
        select(Upload.sha256)
        .join(Install, Install.id == Upload.install_id)
        .where(
            Upload.sha256.in_(hashes),
            Upload.state == "complete",
            or_(Install.id == capture.install_id, Install.officer_id == capture.officer_id),
        )
    )
    return {sha256 for sha256 in session.scalars(uploaded) if sha256 is not None}


def review(
    session: Session,
    actor: Actor,
    evidence_id: UUID,
    verdict: str,
    *,
    reason: str | None = None,
    version: str | None = None,
) -> EvidenceRecord:
    """Give a photograph a verdict: accepted, returned (with a reason) or unreviewed (takes the last one back).

    ``version`` is the one the reviewer saw; None skips the comparison. Raises forbidden, not-found (also out of
    scope), validation, stale-version, reviewed-own-photo, and evidence-missing for bytes nobody has seen yet.
    """
    scope = actor.require(Permission.REVIEW_EVIDENCE)
    chosen, written = check_verdict(verdict, reason)
    row = session.scalars(
        select(Evidence).where(Evidence.id == evidence_id, Evidence.agency_id.in_(agencies_in(scope))).with_for_update()
    ).one_or_none()
    if row is None:
        raise Problem("not-found")
    if version is not None and version != row.version:
        raise Problem("stale-version", current={"review_state": row.review_state, "version": row.version})
    if row.officer_id == actor.officer_id:
        raise Problem("reviewed-own-photo")
    if row.present_at is None:
        raise Problem("evidence-missing", missing=[{"sha256": row.sha256, "install_id": str(row.install_id)}])
    before = row.review_state
    undone = chosen == "unreviewed"
    row.review_state = chosen
    row.review_reason = written
    row.reviewer_id = None if undone else actor.officer_id
    row.reviewed_at = None if undone else now()
    row.version = new_tag()
    facts = {"before": before, "verdict": chosen, "reason": written, "sha256": row.sha256}
    record(session, "reviewed", ("evidence", str(row.id)), Doer(row.agency_id, actor.officer_id), facts)
    session.flush()
    return evidence_record(session.execute(evidence_rows().where(Evidence.id == evidence_id)).one())
