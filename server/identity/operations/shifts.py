"""Who is on a handset: exactly one officer is on shift at any moment, and the pull serves that one.

The shifts are kept for good: an item counts as its officer's only if it was captured while that officer was on shift.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.clock import now
from server.identity.models import Install, InstallShift, Officer
from server.identity.operations.bearers import Bearer, bearer
from server.identity.rules import revoked_handset, shift_beginning
from server.ledger.operations import Doer, record


@dataclass(frozen=True)
class OnShift:
    """The officer on shift and until when the officer may pull."""

    officer: Bearer
    session_until: datetime


def locked_install(session: Session, install_id: UUID) -> Install:
    """Return the install's locked row; raises handset-revoked, whatever the guard saw a moment ago."""
    # NO KEY, as for all who write an install: rows that refer to it may be written meanwhile.
    install = session.get_one(Install, install_id, with_for_update={"key_share": True})
    if install.revoked_at is not None:
        raise revoked_handset()
    return install


def put_on_shift(
    session: Session, install: Install, officer: Officer, lasting: timedelta, since: datetime | None = None
) -> OnShift:
    """Put the officer on shift, ending the shift of anybody else, and open a session of that length.

    ``since`` is when the officer took the handset over, which it may tell hours later; None means now.
    """
    before = install.officer_id
    session_until = begin_shift(session, install, officer, lasting, since)
    if before != officer.id:
        facts = {"officer_id": str(officer.id), "before": str(before)}
        doer = Doer(install.agency_id, officer.id, install.id)
        record(session, "shift_changed", ("install", str(install.id)), doer, facts)
    return OnShift(bearer(session, officer), session_until)


def begin_shift(
    session: Session, install: Install, officer: Officer, lasting: timedelta, since: datetime | None = None
) -> datetime:
    """Note that the officer is on shift since then, unless that is so already; returns until when the session is.

    The shift before ends at the same moment, so none begins before the one that it follows.
    """
    moment = now()
    install.session_until = session_until = moment + lasting
    still = select(InstallShift).where(InstallShift.install_id == install.id, InstallShift.to_at.is_(None))
    open_shifts = session.scalars(still).all()
    if [shift.officer_id for shift in open_shifts] != [officer.id]:
        earliest = max((shift.from_at for shift in open_shifts), default=moment)
        begun = shift_beginning(since or moment, earliest, moment)
        for shift in open_shifts:
            shift.to_at = begun
        session.add(InstallShift(install_id=install.id, officer_id=officer.id, from_at=begun))
        install.officer_id = officer.id
    return session_until


def end_shifts(session: Session, officer_id: UUID) -> None:
    """End the shifts of an officer whose account is closed: what is captured from now on is nobody's word."""
    lasting = update(InstallShift).where(InstallShift.officer_id == officer_id, InstallShift.to_at.is_(None))
    session.execute(lasting.values(to_at=now()))


def resume_shifts(session: Session, officer_id: UUID) -> None:
    """Put an officer whose account is open again on shift where nobody took the handset over meanwhile."""
    on_shift = select(InstallShift.install_id).where(InstallShift.to_at.is_(None))
    mine = select(Install.id).where(Install.officer_id == officer_id, Install.id.not_in(on_shift))
    session.add_all(
        InstallShift(install_id=install_id, officer_id=officer_id, from_at=now())
        for install_id in session.scalars(mine)
    )
