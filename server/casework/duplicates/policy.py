"""What a city does about likely duplicates of a class: its own policy, that of all classes, or the usual one.

A policy is the top agency's: the same problem is reported from both sides of a boundary between two streets, and
both reports must be judged by one rule, or the end would depend on which one was looked at.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from server.casework.duplicates.candidates import Matter
from server.casework.duplicates.grouping import Nearness
from server.casework.duplicates.models import DuplicatePolicy
from server.identity.models import Agency
from server.identity.rules import Actor, Permission, paths_above
from server.identity.scope import agencies_in
from server.ledger import audit
from server.ledger.operations import Doer
from server.problems import Problem, _
from server.upsert import insert

ALL_CLASSES = ""


@dataclass(frozen=True)
class Policy:
    """What to do with likely duplicates, how near they must be, and what counts as coming back.

    The defaults are those of domain.md S-07, proposed only: a city that trusts them attaches by itself.
    """

    action: str = "propose"
    radius_m: int = 50
    hours: int = 24
    recurrence_days: int = 30
    recurrence_radius_m: int = 50

    @property
    def nearness(self) -> Nearness:
        """Return how near two reports must be to be one problem."""
        return Nearness(float(self.radius_m), timedelta(hours=self.hours))

    @property
    def recurrence(self) -> Nearness:
        """Return how near closed cases must be to count as the same problem coming back."""
        return Nearness(float(self.recurrence_radius_m), timedelta(days=self.recurrence_days))


@dataclass(frozen=True)
class PolicyRow:
    """A policy that somebody has set."""

    agency_id: UUID
    scheme: str
    code: str
    policy: Policy


def city_of(session: Session, agency_id: UUID) -> tuple[UUID, str]:
    """Return the top agency above an agency: its id and its path."""
    top = select(Agency.path).where(Agency.id == agency_id)
    path = paths_above(session.scalars(top).one())[0]
    return session.scalars(select(Agency.id).where(Agency.path == path)).one(), path


def policy_of(session: Session, matter: Matter) -> Policy:
    """Return the policy that holds for a class in a city: the class's own before that of all classes."""
    rows = session.scalars(
        select(DuplicatePolicy)
        .join(Agency, Agency.id == DuplicatePolicy.agency_id)
        .where(
            Agency.path == matter.city_path,
            DuplicatePolicy.scheme == matter.scheme,
            DuplicatePolicy.code.in_([matter.code, ALL_CLASSES]),
        )
    )
    nearest = max(rows, key=lambda row: row.code, default=None)
    return Policy() if nearest is None else _policy(nearest)


def policies(session: Session, scope: tuple[str, ...]) -> list[PolicyRow]:
    """Return what was set in scope, by agency, scheme and class."""
    rows = session.scalars(
        select(DuplicatePolicy)
        .where(DuplicatePolicy.agency_id.in_(agencies_in(scope)))
        .order_by(DuplicatePolicy.agency_id, DuplicatePolicy.scheme, DuplicatePolicy.code)
    )
    return [PolicyRow(row.agency_id, row.scheme, row.code, _policy(row)) for row in rows]


def set_policy(session: Session, actor: Actor, row: PolicyRow) -> None:
    """Set the policy of a class (or of all) in a city. It holds for what is settled from now on.

    Raises forbidden, and validation for an agency that is no top agency.
    """
    _require(session, actor, row.agency_id)
    stored = insert(session, DuplicatePolicy).values(
        agency_id=row.agency_id, scheme=row.scheme, code=row.code, **vars(row.policy)
    )
    keys = [DuplicatePolicy.agency_id, DuplicatePolicy.scheme, DuplicatePolicy.code]
    session.execute(stored.on_conflict_do_update(index_elements=keys, set_=vars(row.policy)))
    _note(session, Doer(row.agency_id, actor.officer_id), "duplicate_policy_set", row, vars(row.policy))


def drop_policy(session: Session, actor: Actor, agency_id: UUID, scheme: str, code: str) -> None:
    """Take a policy back: what is set above it holds again. Raises forbidden, not-found and validation."""
    _require(session, actor, agency_id)
    here = (
        DuplicatePolicy.agency_id == agency_id,
        DuplicatePolicy.scheme == scheme,
        DuplicatePolicy.code == code,
    )
    if session.scalar(delete(DuplicatePolicy).where(*here).returning(DuplicatePolicy.code)) is None:
        raise Problem("not-found", _("No policy was set here for this class."))
    row = PolicyRow(agency_id, scheme, code, Policy())
    _note(session, Doer(agency_id, actor.officer_id), "duplicate_policy_dropped", row, {})


def _policy(row: DuplicatePolicy) -> Policy:
    return Policy(row.action, row.radius_m, row.hours, row.recurrence_days, row.recurrence_radius_m)


def _require(session: Session, actor: Actor, agency_id: UUID) -> None:
    actor.require_at_top(Permission.MANAGE_RESPONSIBILITY)
    if city_of(session, agency_id)[0] != agency_id:
        raise Problem("validation", errors={"agency_id": [_("A policy is set for a top agency.")]})


def _note(session: Session, doer: Doer, action: str, row: PolicyRow, facts: dict[str, object]) -> None:
    audit.note(session, doer, action, ("duplicate_policy", f"{row.scheme}/{row.code}"), facts)
