"""Another officer joins a handset that is enrolled: with a code of the officer's own and a key of the officer's own."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from server.identity.models import EnrolmentCode, Install, Officer
from server.identity.operations.bearers import bearer
from server.identity.operations.codes import (
    PublicKey,
    demand_meant,
    demand_usable,
    keys_on,
    locked_code,
    repeats,
    use_code,
)
from server.identity.operations.shifts import OnShift, locked_install, put_on_shift
from server.ledger.audit import note
from server.ledger.operations import Doer, record
from server.problems import Problem, _


@dataclass(frozen=True)
class Joining:
    """What the officer brings to the handset: the code as typed and the key that the handset made for the officer.

    ``officer_id`` names whose key it is, where the handset knows; ``at`` is when the officer took the handset over.
    """

    code: str
    key: PublicKey
    officer_id: UUID | None = None
    at: datetime | None = None


def join(session: Session, install_id: UUID, joining: Joining, lasting: timedelta) -> OnShift:
    """Give the code's officer a key on this install and put the officer on shift; the same code and key repeat.

    A fresh code with the key that the officer has on this install does the same: the handset may never have heard
    the answer to the first one. Raises unknown-code, code-used (also when another officer came on shift since),
    other-officer, officer-has-key, bad-key, and handset-revoked.
    """
    install = locked_install(session, install_id)
    _, row = locked_code(session, joining.code)
    demand_meant(row, joining.officer_id)
    officer = session.get_one(Officer, row.officer_id)
    if row.used_at is not None:
        return _same_again(session, row, install, officer, joining.key)
    demand_usable(row, officer)
    _demand_own_key(session, install, officer, joining.key)
    facts = use_code(session, row, install, joining.key)
    doer = Doer(install.agency_id, officer.id, install.id)
    record(session, "officer_joined", ("install", str(install.id)), doer, facts)
    note(session, doer, "officer_joined", ("install", str(install.id)))
    # Nobody signed `at`: before the code was issued the officer cannot have come.
    since = None if joining.at is None else max(joining.at, row.created_at)
    return put_on_shift(session, install, officer, lasting, since)


def _same_again(session: Session, row: EnrolmentCode, install: Install, officer: Officer, key: PublicKey) -> OnShift:
    # A copy of the request that arrives late must not push out who came on shift since, nor claim to have done so.
    repeated = repeats(row, key) and row.install_id == install.id and install.officer_id == officer.id
    if not repeated or install.session_until is None:
        raise Problem("code-used")
    return OnShift(bearer(session, officer), install.session_until)


def _demand_own_key(session: Session, install: Install, officer: Officer, key: PublicKey) -> None:
    """Refuse a second key of an officer, which would orphan the items signed with the first, and a shared one."""
    held = keys_on(session, install)
    if held.get(officer.id, key.der) != key.der:
        raise Problem("officer-has-key")
    if officer.id not in held and key.der in held.values():
        raise Problem("bad-key", _("This key is another officer's: make a new one for each officer of a handset."))
