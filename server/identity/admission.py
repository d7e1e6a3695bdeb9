"""Admission: flows whose slow part (Argon2, key parsing) stands between two transactions.

Each reads, then computes without holding a connection, then writes. Doors (api, web) call these; Flask is not
known here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from server.config import Settings
from server.db import read, transact
from server.identity import operations, queries
from server.identity.device_key import canonical_key
from server.identity.passwords import DEMO_PASSWORD, demand_strong, fits, hash_password, temporary_password
from server.identity.rules import Actor, normal_login
from server.problems import Problem, _


@dataclass(frozen=True)
class SignedIn:
    """An open desk session; console sessions have no token, their cookie carries ``generation``."""

    actor: Actor
    generation: int
    token: str | None
    expires_at: datetime | None
    must_set_up_totp: bool = False


@dataclass(frozen=True)
class TemporaryPassword:
    """Shown once to the administrator, who tells it to the officer."""

    officer_id: UUID
    login: str
    password: str


@dataclass(frozen=True)
class EnrolmentRequest:
    """What a handset sends: code as typed, algorithm and base64url public key, its own label and app version.

    A handset that was enrolled before adds the id of that install, and whose key it offers.
    """

    code: str
    algorithm: str
    key: str
    label: str
    app: str
    install_id: UUID | None = None
    officer_id: UUID | None = None


@dataclass(frozen=True)
class ShiftRequest:
    """What a handset sends for an officer who joins: see operations.Joining; the key is base64url."""

    code: str
    algorithm: str
    key: str
    officer_id: UUID | None
    at: datetime | None


def sign_in(
    login: str, password: str, *, remote: str, chosen: Settings, with_token: bool, code: str | None = None
) -> SignedIn:
    """Open a desk session; ``code`` is of the second factor, for an account that has one.

    Raises what ``prove`` and ``open_proved`` do.
    """
    proof = prove(login, password, remote=remote, chosen=chosen)
    return open_proved(proof, code, chosen=chosen, with_token=with_token)


def prove(login: str, password: str, *, remote: str, chosen: Settings) -> operations.Proof:
    """Verify a password; the proof says whether a code is needed too.

    Raises wrong-credentials (alike for a wrong login, a wrong password and a deactivated officer: same answer,
    same Argon2 work), too-many-attempts, and demo-password outside the demo.
    """
    keys = operations.sign_in_keys(login, remote)
    facts = read(_facts_of_login, normal_login(login), keys)
    proof = _prove(facts, password, keys, chosen)
    if facts is not None and facts.demo_password and not chosen.demo:
        raise Problem("demo-password")
    return proof


def open_proved(proof: operations.Proof, code: str | None, *, chosen: Settings, with_token: bool) -> SignedIn:
    """Open a desk session after the password was proved.

    Raises totp-required without a code where one is needed, totp-wrong, too-many-attempts, and wrong-credentials if
    the account changed meanwhile.
    """
    lasting = timedelta(hours=chosen.session_hours) if with_token else None
    shown = None if code is None else operations.ShownCode(code, chosen.secret())
    with codes_counted(proof):
        opened = transact(operations.open_session, proof, lasting, shown)
    actor = read(queries.actor_by_session, proof.officer_id, opened.generation)
    if actor is None:
        raise Problem("wrong-credentials")
    lacking = chosen.admin_totp and actor.needs_second_factor
    return SignedIn(actor, opened.generation, opened.token, opened.expires_at, lacking)


def prove_own(actor: Actor, password: str, *, remote: str, chosen: Settings) -> operations.Proof:
    """Verify the password of who is signed in; raises wrong-credentials and too-many-attempts."""
    keys = operations.sign_in_keys(actor.login, remote)
    return _prove(read(_facts_of_officer, actor.officer_id, keys), password, keys, chosen)


def change_password(
    actor: Actor, current: str, new: str, *, remote: str, chosen: Settings, keep_token: str | None = None
) -> int:
    """Change the actor's own password; returns the generation of the session that goes on, all others end.

    Raises wrong-credentials, weak-password and too-many-attempts.
    """
    proof = prove_own(actor, current, remote=remote, chosen=chosen)
    demand_strong(new, actor.login, demo=chosen.demo)
    if new == current:
        raise Problem("weak-password", errors={"new_password": [_("Must differ from the present password.")]})
    return transact(
        operations.change_password,
        proof,
        hash_password(new, chosen.password_rounds),
        demo=new == DEMO_PASSWORD,
        keep_token=keep_token,
    )


def reset_password(actor: Actor, officer_id: UUID, *, chosen: Settings) -> TemporaryPassword:
    """Give an officer a temporary password; raises not-found and forbidden as the operation does."""
    password = temporary_password()
    login = transact(operations.reset_password, actor, officer_id, hash_password(password, chosen.password_rounds))
    return TemporaryPassword(officer_id, login, password)


def add_officer(actor: Actor, login: str, facts: operations.OfficerFacts, *, chosen: Settings) -> TemporaryPassword:
    """Make an account with a temporary password; raises what the operation does."""
    password = temporary_password()
    made = transact(operations.add_officer, actor, login, facts, hash_password(password, chosen.password_rounds))
    return TemporaryPassword(made, normal_login(login), password)


def enrol(request: EnrolmentRequest, *, remote: str, chosen: Settings) -> operations.Enrolled:
    """Enrol a handset.

    Raises bad-key, unknown-code, code-used, other-officer, foreign-install and too-many-attempts.
    """
    keys = operations.enrolment_keys(remote)
    read(operations.ensure_allowed, keys)
    public_key = canonical_key(request.algorithm, request.key)
    offer = operations.KeyOffer(
        code=request.code,
        algorithm=request.algorithm,
        public_key=public_key,
        label=request.label,
        app=request.app,
        install_id=request.install_id,
        officer_id=request.officer_id,
    )
    with _guesses_counted(keys):
        return transact(operations.enrol, offer, chosen.secret(), chosen.field_session)


def join(install_id: UUID, request: ShiftRequest, *, remote: str, chosen: Settings) -> operations.OnShift:
    """Let another officer join an enrolled handset.

    Raises bad-key, unknown-code, code-used, other-officer, officer-has-key, handset-revoked and too-many-attempts.
    """
    keys = operations.enrolment_keys(remote)
    read(operations.ensure_allowed, keys)
    key = operations.PublicKey(request.algorithm, canonical_key(request.algorithm, request.key))
    joining = operations.Joining(request.code, key, request.officer_id, request.at)
    with _guesses_counted(keys):
        return transact(operations.join, install_id, joining, chosen.field_session)


@contextmanager
def codes_counted(proof: operations.Proof) -> Iterator[None]:
    """Count a wrong code of the second factor as a failed sign-in, committed before it is raised."""
    try:
        yield
    except Problem as problem:
        if problem.slug == "totp-wrong":
            refused = transact(operations.refuse, proof.keys, "wrong_code", (proof.officer_id, proof.agency_id))
            raise (refused or problem) from None
        raise


@contextmanager
def _guesses_counted(keys: tuple[str, ...]) -> Iterator[None]:
    """Count an unknown code as a failure, committed before it is raised."""
    try:
        yield
    except Problem as problem:
        if problem.slug == "unknown-code":
            raise (transact(operations.count_failure, keys) or problem) from None
        raise


def _prove(
    facts: queries.SignInFacts | None, password: str, keys: tuple[str, ...], chosen: Settings
) -> operations.Proof:
    """Verify the password outside any transaction; a failure is counted and committed before it is raised."""
    matched = fits(password, None if facts is None else facts.password_hash, chosen.password_rounds)
    if facts is None or not facts.active or not matched:
        known = None if facts is None else (facts.officer_id, facts.agency_id)
        raise transact(operations.refuse, keys, "wrong_password", known) or Problem("wrong-credentials")
    asked = chosen.admin_totp and facts.second_factor
    return operations.Proof(facts.officer_id, facts.password_hash, keys, facts.agency_id, asked)


def _facts_of_login(session: Session, login: str, keys: tuple[str, ...]) -> queries.SignInFacts | None:
    operations.ensure_allowed(session, keys)
    return queries.sign_in_facts(session, login=login)


def _facts_of_officer(session: Session, officer_id: UUID, keys: tuple[str, ...]) -> queries.SignInFacts | None:
    operations.ensure_allowed(session, keys)
    return queries.sign_in_facts(session, officer_id=officer_id)
