"""Accounts: a password changed by its owner; reset, deactivation and reactivation by an administrator.

An administrator reaches the officers of the agencies below the grant, and among them only those who hold no
role outside it. Nobody administers their own account: a stolen session must not do without the password.
"""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.identity.models import Agency, Officer, RoleGrant
from server.identity.operations.sessions import Proof, end_sessions, proved_officer
from server.identity.operations.shifts import end_shifts, resume_shifts
from server.identity.rules import Actor, Permission, within
from server.identity.second_person import demand_replaceable
from server.ledger.audit import note
from server.ledger.operations import Doer, record
from server.problems import Problem, _


def change_password(
    session: Session, proof: Proof, password_hash: str, *, demo: bool, keep_token: str | None = None
) -> int:
    """Store a new hash and end all other sessions; returns the session generation of the one that goes on."""
    officer = proved_officer(session, proof)
    officer.password_hash = password_hash
    officer.demo_password = demo
    officer.must_change_password = False
    end_sessions(session, officer, keep_token=keep_token)
    note(session, Doer(officer.agency_id, officer.id), "password_changed", ("officer", str(officer.id)))
    return officer.session_generation


def reset_password(session: Session, actor: Actor, officer_id: UUID, password_hash: str) -> str:
    """Store the hash of a temporary password that must be changed at once; returns the officer's login."""
    officer = may_administer(session, actor, officer_id)
    officer.password_hash = password_hash
    officer.demo_password = False
    officer.must_change_password = True
    end_sessions(session, officer)
    _record(session, "password_reset", actor, officer)
    return officer.login


def deactivate(session: Session, actor: Actor, officer_id: UUID) -> None:
    """Close an account, end its sessions and shifts; its evidence keeps naming it. Repeating it changes nothing.

    Raises last-administrator for the only one of the three administrators of an agency.
    """
    officer = may_administer(session, actor, officer_id)
    if officer.active:
        demand_replaceable(session, officer.id)
        officer.active = False
        end_sessions(session, officer)
        end_shifts(session, officer.id)
        _record(session, "deactivated", actor, officer)


def reactivate(session: Session, actor: Actor, officer_id: UUID) -> None:
    """Open a closed account again, with the password it had. Repeating it changes nothing."""
    officer = may_administer(session, actor, officer_id)
    if not officer.active:
        officer.active = True
        resume_shifts(session, officer.id)
        _record(session, "reactivated", actor, officer)


def may_administer(session: Session, actor: Actor, officer_id: UUID) -> Officer:
    """Return the locked officer if ``actor`` may administer the account.

    Raises not-found outside the actor's agencies and forbidden for the actor's own account or for one with
    roles beyond the actor's reach.
    """
    scope = actor.require(Permission.ADMINISTER_OFFICERS)
    officer = officer_within(session, scope, officer_id)
    if officer.id == actor.officer_id:
        raise Problem("forbidden", _("Nobody administers their own account: ask another administrator."))
    granted = session.scalars(
        select(Agency.path).join(RoleGrant, RoleGrant.agency_id == Agency.id).where(RoleGrant.officer_id == officer.id)
    )
    if not all(within(path, scope) for path in granted):
        raise Problem("forbidden", _("The officer holds a role outside your agency: ask an administrator there."))
    return officer


def officer_within(session: Session, scope: tuple[str, ...], officer_id: UUID) -> Officer:
    """Return the locked officer if the officer's agency lies in ``scope``; raises not-found."""
    officer = session.get(Officer, officer_id, with_for_update=True)
    if officer is None or not within(session.get_one(Agency, officer.agency_id).path, scope):
        raise Problem("not-found", _("There is no such officer in your agencies."))
    return officer


def _record(session: Session, kind: str, actor: Actor, officer: Officer) -> None:
    subject, doer = ("officer", str(officer.id)), Doer(officer.agency_id, actor.officer_id)
    record(session, kind, subject, doer)
    note(session, doer, kind, subject)
