"""Admission of the second factor: the password is proved outside any transaction, as for everything about an account.

Doors (api, web) call these; Flask is not known here.
"""

from dataclasses import dataclass

from server.config import Settings
from server.db import transact
from server.identity.admission import codes_counted, prove_own
from server.identity.operations import ShownCode, factors
from server.identity.rules import Actor
from server.identity.second_factor import setup_uri


@dataclass(frozen=True)
class FreshFactor:
    """A secret that waits for its first code; shown this once, as text and as an authenticator's address."""

    secret: str
    uri: str


def begin_setup(actor: Actor, password: str, *, remote: str, chosen: Settings) -> FreshFactor:
    """Make a fresh secret for who is signed in; raises wrong-credentials, too-many-attempts and totp-set-up."""
    proof = prove_own(actor, password, remote=remote, chosen=chosen)
    secret = transact(factors.begin_setup, proof, chosen.secret())
    return FreshFactor(secret, setup_uri(secret, actor.login))


def confirm_setup(actor: Actor, code: str, *, chosen: Settings) -> tuple[str, ...]:
    """Put the fresh secret into use; returns the recovery codes. Raises totp-wrong and what the operation does."""
    return transact(factors.confirm_setup, actor, ShownCode(code, chosen.secret()))


def remove(actor: Actor, password: str, code: str, *, remote: str, chosen: Settings) -> int:
    """Remove the own factor; returns the generation of the session that a console goes on with.

    Raises wrong-credentials, too-many-attempts, totp-required and totp-wrong.
    """
    proof = prove_own(actor, password, remote=remote, chosen=chosen)
    with codes_counted(proof):
        return transact(factors.remove, proof, ShownCode(code, chosen.secret()))
