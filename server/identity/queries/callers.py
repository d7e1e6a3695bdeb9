"""Who is asking: from a token, a cookie's session or a handset's credential to an Actor or a Handset."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from server.clock import now
from server.identity.models import AccessToken, Agency, Install, Officer, RoleGrant
from server.identity.rules import Actor, Grant, Handset, Role
from server.identity.tokens import digest


@dataclass(frozen=True)
class SignInFacts:
    """What a sign-in is judged by."""

    officer_id: UUID
    login: str
    password_hash: str
    active: bool
    demo_password: bool


def sign_in_facts(session: Session, *, login: str | None = None, officer_id: UUID | None = None) -> SignInFacts | None:
    """Return the facts of a login (in its normal spelling) or of an officer, or None."""
    wanted = Officer.login == login if officer_id is None else Officer.id == officer_id
    row = session.execute(
        select(Officer.id, Officer.login, Officer.password_hash, Officer.active, Officer.demo_password).where(wanted)
    ).one_or_none()
    return None if row is None else SignInFacts(*row)


def actor_by_token(session: Session, token: str) -> Actor | None:
    """Return the active officer behind a desk token that is neither expired nor signed out."""
    held = session.execute(
        select(AccessToken.officer_id, AccessToken.session_generation).where(
            AccessToken.token_sha256 == digest(token), AccessToken.expires_at > now()
        )
    ).one_or_none()
    return None if held is None else actor_by_session(session, *held)


def actor_by_session(session: Session, officer_id: UUID, generation: int) -> Actor | None:
    """Return the active officer if no sign-out everywhere came after ``generation``."""
    return _actor(session, (Officer.id == officer_id) & (Officer.session_generation == generation))


def _actor(session: Session, wanted: ColumnElement[bool]) -> Actor | None:
    # Outer joins: an officer without any grant can still sign in and change the password.
    rows = session.execute(
        select(Officer, RoleGrant.role, Agency.path)
        .outerjoin(RoleGrant, RoleGrant.officer_id == Officer.id)
        .outerjoin(Agency, Agency.id == RoleGrant.agency_id)
        .where(wanted, Officer.active)
        .order_by(RoleGrant.role, Agency.path)
    ).all()
    if not rows:
        return None
    officer: Officer = rows[0][0]
    return Actor(
        officer_id=officer.id,
        login=officer.login,
        name=officer.name,
        agency_id=officer.agency_id,
        squad_id=officer.squad_id,
        grants=tuple(Grant(Role(role), path) for _, role, path in rows if path),
        locale=officer.locale,
        must_change_password=officer.must_change_password,
    )


def handset_by_credential(session: Session, credential: str) -> Handset | None:
    """Return the install of a credential; a revoked one too, for its field data must still be taken in."""
    row = session.execute(
        select(Install, Officer, Agency.path)
        .join(Officer, Officer.id == Install.officer_id)
        .join(Agency, Agency.id == Officer.agency_id)
        .where(Install.credential_sha256 == digest(credential))
    ).one_or_none()
    if row is None:
        return None
    install, officer, path = row
    return Handset(
        install_id=install.id,
        officer_id=officer.id,
        agency_id=officer.agency_id,
        agency_path=path,
        squad_id=officer.squad_id,
        credential_sha256=install.credential_sha256,
        revoked=install.revoked_at is not None or not officer.active,
    )


def scopes_of(session: Session, officer_id: UUID) -> tuple[str, ...]:
    """Return the feed scopes of an officer: ``officer:<id>`` and, with a squad, ``squad:<id>``."""
    squad_id = session.scalar(select(Officer.squad_id).where(Officer.id == officer_id))
    own = f"officer:{officer_id}"
    return (own,) if squad_id is None else (own, f"squad:{squad_id}")
