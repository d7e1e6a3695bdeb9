"""Enrolment: a handset brings a code and a key and becomes an install; asked again, it gets the same answer.

A handset that a restored server forgot comes back under the id that it had, because that id is signed into its items.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from server.base import uuid7
from server.clock import now
from server.identity.models import EnrolmentCode, Install, Officer
from server.identity.operations.bearers import Bearer, bearer
from server.identity.operations.codes import (
    PublicKey,
    demand_meant,
    demand_usable,
    keys_on,
    locked_code,
    repeats,
    use_code,
)
from server.identity.operations.shifts import put_on_shift
from server.identity.rules import FIELD_SESSION
from server.identity.tokens import digest, handset_credential
from server.ledger.audit import note
from server.ledger.operations import Doer, record
from server.problems import Problem, _

# Rows that refer to an install may be written while it is locked.
_NO_KEY = {"key_share": True}


@dataclass(frozen=True)
class KeyOffer:
    """What a handset brings: the code as typed, its public key (canonical DER), its own name and app version.

    A handset that was enrolled before adds the id of that install, and whose key it offers.
    """

    code: str
    algorithm: str
    public_key: bytes
    label: str
    app: str
    install_id: UUID | None = None
    officer_id: UUID | None = None

    @property
    def key(self) -> PublicKey:
        """Return the officer's key."""
        return PublicKey(self.algorithm, self.public_key)


@dataclass(frozen=True)
class Enrolled:
    """The install and its credential; the same again when the same code and key ask again."""

    install_id: UUID
    credential: str
    officer: Bearer
    session_until: datetime | None


def enrol(session: Session, offer: KeyOffer, secret: str, lasting: timedelta = FIELD_SESSION) -> Enrolled:
    """Enrol the handset that brings a code and a key; its officer is on shift, with a session of that length.

    Raises unknown-code (wrong, expired, officer deactivated), code-used (another key, a day over, revoked),
    other-officer, and foreign-install for the id of an install that does not know the key.
    """
    # The install before the code, as those who join lock them.
    before = None if offer.install_id is None else session.get(Install, offer.install_id, with_for_update=_NO_KEY)
    code, row = locked_code(session, offer.code)
    demand_meant(row, offer.officer_id)
    officer = session.get_one(Officer, row.officer_id)
    credential = handset_credential(secret, code, offer.public_key)
    if row.used_at is not None:
        install = _same_again(session, row, offer, credential)
    else:
        demand_usable(row, officer)
        if before is None:
            install = _new_install(session, officer, offer, credential)
        else:
            install = _known_again(session, before, officer, offer, credential)
        facts = use_code(session, row, install, offer.key)
        put_on_shift(session, install, officer, lasting)
        doer = Doer(officer.agency_id, officer.id, install.id)
        kind = "enrolled" if offer.install_id is None else "enrolled_again"
        record(session, kind, ("install", str(install.id)), doer, facts)
        note(session, doer, kind, ("install", str(install.id)), {"label": install.label})
    return Enrolled(install.id, credential, bearer(session, officer), install.session_until)


def _same_again(session: Session, row: EnrolmentCode, offer: KeyOffer, credential: str) -> Install:
    install = session.get_one(Install, row.install_id)
    # The credential differs after it was renewed, and after the server's secret was changed: then a new code is
    # needed. It differs as well for a code that another officer joined this install with.
    repeated = repeats(row, offer.key) and offer.install_id in {None, install.id}
    if not repeated or install.revoked_at is not None or install.credential_sha256 != digest(credential):
        raise Problem("code-used")
    return install


def _known_again(session: Session, install: Install, officer: Officer, offer: KeyOffer, credential: str) -> Install:
    """Give an install a new credential, which ends the old one, because its officer's key comes with a new code."""
    if keys_on(session, install).get(officer.id) != offer.public_key:
        raise Problem("foreign-install")
    if install.revoked_at is not None:
        raise Problem("foreign-install", _("This install was revoked, and that is for good."))
    install.credential_sha256, install.next_credential_sha256 = digest(credential), None
    install.app = offer.app
    return install


def _new_install(session: Session, officer: Officer, offer: KeyOffer, credential: str) -> Install:
    install = Install(
        id=offer.install_id or uuid7(),
        agency_id=officer.agency_id,
        officer_id=officer.id,
        label=offer.label,
        app=offer.app,
        credential_sha256=digest(credential),
        enrolled_at=now(),
        item_count=0,
    )
    session.add(install)
    session.flush()
    return install
