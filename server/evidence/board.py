"""How evidence is laid out for a reviewer: grouped by owner, before and after beside each other. Read-only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from server.evidence.models import Evidence
from server.evidence.records import EvidenceRecord, evidence_record, evidence_rows
from server.evidence.rules import PARTNER_RANK, Stage
from server.standards.queries import CategoryKey


@dataclass(frozen=True)
class Group:
    """The photographs of one owner: (before, after) pairs, then those without a partner."""

    owner_id: UUID
    agency_id: UUID
    category: CategoryKey
    pairs: tuple[tuple[EvidenceRecord, EvidenceRecord], ...]
    singles: tuple[EvidenceRecord, ...]

    @property
    def shots(self) -> tuple[EvidenceRecord, ...]:
        """Return all photographs shown, in the order in which they stand."""
        return (*(shot for pair in self.pairs for shot in pair), *self.singles)

    @property
    def missing(self) -> int:
        """Return how many of the photographs shown have not arrived."""
        return sum(shot.present_at is None for shot in self.shots)


def groups(session: Session, shots: Sequence[EvidenceRecord]) -> tuple[Group, ...]:
    """Group ``shots`` by owner in the order of their first one; an after-photograph brings the ones before it.

    The brought ones may lie on another page or outside the reader's filter: without them nobody can judge whether
    the problem is gone. They belong to the same owner, so they are in the same scope.
    """
    by_owner: dict[UUID, dict[UUID, EvidenceRecord]] = {}
    for shot in shots:
        by_owner.setdefault(shot.owner_id, {})[shot.id] = shot
    for partner in _befores(session, {shot.owner_id for shot in shots if shot.stage == Stage.DISPOSAL}):
        by_owner[partner.owner_id].setdefault(partner.id, partner)
    return tuple(group(list(own.values())) for own in by_owner.values())


def group(shots: Sequence[EvidenceRecord]) -> Group:
    """Lay out the photographs (at least one) of one owner; the newest after-photographs come first.

    Pairs are those that evidence.pairs has written down. Where two rounds answer one photograph, the newer one stands
    beside it. What nobody has paired, nor a reviewer parted, is paired here by the roles.
    """
    befores = sorted(
        (shot for shot in shots if shot.stage == Stage.REPORT),
        key=lambda shot: (PARTNER_RANK.get(shot.role, len(PARTNER_RANK)), shot.id),
    )
    # By stage too: a report may call a photograph "after", and no photograph is its own partner.
    afters = sorted(
        (shot for shot in shots if shot.stage == Stage.DISPOSAL and shot.role == "after"),
        key=lambda shot: shot.id,
        reverse=True,
    )
    pairs = _pairs(befores, afters)
    paired = {shot.id for pair in pairs for shot in pair}
    first = shots[0]
    return Group(
        owner_id=first.owner_id,
        agency_id=first.agency_id,
        category=CategoryKey(first.scheme, first.category_code),
        pairs=pairs,
        singles=tuple(shot for shot in shots if shot.id not in paired),
    )


def _pairs(
    befores: Sequence[EvidenceRecord], afters: Sequence[EvidenceRecord]
) -> tuple[tuple[EvidenceRecord, EvidenceRecord], ...]:
    known = {shot.id: shot for shot in befores}
    said: dict[UUID, EvidenceRecord] = {}
    for after in afters:
        if after.before_id in known:
            said.setdefault(after.before_id, after)
    open_befores = [shot for shot in befores if shot.id not in said]
    open_afters = [shot for shot in afters if shot.before_id is None and shot.paired_by is None]
    unsaid = zip(open_befores, open_afters, strict=False)
    return (*((known[before_id], after) for before_id, after in said.items()), *unsaid)


def _befores(session: Session, owner_ids: Iterable[UUID]) -> list[EvidenceRecord]:
    wanted = list(owner_ids)
    if not wanted:
        return []
    rows = session.execute(
        evidence_rows().where(Evidence.owner_id.in_(wanted), Evidence.stage == Stage.REPORT).order_by(Evidence.id)
    )
    return [evidence_record(row) for row in rows]
