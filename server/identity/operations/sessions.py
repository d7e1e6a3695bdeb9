"""Desk sessions: opened after the password was proved, ended one by one or everywhere."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from server.clock import now
from server.identity.models import AccessToken, Officer
from server.identity.operations.attempts import ensure_allowed, forget_failures
from server.identity.operations.shown_codes import ShownCode, spend_code
from server.identity.tokens import desk_token, digest
from server.ledger.audit import note
from server.ledger.operations import Doer
from server.problems import Problem


@dataclass(frozen=True)
class Proof:
    """The password was verified against this hash, outside any transaction; ``keys`` are the attempt counters.

    ``second_factor``: a session also needs a code.
    """

    officer_id: UUID
    password_hash: str
    keys: tuple[str, ...]
    agency_id: UUID | None = None
    second_factor: bool = False


@dataclass(frozen=True)
class Opened:
    """An open session; the token exists here and with its holder only."""

    generation: int
    token: str | None
    expires_at: datetime | None


def open_session(session: Session, proof: Proof, lasting: timedelta | None, shown: ShownCode | None = None) -> Opened:
    """Open a session; with ``lasting`` it gets an access token of that life.

    Raises wrong-credentials if the password was changed or the officer deactivated since it was verified,
    too-many-attempts if parallel guesses have filled a counter meanwhile, and totp-required and totp-wrong.
    """
    ensure_allowed(session, proof.keys)
    officer = proved_officer(session, proof)
    by = {"second_factor": spend_code(session, officer.id, shown)} if proof.second_factor else {}
    forget_failures(session, proof.keys[0])
    note(session, Doer(officer.agency_id, officer.id), "signed_in", ("officer", str(officer.id)), by)
    if lasting is None:
        return Opened(officer.session_generation, None, None)
    moment = now()
    session.execute(delete(AccessToken).where(AccessToken.officer_id == officer.id, AccessToken.expires_at <= moment))
    token = desk_token()
    expires_at = moment + lasting
    session.add(
        AccessToken(
            token_sha256=digest(token),
            officer_id=officer.id,
            session_generation=officer.session_generation,
            created_at=moment,
            expires_at=expires_at,
        )
    )
    return Opened(officer.session_generation, token, expires_at)


def proved_officer(session: Session, proof: Proof) -> Officer:
    """Return the locked row of the officer whose password was verified, if that still means the same."""
    officer = session.get(Officer, proof.officer_id, with_for_update=True)
    if officer is None or not officer.active or officer.password_hash != proof.password_hash:
        raise Problem("wrong-credentials")
    return officer


def sign_out(session: Session, token: str) -> None:
    """End the session of one token; unknown tokens are no error."""
    held = session.get(AccessToken, digest(token))
    if held is not None:
        session.delete(held)
        _note_end(session, "signed_out", session.get_one(Officer, held.officer_id))


def sign_out_everywhere(session: Session, officer_id: UUID) -> None:
    """End every desk session of an officer, tokens and console alike; handsets stay enrolled."""
    officer = session.get(Officer, officer_id, with_for_update=True)
    if officer is not None:
        end_sessions(session, officer)
        _note_end(session, "signed_out_everywhere", officer)


def end_sessions(session: Session, officer: Officer, *, keep_token: str | None = None) -> None:
    """Raise the generation, which ends cookies, and delete tokens; ``keep_token`` moves to the new generation."""
    officer.session_generation += 1
    ended = delete(AccessToken).where(AccessToken.officer_id == officer.id)
    if keep_token is not None:
        kept = session.get(AccessToken, digest(keep_token))
        if kept is not None and kept.officer_id == officer.id:
            kept.session_generation = officer.session_generation
            ended = ended.where(AccessToken.token_sha256 != kept.token_sha256)
    session.execute(ended)


def _note_end(session: Session, action: str, officer: Officer) -> None:
    note(session, Doer(officer.agency_id, officer.id), action, ("officer", str(officer.id)))
