"""Enrolment: a code for one field officer, used once by one key, answered again to that same key for a day."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.base import uuid7
from server.clock import now
from server.identity.models import EnrolmentCode, Install, InstallKey, Officer, RoleGrant
from server.identity.operations.accounts import officer_within
from server.identity.rules import CODE_LIFE, ENROLMENT_REPEATS, FIELD_ROLES, Actor, Permission
from server.identity.tokens import digest, grouped_secret, handset_credential, normal_code
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
class KeyOffer:
    """What a handset brings: the code as typed, its public key (canonical DER), its own name and app version."""

    code: str
    algorithm: str
    public_key: bytes
    label: str
    app: str


@dataclass(frozen=True)
class EnrolledOfficer:
    """For whom the handset works."""

    id: UUID
    name: str
    agency_id: UUID
    squad_id: UUID | None
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Enrolled:
    """The install and its credential; the same again when the same code and key ask again."""

    install_id: UUID
    credential: str
    officer: EnrolledOfficer


def create_enrolment_code(session: Session, actor: Actor, officer_id: UUID) -> IssuedCode:
    """Issue a code of 24 h for an active field officer within the actor's agencies."""
    officer = officer_within(session, actor.require(Permission.ADMINISTER_HANDSETS), officer_id)
    if not officer.active or FIELD_ROLES.isdisjoint(_roles(session, officer)):
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
    record(session, "code_issued", ("officer", str(officer.id)), Doer(officer.agency_id, actor.officer_id))
    return issued


def enrol(session: Session, offer: KeyOffer, secret: str) -> Enrolled:
    """Enrol the handset that brings a code and a key.

    Raises unknown-code (wrong, expired, officer deactivated) and code-used (another key, a day over, revoked).
    """
    code = normal_code(offer.code)
    row = None if code is None else session.get(EnrolmentCode, digest(code), with_for_update=True)
    if code is None or row is None:
        raise Problem("unknown-code")
    officer = session.get_one(Officer, row.officer_id)
    credential = handset_credential(secret, code, offer.public_key)
    if row.used_at is not None:
        install_id = _same_again(session, row, offer, credential)
    elif row.expires_at <= now() or not officer.active:
        raise Problem("unknown-code")
    else:
        install_id = _new_install(session, row, offer, credential)
    return Enrolled(install_id, credential, _described(session, officer))


def _same_again(session: Session, row: EnrolmentCode, offer: KeyOffer, credential: str) -> UUID:
    install = session.get_one(Install, row.install_id)
    repeats = (
        row.key_sha256 == hashlib.sha256(offer.public_key).digest()
        and row.used_at is not None
        and row.used_at + ENROLMENT_REPEATS > now()
        and install.revoked_at is None
        # Differs only after the server's secret was changed: this handset then needs a new code.
        and install.credential_sha256 == digest(credential)
    )
    if not repeats:
        raise Problem("code-used")
    return install.id


def _new_install(session: Session, row: EnrolmentCode, offer: KeyOffer, credential: str) -> UUID:
    moment = now()
    officer = session.get_one(Officer, row.officer_id)
    install = Install(
        id=uuid7(),
        agency_id=officer.agency_id,
        officer_id=officer.id,
        label=offer.label,
        app=offer.app,
        credential_sha256=digest(credential),
        enrolled_at=moment,
        item_count=0,
    )
    session.add(install)
    session.flush()
    session.add(
        InstallKey(
            install_id=install.id,
            officer_id=officer.id,
            algorithm=offer.algorithm,
            public_key=offer.public_key,
            valid_from=moment,
        )
    )
    key_sha256 = hashlib.sha256(offer.public_key)
    row.used_at, row.key_sha256, row.install_id = moment, key_sha256.digest(), install.id
    # The log names the key itself: signatures must be checkable when this database is gone.
    facts = {"officer_id": str(officer.id), "algorithm": offer.algorithm, "public_key": offer.public_key.hex()}
    record(session, "enrolled", ("install", str(install.id)), Doer(officer.agency_id, officer.id, install.id), facts)
    return install.id


def _described(session: Session, officer: Officer) -> EnrolledOfficer:
    roles = tuple(sorted(_roles(session, officer)))
    return EnrolledOfficer(officer.id, officer.name, officer.agency_id, officer.squad_id, roles)


def _roles(session: Session, officer: Officer) -> set[str]:
    return set(session.scalars(select(RoleGrant.role).where(RoleGrant.officer_id == officer.id)))
