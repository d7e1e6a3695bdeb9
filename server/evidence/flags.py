"""Flags of evidence: worked out by a sweep once a photograph can be looked at, kept and told with their reasons.

Working one out only reads; storing it is one short transaction. A flag never merges, deletes or blocks anything.
"""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Executable, Uuid, and_, bindparam, delete, or_, select, update
from sqlalchemy.orm import Session

from server.base import new_tag, table_of
from server.clock import now
from server.evidence.flag_rules import Flag, FlagKind, Place, Shot, Surroundings, Twin, flags_for, later_stages
from server.evidence.likenesses import alike, others_with
from server.evidence.models import Evidence, EvidenceFlag, Likeness, Photo
from server.evidence.rules import MOST_DERIVE_ATTEMPTS, Stage
from server.upsert import dialect_of, insert_in

PlaceOf = Callable[[Session, UUID], Place | None]
"""Where a case is, if that can be compared with a fix; casework knows."""

_OURS = [kind.value for kind in FlagKind]
# Built once: every photograph is worked out by them, and building one takes longer than SQLite takes to run it.
_evidence, _flag = table_of(Evidence).c, table_of(EvidenceFlag).c
_DONE = (
    update(table_of(Evidence))
    .where(
        _evidence.id == bindparam("of", type_=Uuid),
        _evidence.version == bindparam("seen"),
        _evidence.flagged_version.is_not_distinct_from(bindparam("flagged")),
    )
    .values(flagged_version=bindparam("seen"))
    .returning(_evidence.id)
)
_GONE = delete(table_of(EvidenceFlag)).where(
    _flag.evidence_id == bindparam("of", type_=Uuid), _flag.kind.in_(bindparam("gone", expanding=True))
)
_OF_OWNER = Evidence.owner_kind == bindparam("owner_kind"), Evidence.owner_id == bindparam("owner_id", type_=Uuid)
_REPORTED = select(Evidence).where(*_OF_OWNER, Evidence.stage == Stage.REPORT)
_IN_STAGES = select(Evidence.id).where(*_OF_OWNER, Evidence.stage.in_(bindparam("stages", expanding=True)))
_PICTURES = (
    select(Photo, Likeness.embedded)
    .outerjoin(Likeness, Likeness.sha256 == Photo.sha256)
    .where(Photo.sha256.in_(bindparam("hashes", expanding=True)))
)


@dataclass(frozen=True)
class WorkedOut:
    """The flags of one piece of evidence as it stood; ``stirs``: other evidence whose flags may be others by it."""

    evidence_id: UUID
    version: str
    flagged_version: str | None
    flags: tuple[Flag, ...]
    stirs: frozenset[UUID]


def due(session: Session, limit: int) -> list[UUID]:
    """Return evidence whose flags have to be worked out: it is here, its likeness is known or will never be."""
    rows = (
        select(Evidence.id)
        .join(Photo, Photo.sha256 == Evidence.sha256)
        .outerjoin(Likeness, Likeness.sha256 == Evidence.sha256)
        .where(
            Evidence.present_at.is_not(None),
            Evidence.flagged_version.is_distinct_from(Evidence.version),
            or_(Likeness.id.is_not(None), Photo.derive_attempts >= MOST_DERIVE_ATTEMPTS),
        )
        .order_by(Evidence.id)
        .limit(limit)
    )
    return list(session.scalars(rows))


def work_out(session: Session, evidence_id: UUID, place_of: PlaceOf) -> WorkedOut | None:
    """Work out the flags of one piece of evidence without writing; None if it is gone."""
    evidence = session.get(Evidence, evidence_id)
    if evidence is None or evidence.present_at is None:
        return None
    found = alike(session, evidence)
    same = others_with(session, evidence, {evidence.sha256, *found.same})
    hints = others_with(session, evidence, found.perhaps_same_place)
    answered = _later(session, evidence)
    around = Surroundings(
        place=place_of(session, evidence.owner_id) if evidence.owner_kind == "case" else None,
        befores=_befores(session, evidence),
        same=[_twin(other, evidence, found.same) for other in same],
        perhaps_same_place=[_twin(other, evidence, found.perhaps_same_place) for other in hints],
    )
    (shot,) = _shots(session, [evidence])
    # Only what is new stirs others: two that look alike would do so for ever.
    new = evidence.flagged_version is None
    stirs = frozenset({*(other.id for other in (*same, *hints)), *answered} if new else ())
    return WorkedOut(evidence.id, evidence.version, evidence.flagged_version, flags_for(shot, around), stirs)


def keep(session: Session, found: WorkedOut) -> None:
    """Store flags that were worked out; those that no longer hold go, those that still hold keep their time.

    What a reviewer flagged is not touched. Evidence that changed since stays due and is worked out once more.
    """
    done = {"of": found.evidence_id, "seen": found.version, "flagged": found.flagged_version}
    if session.execute(_DONE, done).one_or_none() is None:
        return
    gone = set(_OURS) - {flag.kind for flag in found.flags}
    session.execute(_GONE, {"of": found.evidence_id, "gone": sorted(gone)})
    for flag in found.flags:
        facts = json.dumps(flag.facts, ensure_ascii=False, sort_keys=True)
        row = {"evidence_id": found.evidence_id, "kind": flag.kind, "facts": facts, "raised_at": now()}
        session.execute(_raising(dialect_of(session)), row)
    if found.stirs:
        _make_due(session, Evidence.id.in_(found.stirs))


@cache
def _raising(dialect: str) -> Executable:
    raised = insert_in(dialect, table_of(EvidenceFlag))
    return raised.on_conflict_do_update(index_elements=["evidence_id", "kind"], set_={"facts": raised.excluded.facts})


def reconsider(session: Session, owner: tuple[str, UUID]) -> None:
    """Have the flags of an owner = (kind, id) worked out again, for instance because its place was corrected."""
    _make_due(session, and_(Evidence.owner_kind == owner[0], Evidence.owner_id == owner[1]))


def of(session: Session, evidence_ids: Collection[UUID]) -> dict[UUID, tuple[Flag, ...]]:
    """Return the flags of each piece of evidence, by kind; without any it is left out."""
    rows = session.scalars(
        select(EvidenceFlag).where(EvidenceFlag.evidence_id.in_(evidence_ids)).order_by(EvidenceFlag.kind)
    )
    flags: dict[UUID, tuple[Flag, ...]] = {}
    for row in rows:
        flags[row.evidence_id] = (*flags.get(row.evidence_id, ()), Flag(row.kind, json.loads(row.facts)))
    return flags


def _make_due(session: Session, which: ColumnElement[bool]) -> None:
    """Mark evidence that was worked out before; a tag of its own each time, so that no second mark gets lost."""
    session.execute(
        update(Evidence)
        .where(which, Evidence.flagged_version.is_not(None))
        .values(flagged_version=new_tag())
        .execution_options(synchronize_session=False)
    )


def _twin(other: Evidence, evidence: Evidence, distances: Mapping[str, int]) -> Twin:
    same_file = other.sha256 == evidence.sha256
    owner = (other.owner_kind, other.owner_id)
    return Twin(owner, other.stage, 0 if same_file else distances[other.sha256], same_file)


def _befores(session: Session, evidence: Evidence) -> list[Shot]:
    """Return what the photograph answers: the one it was paired with, else all reported ones of its owner."""
    if evidence.stage == Stage.REPORT:
        return []
    if evidence.before_id is not None:
        return _shots(session, list(session.scalars(select(Evidence).where(Evidence.id == evidence.before_id))))
    return _shots(session, list(session.scalars(_REPORTED, _owner(evidence))))


def _later(session: Session, evidence: Evidence) -> list[UUID]:
    """Return which photographs of the same owner answer this one."""
    answers = {**_owner(evidence), "stages": list(later_stages(evidence.stage))}
    return list(session.scalars(_IN_STAGES, answers))


def _owner(evidence: Evidence) -> dict[str, Any]:
    return {"owner_kind": evidence.owner_kind, "owner_id": evidence.owner_id}


def _shots(session: Session, rows: list[Evidence]) -> list[Shot]:
    """Return what is known of photographs; of one that is not here yet, only what its item says."""
    hashes = {row.sha256 for row in rows if row.present_at is not None}
    told = session.execute(_PICTURES, {"hashes": list(hashes)}) if hashes else ()
    photos = {photo.sha256: (photo, embedded) for photo, embedded in told}
    return [_shot(row, *photos.get(row.sha256, (None, None))) for row in rows]


def _shot(row: Evidence, photo: Photo | None, embedded: int | None) -> Shot:
    fix = None if row.lon is None or row.lat is None else Place(row.lon, row.lat, row.accuracy_m or 0.0)
    facts: dict[str, Any] = {} if photo is None else json.loads(photo.facts)
    return Shot(
        owner=(row.owner_kind, row.owner_id),
        stage=row.stage,
        role=row.role,
        source=row.source,
        certainty=row.certainty,
        at=row.captured_at_corrected,
        fix=fix,
        facts=facts,
        embedded=embedded,
    )
