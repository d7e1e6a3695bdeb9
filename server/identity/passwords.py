"""Passwords: Argon2id hashes, the rule for new ones, temporary ones. Knows neither the database nor Flask.

Hashing takes tens of milliseconds and 19 MiB on purpose, so it never runs inside a transaction.
"""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from server.identity.rules import normal_login
from server.identity.tokens import grouped_secret
from server.problems import Problem, _

# Printed by `make run` and known to everybody who reads this line: it opens demo accounts, in the demo only.
DEMO_PASSWORD = "xuncha-demo-2026"  # noqa: S105 (public by intention, refused outside the demo)
# The sentences that name it are translated whole, so they hold the number too.
MINIMUM_LENGTH = 10
# OWASP Password Storage Cheat Sheet: Argon2id with 19 MiB, 2 passes, 1 lane.
_MEMORY_KIB = 19 * 1024


@cache
def _hasher(rounds: int) -> PasswordHasher:
    return PasswordHasher(time_cost=rounds, memory_cost=_MEMORY_KIB, parallelism=1)


@cache
def _nobodys_hash(rounds: int) -> str:
    return hash_password(grouped_secret(), rounds)


def hash_password(password: str, rounds: int) -> str:
    """Return the Argon2id hash of ``password`` with ``rounds`` passes over the memory."""
    return _hasher(rounds).hash(_encoded(password))


def fits(password: str, password_hash: str | None, rounds: int) -> bool:
    """Tell whether ``password`` is the one; None (no such login) costs the same time and is never it."""
    try:
        _hasher(rounds).verify(password_hash or _nobodys_hash(rounds), _encoded(password))
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def demand_strong(password: str, login: str, *, demo: bool) -> None:
    """Raise weak-password unless ``password`` is long enough, is not the login, nor public (but in the demo)."""
    if len(password) < MINIMUM_LENGTH:
        raise _weak(_("Must have at least 10 characters."))
    if normal_login(password) == normal_login(login):
        raise _weak(_("Must not be the login."))
    if password == DEMO_PASSWORD and not demo:
        raise _weak(_("Must not be the password of the public demo."))


def temporary_password() -> str:
    """Return a random password of 60 bits that can be read out over the telephone."""
    return grouped_secret()


def _weak(message: str) -> Problem:
    return Problem("weak-password", errors={"new_password": [message]})


def _encoded(password: str) -> bytes:
    # JSON can carry half of a surrogate pair, which plain UTF-8 refuses.
    return password.encode("utf-8", "surrogatepass")
