"""Writes of evidence: photographs are declared, arrive in either order, and are reviewed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, insert, or_, select
from sqlalchemy.orm import Session, aliased

from photo_store.inspect_image import ImageFacts
from server.base import new_tag, table_of, uuid7
from server.clock import now
from server.evidence.models import Evidence, Upload
from server.evidence.photos import add_photo
from server.evidence.pool import attach, attach_arrived, being_deleted
from server.evidence.records import EvidenceRecord, evidence_record, evidence_rows
from server.evidence.rules import Capture, DeclaredPhoto, Owner, check_verdict
from server.identity.locks import lock_sender
from server.identity.models import InstallKey
from server.identity.rules import Actor, Permission
from server.identity.scope import agencies_in
from server.ledger.operations import Doer, record, record_many
from server.problems import Problem

_EVIDENCE = insert(table_of(Evidence))
_here = aliased(InstallKey)
_INSTALL = bindparam("install", type_=Uuid)

_PROVEN = (
    select(Upload.sha256, Upload.install_id, InstallKey.officer_id)
    .join(InstallKey, InstallKey.install_id == Upload.install_id)
    .where(
        Upload.sha256.in_(bindparam("hashes", expanding=True)),
        Upload.state == "complete",
        or_(
            Upload.install_id == _INSTALL,
            InstallKey.officer_id.in_(select(_here.officer_id).where(_here.install_id == _INSTALL)),
        ),
    )
)
# The evidence of a photograph that waits for it, of an install and of the officers with a key on it.
_WAITING = (
    select(Evidence)
    .where(
        Evidence.sha256 == bindparam("hash"),
        Evidence.present_at.is_(None),
        Evidence.disposed_at.is_(None),
        or_(
            Evidence.install_id == _INSTALL,
            Evidence.officer_id.in_(select(InstallKey.officer_id).where(InstallKey.install_id == _INSTALL)),
        ),
    )
    .order_by(Evidence.id)
    .with_for_update()
)


@dataclass(frozen=True, order=True)
class OwnerKey:
    """Whose evidence changed: kind (``case``) and id."""

    kind: str
    id: UUID


@dataclass(frozen=True)
class Expectation:
    """Photographs that one item declared for an owner."""

    owner: Owner
    capture: Capture
    photos: Sequence[DeclaredPhoto]


def expect(session: Session, owner: Owner, capture: Capture, photos: Sequence[DeclaredPhoto]) -> list[str]:
    """Note that ``photos`` were declared for ``owner``; return the hashes whose bytes are still missing."""
    return expect_all(session, capture.install_id, [Expectation(owner, capture, photos)])[capture.item_id]


def expect_all(session: Session, install_id: UUID, expectations: Sequence[Expectation]) -> dict[UUID, list[str]]:
    """Note what items of one install declared; return per item the hashes whose bytes are still missing.

    Declaring a hash proves nothing: a photograph is present once the declaring side itself has uploaded its bytes,
    even if somebody else's upload holds the same. Else whoever learns a hash could attach a stranger's photograph.
    The caller holds the install's locks (identity.locks), under which its uploads arrive too. Photographs that are
    present from now on are attached to them, which is also the lock against their collection.
    """
    hashes = {photo.sha256 for each in expectations for photo in each.photos}
    proven = _proven(session, install_id, hashes) if hashes else set()
    kept = attach(session, {sha256 for each in expectations for sha256 in _shown(each, proven)}) if proven else set()
    moment = now()
    rows: list[dict[str, Any]] = []
    events: list[tuple[tuple[str, str], Doer, dict[str, Any]]] = []
    missing: dict[UUID, list[str]] = {}
    for each in expectations:
        here = _shown(each, proven) & kept
        missing[each.capture.item_id] = sorted({photo.sha256 for photo in each.photos} - here)
        for position, photo in enumerate(each.photos):
            row = _expected(each, position, photo, moment, present=photo.sha256 in here)
            rows.append(row)
            events.append(_declared(each, row))
    if rows:
        session.execute(_EVIDENCE, rows)
        record_many(session, "declared", events)
    return missing


def _shown(each: Expectation, proven: set[tuple[str, UUID | None]]) -> set[str]:
    """Return the hashes of an item that its sender has proved to have."""
    by_whom = {None, each.capture.officer_id}
    return {photo.sha256 for photo in each.photos} & {sha256 for sha256, by in proven if by in by_whom}


def _expected(
    each: Expectation, position: int, photo: DeclaredPhoto, moment: datetime, *, present: bool
) -> dict[str, Any]:
    owner, capture = each.owner, each.capture
    fix = capture.fix
    return {
        "id": uuid7(),
        "agency_id": owner.agency_id,
        "owner_kind": owner.kind,
        "owner_id": owner.id,
        "task_id": capture.task_id,
        "item_id": capture.item_id,
        "position": position,
        "sha256": photo.sha256,
        "declared_size": photo.size,
        "stage": photo.stage or capture.stage,
        "role": photo.role,
        "source": photo.source,
        "scheme": owner.scheme,
        "category_code": owner.category_code,
        "squad_id": owner.squad_id,
        "officer_id": capture.officer_id,
        "install_id": capture.install_id,
        "capacity": capture.capacity,
        "captured_at": capture.captured_at,
        "captured_at_corrected": capture.captured_at_corrected,
        "certainty": capture.certainty,
        "lon": fix and fix.lon,
        "lat": fix and fix.lat,
        "accuracy_m": fix and fix.accuracy_m,
        "expected_at": moment,
        "present_at": moment if present else None,
        "review_state": "unreviewed",
        "version": new_tag(),
    }


def _declared(each: Expectation, row: Mapping[str, Any]) -> tuple[tuple[str, str], Doer, dict[str, Any]]:
    facts = {"sha256": row["sha256"], "role": row["role"], "stage": row["stage"], "item_id": str(row["item_id"])}
    if each.capture.fingerprint is not None:
        facts["fingerprint"] = each.capture.fingerprint
    doer = Doer(each.owner.agency_id, each.capture.officer_id, each.capture.install_id)
    return ("evidence", str(row["id"])), doer, facts


def arrive(
    session: Session, sha256: str, image: ImageFacts, doer: Doer, *, node: str | None = None
) -> frozenset[OwnerKey]:
    """Note that ``doer`` has uploaded the original with this hash; return the owners whose evidence became present.

    ``node``: the machine in whose spool alone the bytes lie. Raises BlobUnavailable while they are being deleted.

    That is the evidence declared by the same install, or by one of its officers on another handset.
    Whoever binds the subjects together tells them (casework.operations.photos_arrived) in the same transaction.
    Bytes that come a second time bring back what was lost or condemned, else they change the custody record only.
    """
    if doer.install_id is not None:
        lock_sender(session, doer.install_id)
    if not add_photo(session, sha256, image, doer.install_id, node=node):
        raise being_deleted(sha256)
    record(session, "received", ("photo", sha256), doer, {"size": image.size, "media_type": image.media_type})
    waiting = session.scalars(_WAITING, {"hash": sha256, "install": doer.install_id}).all()
    moment = now()
    for row in waiting:
        row.present_at = moment
        row.version = new_tag()
    session.flush()
    if waiting:
        attach_arrived(session, sha256)
    return frozenset(OwnerKey(row.owner_kind, row.owner_id) for row in waiting)


def _proven(session: Session, install_id: UUID, hashes: Collection[str]) -> set[tuple[str, UUID | None]]:
    """Return which of ``hashes`` were uploaded: by this install (None), or by another with a key of an officer."""
    uploaded = session.execute(_PROVEN, {"hashes": list(hashes), "install": install_id})
    return {(row.sha256, None if row.install_id == install_id else row.officer_id) for row in uploaded}


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
    if row.disposed_at is not None:
        raise Problem("photo-disposed")
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
