"""How long photographs of finished owners are kept: an agency's rule holds below it, until a lower one says other.

Evidence knows no case: whoever binds the subjects together tells which owners are finished, and since when.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.clock import now
from server.evidence.models import RetentionRule
from server.evidence.rules import LEAST_YEARS, MOST_YEARS, OWNER_KINDS
from server.identity.models import Agency
from server.identity.rules import Actor, Permission
from server.identity.scope import agencies_in
from server.ledger.operations import Doer, record
from server.problems import Problem
from server.upsert import insert


@dataclass(frozen=True)
class Finished:
    """An owner that needs no more photographs since ``finished_at``."""

    kind: str
    id: UUID
    agency_id: UUID
    finished_at: datetime


@dataclass(frozen=True)
class Kept:
    """How many whole years an agency keeps an owner kind; ``own``: by a rule of its own, else from above."""

    agency_id: UUID
    agency: str
    owner_kind: str
    years: int
    own: bool


def kept_by_agency(session: Session, owner_kind: str, default_years: int) -> dict[UUID, Kept]:
    """Return for every agency how long it keeps ``owner_kind``, in the order of the tree."""
    rules = select(RetentionRule.agency_id, RetentionRule.years).where(RetentionRule.owner_kind == owner_kind)
    own = {row.agency_id: row.years for row in session.execute(rules)}
    found: dict[UUID, Kept] = {}
    by_path: dict[str, int] = {}
    for agency in session.execute(select(Agency.id, Agency.path, Agency.name).order_by(Agency.path)):
        above = agency.path.rstrip("/").rpartition("/")[0]
        years = own.get(agency.id, by_path.get(f"{above}/", default_years))
        by_path[agency.path] = years
        found[agency.id] = Kept(agency.id, agency.name, owner_kind, years, agency.id in own)
    return found


def is_over(session: Session, owner: Finished, default_years: int) -> bool:
    """Tell whether an owner's photographs need not be kept any longer."""
    years = kept_by_agency(session, owner.kind, default_years)[owner.agency_id].years
    return owner.finished_at <= years_before(now(), years)


def cutoffs(session: Session, owner_kind: str, default_years: int) -> dict[datetime, list[UUID]]:
    """Return agencies by the instant before which their owners must have finished to be past retention now."""
    moment = now()
    found: dict[datetime, list[UUID]] = {}
    for kept in kept_by_agency(session, owner_kind, default_years).values():
        found.setdefault(years_before(moment, kept.years), []).append(kept.agency_id)
    return found


def years_before(moment: datetime, years: int) -> datetime:
    """Return the same date so many years earlier; 29 February becomes the 28th."""
    try:
        return moment.replace(year=moment.year - years)
    except ValueError:
        return moment.replace(year=moment.year - years, day=28)


def set_years(session: Session, actor: Actor, agency_id: UUID, owner_kind: str, years: int | None) -> None:
    """Set how long an agency and those below it keep an owner kind; None: as the agency above.

    Raises forbidden, not-found (also out of scope), validation.
    """
    scope = actor.require(Permission.MANAGE_RETENTION)
    if session.scalar(select(Agency.id).where(Agency.id == agency_id, Agency.id.in_(agencies_in(scope)))) is None:
        raise Problem("not-found")
    _check(owner_kind, years)
    former = session.get(RetentionRule, (agency_id, owner_kind), with_for_update=True)
    facts = {"owner_kind": owner_kind, "years": years, "former": former and former.years}
    if years is None:
        if former is not None:
            session.delete(former)
    else:
        row = {"years": years, "set_by": actor.officer_id, "set_at": now()}
        rule = insert(session, RetentionRule).values(agency_id=agency_id, owner_kind=owner_kind, **row)
        keys = [RetentionRule.agency_id, RetentionRule.owner_kind]
        session.execute(rule.on_conflict_do_update(index_elements=keys, set_=row))
    record(session, "retention_set", ("agency", str(agency_id)), Doer(agency_id, actor.officer_id), facts)
    session.flush()


def _check(owner_kind: str, years: int | None) -> None:
    if owner_kind not in OWNER_KINDS:
        raise Problem("validation", errors={"owner_kind": [_one_of(OWNER_KINDS)]})
    if years is not None and not LEAST_YEARS <= years <= MOST_YEARS:
        raise Problem("validation", errors={"years": [f"Must be from {LEAST_YEARS} to {MOST_YEARS}."]})


def _one_of(words: Iterable[str]) -> str:
    return f"Must be one of: {', '.join(words)}."
