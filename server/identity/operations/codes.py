"""Enrolment codes: issued for one field officer, used once by one key, and known again to that same key for a day."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.clock import now
from server.identity.models import EnrolmentCode, Install, InstallKey, Officer
from server.identity.operations.accounts import officer_within
from server.identity.operations.bearers import roles_of
from server.identity.rules import CODE_LIFE, ENROLMENT_REPEATS, FIELD_ROLES, Actor, Permission
from server.identity.tokens import digest, grouped_secret, normal_code
from server.ledger.audit import note
from server.ledger.operations import Doer, record
from server.problems import Problem, _


@dataclass(frozen=True)
class IssuedCode:
    """A fresh code; only its hash is stored, so it is shown once."""

    code: str
    expires_at: datetime
    officer_id: UUID
    officer_name: str


@dataclass(frozen=True)
class PublicKey:
    """An officer's key as a handset brings it: the algorithm's name and the canonical DER."""

    algorithm: str
    der: bytes

    @property
    def sha256(self) -> bytes:
        """Return what a used code remembers of the key."""
        return hashlib.sha256(self.der).digest()


def create_enrolment_code(session: Session, actor: Actor, officer_id: UUID) -> IssuedCode:
    """Issue a code of 24 h for an active field officer within the actor's agencies."""
    officer = officer_within(session, actor.require(Permission.ADMINISTER_HANDSETS), officer_id)
    if not officer.active or FIELD_ROLES.isdisjoint(roles_of(session, officer)):
        raise Problem("validation", errors={"officer_id": [_("Must be an active officer with a role in the field.")]})
    code = grouped_secret()
    moment = now()
    issued = IssuedCode(code, moment + CODE_LIFE, officer.id, officer.name)
    session.add(
        EnrolmentCode(
            code_sha256=digest(code.replace("-", "")),
            officer_id=officer.id,
            created_by=actor.officer_id,
            created_at=moment,
            expires_at=issued.expires_at,
        )
    )
    subject, doer = ("officer", str(officer.id)), Doer(officer.agency_id, actor.officer_id)
    record(session, "code_issued", subject, doer)
    note(session, doer, "code_issued", subject)
    return issued


def keys_on(session: Session, install: Install) -> dict[UUID, bytes]:
    """Return the public key (canonical DER) of each officer who has one on the install."""
    held = select(InstallKey.officer_id, InstallKey.public_key).where(InstallKey.install_id == install.id)
    return {row.officer_id: row.public_key for row in session.execute(held)}


def locked_code(session: Session, text: str) -> tuple[str, EnrolmentCode]:
    """Return a code as typed in its normal form, and its locked row; raises unknown-code."""
    code = normal_code(text)
    row = None if code is None else session.get(EnrolmentCode, digest(code), with_for_update=True)
    if code is None or row is None:
        raise Problem("unknown-code")
    return code, row


def repeats(row: EnrolmentCode, key: PublicKey) -> bool:
    """Tell whether a used code is asked about again by the key that used it, soon enough to be answered again."""
    if row.used_at is None or row.key_sha256 != key.sha256:
        return False
    return row.used_at + ENROLMENT_REPEATS > now()


def demand_usable(row: EnrolmentCode, officer: Officer) -> None:
    """Raise unknown-code for a code that expired or whose officer was deactivated."""
    if row.expires_at <= now() or not officer.active:
        raise Problem("unknown-code")


def demand_meant(row: EnrolmentCode, officer_id: UUID | None) -> None:
    """Raise other-officer when the handset offers the key of somebody else than the code is for; None says nothing.

    Without this a key that signed one officer's items would come to stand for another.
    """
    if officer_id not in {None, row.officer_id}:
        raise Problem("other-officer")


def use_code(session: Session, row: EnrolmentCode, install: Install, key: PublicKey) -> dict[str, str]:
    """Use the code up: its officer's key stands on the install from now on. Returns what custody says of it."""
    row.used_at, row.key_sha256, row.install_id = now(), key.sha256, install.id
    if key.der not in keys_on(session, install).values():
        session.add(
            InstallKey(
                install_id=install.id,
                officer_id=row.officer_id,
                algorithm=key.algorithm,
                public_key=key.der,
                valid_from=row.used_at,
            )
        )
    # The log names the key itself: signatures must be checkable when this database is gone.
    return {"officer_id": str(row.officer_id), "algorithm": key.algorithm, "public_key": key.der.hex()}
