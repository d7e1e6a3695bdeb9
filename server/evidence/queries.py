"""Reads of evidence: galleries, what is missing and on which handset, and who may see a photograph's bytes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from server.evidence.models import Evidence, EvidenceFlag, Photo, Upload
from server.evidence.records import EvidenceRecord, PhotoRecord, evidence_record, evidence_rows, photo_record
from server.evidence.underived import lacks_renditions
from server.identity.models import Install, Officer
from server.identity.scope import agencies_in
from server.keyset import Page, cut, decode


@dataclass(frozen=True)
class GalleryFilter:
    """What to show; None does not filter."""

    review_state: str | None = None
    stage: str | None = None
    squad_id: UUID | None = None
    missing: bool | None = None
    case_id: UUID | None = None
    flagged: bool | None = None


@dataclass(frozen=True)
class MissingPhoto:
    """A declared photograph whose bytes have not arrived: what, since when, on which handset of whom."""

    evidence_id: UUID
    sha256: str
    stage: str
    role: str
    owner_kind: str
    owner_id: UUID
    expected_at: datetime
    install_id: UUID
    handset: str
    officer_id: UUID
    officer: str


@dataclass(frozen=True)
class EvidenceCount:
    """How many photographs an owner's items declared and how many of them are here."""

    expected: int
    present: int


def gallery(
    session: Session,
    scope: tuple[str, ...],
    wanted: GalleryFilter,
    *,
    after: str | None = None,
    limit: int = 50,
) -> Page[EvidenceRecord]:
    """Return evidence newest first."""
    rows = _filtered(evidence_rows(), scope, wanted).order_by(Evidence.id.desc()).limit(limit + 1)
    if after is not None:
        rows = rows.where(Evidence.id < decode(after))
    return cut(session.execute(rows).all(), limit, lambda row: row[0].id, evidence_record)


def _filtered(
    rows: Select[Evidence, Photo | None], scope: tuple[str, ...], wanted: GalleryFilter
) -> Select[Evidence, Photo | None]:
    rows = rows.where(Evidence.agency_id.in_(agencies_in(scope)))
    if wanted.review_state is not None:
        rows = rows.where(Evidence.review_state == wanted.review_state)
    if wanted.stage is not None:
        rows = rows.where(Evidence.stage == wanted.stage)
    if wanted.squad_id is not None:
        rows = rows.where(Evidence.squad_id == wanted.squad_id)
    if wanted.missing is not None:
        rows = rows.where(Evidence.present_at.is_(None) if wanted.missing else Evidence.present_at.is_not(None))
    if wanted.case_id is not None:
        rows = rows.where(Evidence.owner_kind == "case", Evidence.owner_id == wanted.case_id)
    if wanted.flagged is not None:
        raised = exists().where(EvidenceFlag.evidence_id == Evidence.id)
        rows = rows.where(raised if wanted.flagged else ~raised)
    return rows


def one(session: Session, scope: tuple[str, ...], evidence_id: UUID) -> EvidenceRecord | None:
    """Return one piece of evidence, or None if it does not exist or is out of scope."""
    row = session.execute(
        evidence_rows().where(Evidence.id == evidence_id, Evidence.agency_id.in_(agencies_in(scope)))
    ).one_or_none()
    return None if row is None else evidence_record(row)


def several(session: Session, scope: tuple[str, ...], ids: Collection[UUID]) -> dict[UUID, EvidenceRecord]:
    """Return pieces of evidence by id; what is out of scope is left out."""
    mine = Evidence.id.in_(ids), Evidence.agency_id.in_(agencies_in(scope))
    return {row[0].id: evidence_record(row) for row in session.execute(evidence_rows().where(*mine))}


def of_owner(session: Session, kind: str, owner_id: UUID) -> tuple[EvidenceRecord, ...]:
    """Return all evidence of an owner in the order in which it was declared; the caller has checked the scope."""
    rows = session.execute(
        evidence_rows()
        .where(Evidence.owner_kind == kind, Evidence.owner_id == owner_id)
        .order_by(Evidence.expected_at, Evidence.item_id, Evidence.position)
    )
    return tuple(evidence_record(row) for row in rows)


def missing_of_items(session: Session, install_id: UUID, item_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """Return per item of an install the declared hashes whose bytes are missing; items without any are left out."""
    rows = session.execute(
        select(Evidence.item_id, Evidence.sha256)
        .where(Evidence.install_id == install_id, Evidence.item_id.in_(item_ids), Evidence.present_at.is_(None))
        .order_by(Evidence.position)
    )
    found: dict[UUID, list[str]] = {}
    for item_id, sha256 in rows:
        hashes = found.setdefault(item_id, [])
        if sha256 not in hashes:
            hashes.append(sha256)
    return found


def counts(session: Session, kind: str, owner_ids: Collection[UUID]) -> dict[UUID, EvidenceCount]:
    """Return the counts of each owner; owners without evidence are at zero."""
    rows = session.execute(
        select(Evidence.owner_id, func.count(), func.count(Evidence.present_at))
        .where(Evidence.owner_kind == kind, Evidence.owner_id.in_(owner_ids))
        .group_by(Evidence.owner_id)
    )
    known = {owner_id: EvidenceCount(expected, present) for owner_id, expected, present in rows}
    return {owner_id: known.get(owner_id, EvidenceCount(0, 0)) for owner_id in owner_ids}


def missing(
    session: Session,
    scope: tuple[str, ...],
    *,
    case_id: UUID | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[MissingPhoto]:
    """Return the photographs that are still on their way, those longest expected first."""
    rows = (
        select(Evidence, Install.label, Officer.name)
        .join(Install, Install.id == Evidence.install_id)
        .join(Officer, Officer.id == Evidence.officer_id)
        .where(
            Evidence.present_at.is_(None), Evidence.disposed_at.is_(None), Evidence.agency_id.in_(agencies_in(scope))
        )
        .order_by(Evidence.id)
        .limit(limit + 1)
    )
    if case_id is not None:
        rows = rows.where(Evidence.owner_kind == "case", Evidence.owner_id == case_id)
    if after is not None:
        rows = rows.where(Evidence.id > decode(after))
    found = session.execute(rows).all()
    return cut(found, limit, lambda row: row[0].id, lambda row: _missing_photo(*row))


def _missing_photo(evidence: Evidence, handset: str, officer: str) -> MissingPhoto:
    return MissingPhoto(
        evidence_id=evidence.id,
        sha256=evidence.sha256,
        stage=evidence.stage,
        role=evidence.role,
        owner_kind=evidence.owner_kind,
        owner_id=evidence.owner_id,
        expected_at=evidence.expected_at,
        install_id=evidence.install_id,
        handset=handset,
        officer_id=evidence.officer_id,
        officer=officer,
    )


def photo(session: Session, sha256: str) -> PhotoRecord | None:
    """Return a photograph that is in the store; the caller has checked who asks."""
    found = session.get(Photo, sha256)
    return None if found is None else photo_record(found)


def visible_at_desk(session: Session, scope: tuple[str, ...], sha256: str) -> bool:
    """Tell whether these bytes are evidence of anything within ``scope``."""
    shown = exists().where(
        Evidence.sha256 == sha256, Evidence.disposed_at.is_(None), Evidence.agency_id.in_(agencies_in(scope))
    )
    return bool(session.scalar(select(shown)))


def proven(session: Session, install_id: UUID, sha256: str) -> bool:
    """Tell whether this install has uploaded these very bytes: only that proves that it has them."""
    uploaded = exists().where(Upload.install_id == install_id, Upload.sha256 == sha256, Upload.state == "complete")
    return bool(session.scalar(select(uploaded)))


def underived(session: Session, recipe: str, limit: int, node: str | None = None) -> list[str]:
    """Return hashes that still lack the renditions of ``recipe``, oldest first, without those given up.

    ``node``: this machine, to leave out what only another one can read.
    """
    rows = session.scalars(
        select(Photo.sha256).where(lacks_renditions(recipe, node)).order_by(Photo.received_at).limit(limit)
    )
    return list(rows)
