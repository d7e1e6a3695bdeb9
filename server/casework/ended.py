"""Which ended cases are past retention: evidence knows how long, casework since when. Read-only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, exists, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from server.casework.models import Case
from server.casework.rules import ENDED, State
from server.evidence.disposals import OPEN_STATES
from server.evidence.models import Disposal, Evidence, LegalHold
from server.evidence.retention import Finished, cutoffs
from server.identity.scope import agencies_in

_main = aliased(Case)
_MAIN_ENDED = select(_main.closed_at).where(_main.id == Case.merged_into_id).scalar_subquery()
_OWN = Evidence.owner_kind == "case", Evidence.owner_id == Case.id, Evidence.disposed_at.is_(None)
_DECIDED = Disposal.owner_kind == "case", Disposal.owner_id == Case.id


@dataclass(frozen=True)
class DueCase:
    """A case whose photographs need not be kept any longer; ``photos``: how many are left."""

    owner: Finished
    case_no: str | None
    photos: int

    @property
    def case_id(self) -> UUID:
        """Return the case's id."""
        return self.owner.id


def finished(case: Case) -> Finished | None:
    """Return a case as evidence knows it, None while it has not ended."""
    if case.state not in ENDED or case.closed_at is None:
        return None
    return Finished("case", case.id, case.agency_id, case.closed_at)


def due_cases(
    session: Session,
    default_years: int,
    *,
    scope: tuple[str, ...] | None = None,
    not_refused_since: datetime | None = None,
    limit: int = 50,
) -> list[DueCase]:
    """Return ended cases past retention with photographs left, not held and not proposed, those that ended first.

    ``scope`` None: of all agencies. ``not_refused_since``: without those whose disposal was refused since then.
    """
    held = exists().where(
        LegalHold.owner_kind == "case", LegalHold.owner_id == Case.id, LegalHold.released_at.is_(None)
    )
    photos = select(func.count()).select_from(Evidence).where(*_OWN).scalar_subquery()
    rows = select(Case, photos).where(
        _past(cutoffs(session, "case", default_years)),
        exists().where(*_OWN),
        ~held,
        ~exists().where(*_DECIDED, Disposal.state.in_(OPEN_STATES)),
    )
    if scope is not None:
        rows = rows.where(Case.agency_id.in_(agencies_in(scope)))
    if not_refused_since is not None:
        refused = exists().where(*_DECIDED, Disposal.state == "refused", Disposal.decided_at > not_refused_since)
        rows = rows.where(~refused)
    found = session.execute(rows.order_by(Case.closed_at, Case.id).limit(limit))
    return [DueCase(owner, case.case_no, count) for case, count in found if (owner := finished(case)) is not None]


def _past(before: Mapping[datetime, Sequence[UUID]]) -> ColumnElement[bool]:
    """Return the condition that a case ended before its agency's cutoff.

    The photographs of a merged one prove what its main case is about: they are kept as long as that one's.
    """
    ended_at = case((Case.state == State.MERGED, _MAIN_ENDED), else_=Case.closed_at)
    each = [and_(Case.agency_id.in_(agency_ids), ended_at <= cutoff) for cutoff, agency_ids in before.items()]
    return and_(Case.state.in_(ENDED), or_(*each) if each else false())
