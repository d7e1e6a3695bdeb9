"""Redactions: which parts of a photograph the public and those who get an export never see. Append-only.

The newest row of a piece of evidence counts; one without regions takes the redaction back. The picture is made by
the worker; until it exists nothing is shown instead. The original never changes.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, select, update
from sqlalchemy.orm import Session, aliased

from photo_store.redact import checked_regions
from server.clock import now
from server.evidence.models import Evidence, Redaction
from server.evidence.reasons import written
from server.evidence.rules import MOST_DERIVE_ATTEMPTS
from server.identity.rules import Actor, Permission
from server.identity.scope import agencies_in
from server.ledger.operations import Doer, record
from server.problems import Problem, _

MOST_REGIONS = 50
# Rectangles are drawn by hand: what lies closer together is the same to everybody.
_DIGITS = 5
Region = tuple[float, float, float, float]


@dataclass(frozen=True)
class RedactionRecord:
    """One redaction; ``regions`` are (left, top, width, height) as fractions of the upright picture."""

    id: UUID
    evidence_id: UUID
    regions: tuple[Region, ...]
    reason: str
    officer_id: UUID
    at: datetime
    made_recipe: str | None
    error: str | None

    @property
    def rendition(self) -> str:
        """Return the name of its rendition at preview size."""
        return f"redacted-{self.id.hex}"


@dataclass(frozen=True)
class Asked:
    """What the worker is to make."""

    redaction_id: UUID
    sha256: str
    regions: tuple[Region, ...]
    rendition: str


def redact(
    session: Session,
    actor: Actor,
    evidence_id: UUID,
    regions: Sequence[Sequence[float]],
    *,
    reason: str,
    seen: UUID | None = None,
) -> RedactionRecord:
    """Add a redaction; no regions take the former one back.

    ``seen`` is the newest redaction that the officer saw (None: there was none). Raises forbidden, not-found (also
    out of scope), validation, evidence-missing for bytes nobody has seen yet, stale-version.
    """
    scope = actor.require(Permission.REDACT_EVIDENCE)
    why, wanted = written(reason), _checked(regions)
    mine = select(Evidence).where(Evidence.id == evidence_id, Evidence.agency_id.in_(agencies_in(scope)))
    row = session.scalars(mine.with_for_update()).one_or_none()
    if row is None or row.disposed_at is not None:
        raise Problem("not-found")
    if row.present_at is None:
        raise Problem("evidence-missing", missing=[{"sha256": row.sha256, "install_id": str(row.install_id)}])
    former = newest(session, evidence_id)
    if seen != (former and former.id):
        raise Problem("stale-version", current={"redaction_id": former and str(former.id)})
    if former is None and not wanted:
        raise Problem("validation", errors={"regions": [_("Draw at least one rectangle.")]})
    added = Redaction(
        evidence_id=evidence_id,
        regions=json.dumps(wanted),
        reason=why,
        officer_id=actor.officer_id,
        at=now(),
        make_attempts=0,
    )
    session.add(added)
    session.flush()
    facts = {"redaction_id": str(added.id), "sha256": row.sha256, "regions": wanted, "reason": why}
    record(session, "redacted", ("evidence", str(evidence_id)), Doer(row.agency_id, actor.officer_id), facts)
    return _record(added)


def newest(session: Session, evidence_id: UUID) -> RedactionRecord | None:
    """Return the redaction that counts, also one that takes the former back; None if there never was any."""
    found = _of(session, evidence_id, most=1)
    return found[0] if found else None


def history(session: Session, evidence_id: UUID) -> tuple[RedactionRecord, ...]:
    """Return all redactions of a piece of evidence, the newest first."""
    return _of(session, evidence_id, most=None)


def unmade(session: Session, recipe: str, limit: int) -> list[UUID]:
    """Return redactions that count and whose picture does not exist, oldest first, without those given up."""
    rows = select(Redaction.id).where(_waits(recipe)).order_by(Redaction.id).limit(limit)
    return list(session.scalars(rows))


def begin(session: Session, redaction_id: UUID, recipe: str) -> Asked | None:
    """Count one more attempt and return what to make; None if it is made, given up, or does not count any more.

    Counted before anything is decoded, so that a picture that kills its worker stops after two.
    """
    counted = session.execute(
        update(Redaction)
        .where(Redaction.id == redaction_id, _waits(recipe))
        .values(make_attempts=Redaction.make_attempts + 1)
        .returning(Redaction.evidence_id, Redaction.regions)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if counted is None:
        return None
    sha256 = session.scalars(select(Evidence.sha256).where(Evidence.id == counted.evidence_id)).one()
    return Asked(redaction_id, sha256, _regions(counted.regions), f"redacted-{redaction_id.hex}")


def note_made(session: Session, redaction_id: UUID, recipe: str) -> bool:
    """Note that the pictures of a redaction exist; False if the photograph was disposed of meanwhile: erase them."""
    # The lock that a disposal needs too: whoever is second knows of the first.
    owner = select(Evidence.disposed_at).join(Redaction, Redaction.evidence_id == Evidence.id)
    disposed_at = session.scalars(owner.where(Redaction.id == redaction_id).with_for_update(of=Evidence)).one()
    _set(session, redaction_id, made_recipe=recipe, make_attempts=0, error=None)
    return disposed_at is None


def note_failed(session: Session, redaction_id: UUID, reason: str) -> None:
    """Note that they cannot be made: the public sees nothing of this photograph."""
    _set(session, redaction_id, make_attempts=MOST_DERIVE_ATTEMPTS, error=reason)


def give_attempt_back(session: Session, redaction_id: UUID) -> None:
    """Take an attempt off the count: the store did not answer, which is not the picture's fault."""
    _set(session, redaction_id, make_attempts=Redaction.make_attempts - 1)


def _set(session: Session, redaction_id: UUID, **values: object) -> None:
    session.execute(
        update(Redaction)
        .where(Redaction.id == redaction_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _waits(recipe: str) -> ColumnElement[bool]:
    later = aliased(Redaction)
    return and_(
        Redaction.made_recipe.is_distinct_from(recipe),
        Redaction.make_attempts < MOST_DERIVE_ATTEMPTS,
        Redaction.regions != "[]",
        ~exists().where(later.evidence_id == Redaction.evidence_id, later.id > Redaction.id),
        exists().where(Evidence.id == Redaction.evidence_id, Evidence.disposed_at.is_(None)),
    )


def _of(session: Session, evidence_id: UUID, most: int | None) -> tuple[RedactionRecord, ...]:
    rows = select(Redaction).where(Redaction.evidence_id == evidence_id).order_by(Redaction.id.desc()).limit(most)
    return tuple(_record(row) for row in session.scalars(rows))


def _record(row: Redaction) -> RedactionRecord:
    columns = {name: getattr(row, name) for name in RedactionRecord.__dataclass_fields__ if name != "regions"}
    return RedactionRecord(**columns, regions=_regions(row.regions))


def _regions(text: str) -> tuple[Region, ...]:
    return tuple((left, top, width, height) for left, top, width, height in json.loads(text))


def _checked(regions: Sequence[Sequence[float]]) -> list[list[float]]:
    if len(regions) > MOST_REGIONS:
        raise Problem("validation", errors={"regions": [f"At most {MOST_REGIONS}."]})
    try:
        kept = checked_regions(regions) if regions else []
    except ValueError as error:
        told = _("Each rectangle is left, top, width and height within the picture.")
        raise Problem("validation", errors={"regions": [told]}) from error
    return [[round(number, _DIGITS) for number in region] for region in kept]
