"""The second step of signing in at the console: between password and code the cookie remembers whose turn it is.

The cookie is signed. It holds no password and no hash: only that this login's password was right a moment ago, and a
digest by which a password changed meanwhile is noticed.
"""

import hashlib
from datetime import timedelta

from flask import session

from server.clock import now
from server.config import Settings
from server.db import read
from server.identity import operations, queries
from server.identity.rules import normal_login
from server.problems import Problem

_KEY = "awaiting_code"
_LASTING = timedelta(minutes=5)


def await_code(login: str, proof: operations.Proof) -> None:
    """Remember that the password of ``login`` was right."""
    session[_KEY] = [normal_login(login), _mark(proof.password_hash), now().timestamp()]


def awaited() -> bool:
    """Tell whether a code is awaited from this browser."""
    return _KEY in session


def proof_again(*, remote: str, chosen: Settings) -> operations.Proof:
    """Return the proof of the first step, if it was within five minutes and still means the same.

    Raises wrong-credentials: then both steps begin anew.
    """
    login, mark, begun = session.get(_KEY) or ("", "", 0.0)
    facts = read(queries.sign_in_facts, login=login)
    fresh = now().timestamp() - begun < _LASTING.total_seconds()
    if facts is None or not facts.active or not fresh or _mark(facts.password_hash) != mark:
        session.pop(_KEY, None)
        raise Problem("wrong-credentials")
    keys = operations.sign_in_keys(login, remote)
    asked = chosen.admin_totp and facts.second_factor
    return operations.Proof(facts.officer_id, facts.password_hash, keys, facts.agency_id, asked)


def _mark(password_hash: str) -> str:
    return hashlib.sha256(password_hash.encode()).hexdigest()[:16]
