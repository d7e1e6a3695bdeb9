"""Codes of the second factor as they are shown: each counts once, whether of the authenticator or a recovery code."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from server.clock import now
from server.identity.models import RecoveryCode, SecondFactor
from server.identity.second_factor import step_of, unseal
from server.identity.tokens import digest, normal_code
from server.problems import Problem


@dataclass(frozen=True)
class ShownCode:
    """A code as typed, and the deployment's secret under which the factor is sealed."""

    text: str
    server_secret: str


def spend_code(session: Session, officer_id: UUID, shown: ShownCode | None) -> str:
    """Use a code up and return of which kind it was: ``totp`` or ``recovery``; raises totp-required and totp-wrong.

    The caller holds the officer's lock: of two requests with the same code one comes second.
    """
    if shown is None or not shown.text.strip():
        raise Problem("totp-required")
    factor = session.get(SecondFactor, officer_id)
    if factor is None or factor.confirmed_at is None:
        # Removed since the password was verified: the next attempt will not ask for a code.
        raise Problem("totp-wrong")
    secret = unseal(factor.sealed_secret, officer_id, shown.server_secret)
    step = None if secret is None else step_of(secret, shown.text, now(), factor.last_step)
    if step is not None:
        factor.last_step = step
        return "totp"
    _spend_recovery_code(session, officer_id, shown.text)
    return "recovery"


def _spend_recovery_code(session: Session, officer_id: UUID, text: str) -> None:
    code = normal_code(text)
    row = None if code is None else session.get(RecoveryCode, (officer_id, digest(code)))
    if row is None or row.used_at is not None:
        raise Problem("totp-wrong")
    row.used_at = now()
