"""Failed attempts, counted in the database so that all processes together allow ten per quarter of an hour.

A failure is a transaction of its own: it must stay counted although the attempt itself came to nothing.
"""

import hashlib
import ipaddress
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from server.base import UtcDateTime
from server.clock import now
from server.identity.models import SignInAttempt
from server.identity.rules import ATTEMPT_WINDOW, MOST_FAILURES, normal_login
from server.ledger.audit import note
from server.ledger.operations import Doer
from server.problems import Problem
from server.upsert import insert

_FULL = select(SignInAttempt.window_started_at).where(
    SignInAttempt.key.in_(bindparam("keys", expanding=True)),
    SignInAttempt.failures >= MOST_FAILURES,
    SignInAttempt.window_started_at > bindparam("since", type_=UtcDateTime),
)


def sign_in_keys(login: str, remote: str) -> tuple[str, ...]:
    """Return the counters of a sign-in: one for the login, one for the address."""
    # As a hash: people type passwords into the login field, and those must not be stored.
    login_sha256 = hashlib.sha256(normal_login(login).encode("utf-8", "surrogatepass")).hexdigest()
    return (f"login:{login_sha256}", f"address:{_network(remote)}")


def enrolment_keys(remote: str) -> tuple[str, ...]:
    """Return the counters of an enrolment."""
    return (f"enrol:{_network(remote)}",)


def ensure_allowed(session: Session, keys: Iterable[str]) -> None:
    """Raise too-many-attempts while one of the counters is full."""
    since = now() - ATTEMPT_WINDOW
    begun = session.scalars(_FULL, {"keys": list(keys), "since": since}).all()
    if begun:
        raise _too_many(max(begun))


def count_failure(session: Session, keys: Iterable[str]) -> Problem | None:
    """Count one failure on every counter; returns what to answer if one of them was full before.

    Returned and not raised, because raising would undo the count. Beyond the limit the answer no longer says
    whether the guess was right, so a burst of parallel guesses learns no more than ten serial ones.
    """
    moment = now()
    forget_old_attempts(session)
    full: list[datetime] = []
    for key in sorted(keys):
        counted = insert(session, SignInAttempt).values(key=key, failures=1, window_started_at=moment)
        failures, begun = session.execute(
            counted.on_conflict_do_update(
                index_elements=[SignInAttempt.key], set_={"failures": SignInAttempt.failures + 1}
            ).returning(SignInAttempt.failures, SignInAttempt.window_started_at)
        ).one()
        if failures > MOST_FAILURES:
            full.append(begun)
    return _too_many(max(full)) if full else None


def refuse(
    session: Session, keys: tuple[str, ...], action: str, known: tuple[UUID, UUID | None] | None
) -> Problem | None:
    """Count a failure and note it (``wrong_password``, ``wrong_code``); returns what ``count_failure`` does.

    ``known`` is (officer, agency) where the login exists. What was typed is not noted: it may be a password.
    """
    subject = ("login", keys[0].removeprefix("login:")) if known is None else ("officer", str(known[0]))
    note(session, Doer(None if known is None else known[1]), action, subject)
    return count_failure(session, keys)


def forget_old_attempts(session: Session) -> None:
    """Delete the counters whose window is over, and the nonces that nobody could use again (presence.py)."""
    session.execute(delete(SignInAttempt).where(SignInAttempt.window_started_at <= now() - ATTEMPT_WINDOW))


def forget_failures(session: Session, key: str) -> None:
    """Empty one counter, after its login proved to be itself."""
    session.execute(delete(SignInAttempt).where(SignInAttempt.key == key))


def _too_many(begun: datetime) -> Problem:
    left = begun + ATTEMPT_WINDOW - now()
    return Problem("too-many-attempts", retry_after=max(1, int(left.total_seconds()) + 1))


def _network(remote: str) -> str:
    """Return the address, or an IPv6 customer's whole /64: one caller has 2**64 addresses there."""
    try:
        address = ipaddress.ip_address(remote)
    except ValueError:
        return remote[:64]
    if address.version == 4:  # noqa: PLR2004 (IPv4)
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))
