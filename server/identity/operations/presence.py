"""The proof that an officer is there: signed with the officer's key on this install, fresh, and good for one time."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.clock import now, stamp
from server.identity.device_key import signed_by
from server.identity.models import Install, InstallKey, Officer, SignInAttempt
from server.identity.operations.attempts import forget_old_attempts
from server.identity.operations.shifts import OnShift, locked_install, put_on_shift
from server.identity.rules import PROOF_WINDOW
from server.problems import Problem, _
from server.upsert import insert

_SIGNED_PREFIX = "fieldsync1-session"


@dataclass(frozen=True)
class Presence:
    """What a handset sends: ``at`` (ISO 8601 with a zone) and ``nonce`` exactly as signed, base64url of r and s.

    ``at`` is when the officer took the handset over, or is there still, by the server's time.
    """

    officer_id: UUID
    at: str
    nonce: str
    signature: str


def renew_session(session: Session, install_id: UUID, presence: Presence, lasting: timedelta) -> OnShift:
    """Open the session of an officer who has a key on this install; the officer is on shift since ``at``.

    Raises bad-session-proof, whose ``server_time`` tells a handset with a wrong clock what to sign.
    """
    install = locked_install(session, install_id)
    officer, keyed_at = _proved(session, install, presence)
    _use_up(session, install, presence)
    # What the officer signed is when the handset was taken over; nobody can have done so before having a key on it.
    since = max(datetime.fromisoformat(presence.at), keyed_at)
    return put_on_shift(session, install, officer, lasting, since)


def _proved(session: Session, install: Install, presence: Presence) -> tuple[Officer, datetime]:
    """Return the officer whose signature fits, and since when the server knows the key."""
    found = session.execute(
        select(Officer, InstallKey.public_key, InstallKey.valid_from)
        .join(InstallKey, InstallKey.officer_id == Officer.id)
        .where(InstallKey.install_id == install.id, Officer.id == presence.officer_id, Officer.active)
    ).one_or_none()
    if found is None:
        raise _refused(_("This officer has no key on this handset: join with a code."))
    if abs(datetime.fromisoformat(presence.at) - now()) > PROOF_WINDOW:
        raise _refused(_("The time in the proof is more than a day off: sign again with the server's time."))
    parts = (_SIGNED_PREFIX, str(install.id), str(presence.officer_id), presence.at, presence.nonce)
    if not signed_by(found.public_key, "\0".join(parts).encode(), presence.signature):
        raise _refused(_("The signature was not made with this officer's key on this handset."))
    return found.Officer, found.valid_from


def _use_up(session: Session, install: Install, presence: Presence) -> None:
    """Remember the nonce for as long as its proof could be sent again.

    It stands among the counted attempts, dated such that their purge forgets it when the proof is too old anyway.
    """
    sha256 = hashlib.sha256(f"{install.id}\0{presence.nonce}".encode()).hexdigest()
    too_old_at = datetime.fromisoformat(presence.at) + PROOF_WINDOW
    forget_old_attempts(session)
    used = insert(session, SignInAttempt).values(
        key=f"session-nonce:{sha256}", failures=0, window_started_at=too_old_at
    )
    if session.scalar(used.on_conflict_do_nothing().returning(SignInAttempt.key)) is None:
        raise _refused(_("This proof was used already: sign again with a fresh nonce."))


def _refused(why: str) -> Problem:
    return Problem("bad-session-proof", why, server_time=stamp(now()))
