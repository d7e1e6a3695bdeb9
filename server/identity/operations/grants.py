"""Roles given and taken at nodes of the agency tree, by security administrators only; never one's own."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from server.identity.models import Agency, Officer, RoleGrant
from server.identity.operations.accounts import officer_within
from server.identity.rules import Actor, Permission, Role, together, within
from server.identity.second_person import demand_replaceable
from server.ledger.audit import note
from server.ledger.operations import Doer
from server.problems import Problem, _


@dataclass(frozen=True)
class RoleAt:
    """A role at an agency; it reaches everything below."""

    role: Role
    agency_id: UUID


def grant_role(session: Session, actor: Actor, officer_id: UUID, given: RoleAt, *, one_administrator: bool) -> None:
    """Give an officer a role; repeating it changes nothing.

    Raises not-found outside the actor's agencies, forbidden for oneself, and administrators-separate for a second
    of the three offices unless ``one_administrator``.
    """
    officer = _reachable(session, actor, officer_id, given)
    give(session, officer, given, one_administrator=one_administrator, by=actor.officer_id)


def give(session: Session, officer: Officer, given: RoleAt, *, one_administrator: bool, by: UUID | None) -> None:
    """Give a role without asking for rights; on the command line ``by`` is None. Raises administrators-separate."""
    held = session.execute(select(RoleGrant.role, RoleGrant.agency_id).where(RoleGrant.officer_id == officer.id)).all()
    if (given.role.value, given.agency_id) in {(row.role, row.agency_id) for row in held}:
        return
    if not one_administrator and together([given.role, *(Role(row.role) for row in held)]):
        raise Problem("administrators-separate")
    session.add(RoleGrant(officer_id=officer.id, role=given.role.value, agency_id=given.agency_id))
    _note(session, "role_granted", officer, given, by)


def revoke_role(session: Session, actor: Actor, officer_id: UUID, taken: RoleAt) -> None:
    """Take a role from an officer; repeating it changes nothing.

    Raises not-found, forbidden for oneself, and last-administrator where nobody else holds the office there.
    """
    take(session, _reachable(session, actor, officer_id, taken), taken, by=actor.officer_id)


def take(session: Session, officer: Officer, taken: RoleAt, *, by: UUID | None) -> None:
    """Take a role without asking for rights; on the command line ``by`` is None. Raises last-administrator."""
    grant = session.get(RoleGrant, (officer.id, taken.role.value, taken.agency_id))
    if grant is None:
        return
    demand_replaceable(session, officer.id, (taken.role, taken.agency_id))
    session.execute(
        delete(RoleGrant).where(
            RoleGrant.officer_id == officer.id,
            RoleGrant.role == taken.role.value,
            RoleGrant.agency_id == taken.agency_id,
        )
    )
    _note(session, "role_revoked", officer, taken, by)


def _reachable(session: Session, actor: Actor, officer_id: UUID, what: RoleAt) -> Officer:
    scope = actor.require(Permission.GRANT_ROLES)
    officer = officer_within(session, scope, officer_id)
    agency = session.get(Agency, what.agency_id)
    if agency is None or not within(agency.path, scope):
        raise Problem("not-found", _("There is no such agency among yours."))
    if officer.id == actor.officer_id:
        raise Problem("forbidden", _("Nobody changes their own roles: ask another security administrator."))
    return officer


def _note(session: Session, action: str, officer: Officer, what: RoleAt, by: UUID | None) -> None:
    # The node that the role reaches from decides who reads of it: a role at the city is the city's matter.
    facts = {"role": what.role.value, "agency_id": str(what.agency_id), "login": officer.login}
    note(session, Doer(what.agency_id, by), action, ("officer", str(officer.id)), facts)
