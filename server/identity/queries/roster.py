"""The agency tree, and one officer with the roles granted at its nodes, within a scope."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.identity.models import Agency, Officer, RoleGrant, SecondFactor, Squad
from server.identity.queries.lists import OFFICER_COLUMNS
from server.identity.scope import in_scope
from server.problems import Problem, _


@dataclass(frozen=True)
class AgencyRow:
    """A node of the tree; ``depth`` counts from the top, which is 0."""

    id: UUID
    parent_id: UUID | None
    code: str
    name: str
    kind: str
    path: str

    @property
    def depth(self) -> int:
        """Return how many agencies stand above."""
        return self.path.count("/") - 1


@dataclass(frozen=True)
class GrantRow:
    """A role at an agency."""

    role: str
    agency_id: UUID
    agency_name: str


@dataclass(frozen=True)
class OfficerCard:
    """One officer with everything that administration decides; ``second_factor_at``: since when one is set up."""

    id: UUID
    login: str
    name: str
    certificate_no: str | None
    agency_id: UUID
    agency_name: str
    squad_id: UUID | None
    squad_name: str | None
    active: bool
    must_change_password: bool
    second_factor_at: datetime | None
    grants: tuple[GrantRow, ...]


def agencies(session: Session, scope: tuple[str, ...]) -> list[AgencyRow]:
    """Return the agencies in ``scope``, each before those below it."""
    rows = session.execute(
        select(Agency.id, Agency.parent_id, Agency.code, Agency.name, Agency.kind, Agency.path)
        .where(in_scope(scope))
        .order_by(Agency.path)
    )
    return [AgencyRow(*row) for row in rows]


def officer(session: Session, scope: tuple[str, ...], officer_id: UUID) -> OfficerCard:
    """Return an officer of the agencies in ``scope``; raises not-found."""
    row = session.execute(
        select(*OFFICER_COLUMNS, SecondFactor.confirmed_at)
        .join(Agency, Agency.id == Officer.agency_id)
        .outerjoin(Squad, Squad.id == Officer.squad_id)
        .outerjoin(SecondFactor, SecondFactor.officer_id == Officer.id)
        .where(Officer.id == officer_id, in_scope(scope))
    ).one_or_none()
    if row is None:
        raise Problem("not-found", _("There is no such officer in your agencies."))
    return OfficerCard(*row, grants=_grants(session, officer_id))


def _grants(session: Session, officer_id: UUID) -> tuple[GrantRow, ...]:
    rows = session.execute(
        select(RoleGrant.role, RoleGrant.agency_id, Agency.name)
        .join(Agency, Agency.id == RoleGrant.agency_id)
        .where(RoleGrant.officer_id == officer_id)
        .order_by(Agency.path, RoleGrant.role)
    )
    return tuple(GrantRow(*row) for row in rows)
