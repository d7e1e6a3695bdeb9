"""Who is asking: from a token, a cookie's session or a handset's credential to an Actor or a Handset."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Integer, Uuid, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from server.base import UtcDateTime
from server.clock import now
from server.identity.models import AccessToken, Agency, Install, Officer, RoleGrant, SecondFactor
from server.identity.rules import Actor, Grant, Handset, Role
from server.identity.tokens import digest

# Every request of every handset runs this once: columns of the bare tables, written once, no entities.
_install, _officer, _agency = Install.__table__, Officer.__table__, Agency.__table__
_HANDSET = (
    select(
        _install.c.id.label("install_id"),
        _install.c.revoked_at,
        _install.c.grace_until,
        _install.c.session_until,
        _install.c.next_credential_sha256,
        _officer.c.id.label("officer_id"),
        _officer.c.agency_id,
        _officer.c.squad_id,
        _officer.c.active,
        _agency.c.path,
    )
    .join_from(_install, _officer, _officer.c.id == _install.c.officer_id)
    .join(_agency, _agency.c.id == _officer.c.agency_id)
    .where(
        or_(
            _install.c.credential_sha256 == bindparam("sha256"),
            _install.c.next_credential_sha256 == bindparam("sha256"),
        )
    )
)
# Set up only once a first code was shown: until then nobody could sign in with it.
_HAS_FACTOR = exists().where(SecondFactor.officer_id == Officer.id, SecondFactor.confirmed_at.is_not(None))
# And so every request of every desk. Outer joins: an officer without any grant can still change the password.
_ACTOR = (
    select(
        _officer.c.id,
        _officer.c.login,
        _officer.c.name,
        _officer.c.agency_id,
        _officer.c.squad_id,
        _officer.c.locale,
        _officer.c.must_change_password,
        _officer.c.demo_password,
        _HAS_FACTOR.label("second_factor"),
        RoleGrant.role,
        _agency.c.path,
    )
    .select_from(_officer)
    .outerjoin(RoleGrant, RoleGrant.officer_id == _officer.c.id)
    .outerjoin(_agency, _agency.c.id == RoleGrant.agency_id)
    .where(
        _officer.c.id == bindparam("officer_id", type_=Uuid),
        _officer.c.session_generation == bindparam("generation", type_=Integer),
        _officer.c.active,
    )
    .order_by(RoleGrant.role, _agency.c.path)
)
_TOKEN = select(AccessToken.officer_id, AccessToken.session_generation).where(
    AccessToken.token_sha256 == bindparam("sha256"), AccessToken.expires_at > bindparam("moment", type_=UtcDateTime)
)


@dataclass(frozen=True)
class SignInFacts:
    """What a sign-in is judged by."""

    officer_id: UUID
    login: str
    password_hash: str
    active: bool
    demo_password: bool
    agency_id: UUID
    second_factor: bool


def sign_in_facts(session: Session, *, login: str | None = None, officer_id: UUID | None = None) -> SignInFacts | None:
    """Return the facts of a login (in its normal spelling) or of an officer, or None."""
    wanted = Officer.login == login if officer_id is None else Officer.id == officer_id
    row = session.execute(
        select(
            Officer.id,
            Officer.login,
            Officer.password_hash,
            Officer.active,
            Officer.demo_password,
            Officer.agency_id,
            _HAS_FACTOR,
        ).where(wanted)
    ).one_or_none()
    return None if row is None else SignInFacts(*row)


def actor_by_token(session: Session, token: str) -> Actor | None:
    """Return the active officer behind a desk token that is neither expired nor signed out."""
    held = session.execute(_TOKEN, {"sha256": digest(token), "moment": now()}).one_or_none()
    return None if held is None else actor_by_session(session, *held)


def actor_by_session(session: Session, officer_id: UUID, generation: int) -> Actor | None:
    """Return the active officer if no sign-out everywhere came after ``generation``."""
    rows = session.execute(_ACTOR, {"officer_id": officer_id, "generation": generation}).all()
    if not rows:
        return None
    officer = rows[0]
    return Actor(
        officer_id=officer.id,
        login=officer.login,
        name=officer.name,
        agency_id=officer.agency_id,
        squad_id=officer.squad_id,
        grants=tuple(Grant(Role(row.role), row.path) for row in rows if row.path),
        locale=officer.locale,
        must_change_password=officer.must_change_password,
        demo_password=officer.demo_password,
        second_factor=officer.second_factor,
    )


def handset_by_credential(session: Session, credential: str) -> Handset | None:
    """Return the install of a credential or of its next one; a revoked one too, whose field data is still taken in."""
    sha256 = digest(credential)
    row = session.execute(_HANDSET, {"sha256": sha256}).one_or_none()
    if row is None:
        return None
    moment = now()
    return Handset(
        install_id=row.install_id,
        officer_id=row.officer_id,
        agency_id=row.agency_id,
        agency_path=row.path,
        squad_id=row.squad_id,
        credential_sha256=sha256,
        revoked=row.revoked_at is not None or not row.active,
        barred=row.revoked_at is not None,
        shut=row.revoked_at is not None and row.grace_until is not None and row.grace_until <= moment,
        grace_until=row.grace_until,
        session_until=row.session_until,
        session_over=row.session_until is None or row.session_until <= moment,
        uses_next_credential=row.next_credential_sha256 == sha256,
    )


def scopes_of(session: Session, officer_id: UUID) -> tuple[str, ...]:
    """Return the feed scopes of an officer: ``officer:<id>`` and, with a squad, ``squad:<id>``."""
    squad_id = session.scalar(select(Officer.squad_id).where(Officer.id == officer_id))
    own = f"officer:{officer_id}"
    return (own,) if squad_id is None else (own, f"squad:{squad_id}")
