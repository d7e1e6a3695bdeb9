"""Which before-photograph an after-photograph answers: proposed by the roles, or said by a reviewer.

The proposal follows from what is declared for an owner, never from the order in which it came. What a reviewer
said is not proposed over.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import Session

from server.base import new_tag
from server.evidence.models import Evidence
from server.evidence.records import EvidenceRecord, evidence_record, evidence_rows
from server.evidence.rules import PARTNER_RANK, Stage
from server.identity.rules import Actor, Permission
from server.identity.scope import agencies_in
from server.ledger.operations import Doer, record
from server.problems import Problem, _

_NEVER = datetime.max.replace(tzinfo=UTC)
_IS_BEFORE = Evidence.stage == Stage.REPORT
_IS_AFTER = (Evidence.stage == Stage.DISPOSAL) & (Evidence.role == "after")
_BOTH_SIDES = select(
    Evidence.id,
    Evidence.owner_id,
    Evidence.install_id,
    Evidence.item_id,
    Evidence.position,
    Evidence.stage,
    Evidence.role,
    Evidence.before_id,
    Evidence.captured_at,
    Evidence.captured_at_corrected,
).where(
    Evidence.owner_kind == bindparam("kind"),
    Evidence.owner_id.in_(bindparam("owner_ids", expanding=True)),
    or_(_IS_BEFORE, _IS_AFTER & Evidence.paired_by.is_(None)),
)


@dataclass(frozen=True)
class _Shot:
    """One row of either side; ``order`` is the same on every server that knows the same items."""

    id: UUID
    owner_id: UUID
    item: tuple[UUID, UUID]
    is_after: bool
    rank: int
    order: tuple[Any, ...]
    before_id: UUID | None


def propose(session: Session, kind: str, owner_ids: Collection[UUID]) -> None:
    """Pair every after-photograph of these owners that no reviewer has paired; the caller holds the owners' locks.

    Of each answering item the first after-photograph gets the before-photograph that shows most of the place, the
    second the next best; where there are fewer, the rest stay without a partner.
    """
    shots = _both_sides(session, kind, owner_ids)
    for owner_id in {shot.owner_id for shot in shots}:
        own = [shot for shot in shots if shot.owner_id == owner_id]
        befores = sorted((shot for shot in own if not shot.is_after), key=lambda shot: (shot.rank, shot.order))
        _write(session, _proposals((shot for shot in own if shot.is_after), befores))


def pair(
    session: Session, actor: Actor, after_id: UUID, before_id: UUID | None, *, version: str | None = None
) -> EvidenceRecord:
    """Say which photograph of the same owner an after-photograph answers, or that it answers none (None).

    ``version`` is the one the reviewer saw; None skips the comparison. Raises forbidden, not-found (also out of
    scope), validation, stale-version.
    """
    scope = actor.require(Permission.REVIEW_EVIDENCE)
    wanted = select(Evidence).where(Evidence.id == after_id, Evidence.agency_id.in_(agencies_in(scope)))
    row = session.scalars(wanted.with_for_update()).one_or_none()
    if row is None:
        raise Problem("not-found")
    if row.disposed_at is not None:
        raise Problem("photo-disposed")
    if version is not None and version != row.version:
        raise Problem("stale-version", current={"before_id": _text(row.before_id), "version": row.version})
    if row.stage != Stage.DISPOSAL or row.role != "after":
        told = _("Only a photograph taken after disposal answers another one.")
        raise Problem("validation", errors={"before_id": [told]})
    if before_id is not None:
        _check_before(session, row, before_id)
    facts = {"before_id": _text(before_id), "former": _text(row.before_id)}
    row.before_id, row.paired_by, row.version = before_id, actor.officer_id, new_tag()
    record(session, "paired", ("evidence", str(row.id)), Doer(row.agency_id, actor.officer_id), facts)
    session.flush()
    return evidence_record(session.execute(evidence_rows().where(Evidence.id == after_id)).one())


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _check_before(session: Session, after: Evidence, before_id: UUID) -> None:
    same = select(Evidence.id).where(
        Evidence.id == before_id,
        Evidence.owner_kind == after.owner_kind,
        Evidence.owner_id == after.owner_id,
        _IS_BEFORE,
    )
    if session.scalar(same) is None:
        told = _("Choose a photograph of the report of the same case.")
        raise Problem("validation", errors={"before_id": [told]})


def _both_sides(session: Session, kind: str, owner_ids: Collection[UUID]) -> list[_Shot]:
    rows = session.execute(_BOTH_SIDES, {"kind": kind, "owner_ids": list(owner_ids)})
    return [
        _Shot(
            id=row.id,
            owner_id=row.owner_id,
            item=(row.install_id, row.item_id),
            is_after=row.stage == Stage.DISPOSAL,
            rank=PARTNER_RANK.get(row.role, len(PARTNER_RANK)),
            order=(row.captured_at_corrected or row.captured_at or _NEVER, row.install_id, row.item_id, row.position),
            before_id=row.before_id,
        )
        for row in rows
    ]


def _proposals(afters: Iterable[_Shot], befores: list[_Shot]) -> dict[UUID, UUID | None]:
    """Return the partner of every after-photograph whose partner changes."""
    changed: dict[UUID, UUID | None] = {}
    ordered = sorted(afters, key=lambda shot: (shot.item, shot.order))
    for _item, group in groupby(ordered, key=lambda shot: shot.item):
        for nth, after in enumerate(group):
            partner = befores[nth].id if nth < len(befores) else None
            if partner != after.before_id:
                changed[after.id] = partner
    return changed


def _write(session: Session, partners: Mapping[UUID, UUID | None]) -> None:
    for after_id, before_id in sorted(partners.items()):
        session.execute(
            update(Evidence)
            .where(Evidence.id == after_id, Evidence.paired_by.is_(None))
            .values(before_id=before_id)
            .execution_options(synchronize_session=False)
        )
