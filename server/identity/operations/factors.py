"""The second factor of an account: set up with the password, confirmed with a first code, removed, reset.

Nobody resets their own: who lost the telephone uses a recovery code, or asks a security administrator.
"""

from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from server.clock import now
from server.identity.models import Officer, RecoveryCode, SecondFactor
from server.identity.operations.accounts import officer_within
from server.identity.operations.sessions import Proof, end_sessions, proved_officer
from server.identity.operations.shown_codes import ShownCode, spend_code
from server.identity.rules import Actor, Permission
from server.identity.second_factor import RECOVERY_CODES, new_secret, seal, step_of, unseal
from server.identity.tokens import digest, grouped_secret, normal_code
from server.ledger.audit import note
from server.ledger.operations import Doer
from server.problems import Problem, _


def begin_setup(session: Session, proof: Proof, server_secret: str) -> str:
    """Keep a fresh secret for the officer and return it, to be shown once; an unconfirmed one before it is dropped.

    Raises totp-set-up where a confirmed one is in use.
    """
    officer = proved_officer(session, proof)
    known = session.get(SecondFactor, officer.id)
    if known is not None and known.confirmed_at is not None:
        raise Problem("totp-set-up")
    secret = new_secret()
    sealed = seal(secret, officer.id, server_secret)
    if known is None:
        session.add(SecondFactor(officer_id=officer.id, sealed_secret=sealed, made_at=now(), last_step=0))
    else:
        known.sealed_secret, known.made_at = sealed, now()
    return secret


def confirm_setup(session: Session, actor: Actor, shown: ShownCode) -> tuple[str, ...]:
    """Put the secret into use, because a code of it was shown; returns the ten recovery codes, to be shown once.

    Raises totp-setup-required before begin_setup, totp-set-up after it was confirmed, and totp-wrong.
    """
    officer = session.get_one(Officer, actor.officer_id, with_for_update=True)
    factor = session.get(SecondFactor, officer.id)
    if factor is None:
        raise Problem("totp-setup-required")
    if factor.confirmed_at is not None:
        raise Problem("totp-set-up")
    secret = unseal(factor.sealed_secret, officer.id, shown.server_secret)
    step = None if secret is None else step_of(secret, shown.text, now())
    if step is None:
        raise Problem("totp-wrong")
    factor.confirmed_at, factor.last_step = now(), step
    codes = tuple(grouped_secret() for _nth in range(RECOVERY_CODES))
    session.add_all(RecoveryCode(officer_id=officer.id, code_sha256=digest(normal_code(code) or "")) for code in codes)
    _note(session, "second_factor_set_up", officer, officer.id)
    return codes


def remove(session: Session, proof: Proof, shown: ShownCode) -> int:
    """Remove the officer's own factor against a code of it, and end all other sessions; returns the generation.

    Raises totp-required and totp-wrong.
    """
    officer = proved_officer(session, proof)
    spend_code(session, officer.id, shown)
    session.flush()
    _forget(session, officer)
    _note(session, "second_factor_removed", officer, officer.id)
    return officer.session_generation


def reset(session: Session, actor: Actor, officer_id: UUID) -> None:
    """Remove an officer's factor as security administrator: the next sign-in sets up another. Repeatable.

    Raises not-found outside the actor's agencies, and forbidden for the actor's own.
    """
    officer = officer_within(session, actor.require(Permission.GRANT_ROLES), officer_id)
    if officer.id == actor.officer_id:
        raise Problem("forbidden", _("Nobody resets their own second factor: ask another security administrator."))
    reset_unasked(session, officer, actor.officer_id)


def reset_unasked(session: Session, officer: Officer, by: UUID | None) -> None:
    """Remove an officer's factor; on the command line ``by`` is None."""
    _forget(session, officer)
    _note(session, "second_factor_reset", officer, by)


def _forget(session: Session, officer: Officer) -> None:
    session.execute(delete(RecoveryCode).where(RecoveryCode.officer_id == officer.id))
    session.execute(delete(SecondFactor).where(SecondFactor.officer_id == officer.id))
    end_sessions(session, officer)


def _note(session: Session, action: str, officer: Officer, by: UUID | None) -> None:
    note(session, Doer(officer.agency_id, by), action, ("officer", str(officer.id)))
