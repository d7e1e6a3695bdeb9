"""Lists of officers, squads and installs within a scope (agency path prefixes), and names for ids."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from server.identity.models import Agency, Install, InstallReport, Officer, RoleGrant, Squad
from server.identity.rules import Role
from server.identity.scope import in_scope
from server.problems import Problem, _

_ROLES = frozenset(Role)

# What a list and the card of one officer both begin with, in the order of their rows' fields.
OFFICER_COLUMNS = (
    Officer.id,
    Officer.login,
    Officer.name,
    Officer.certificate_no,
    Officer.agency_id,
    Agency.name,
    Officer.squad_id,
    Squad.name,
    Officer.active,
    Officer.must_change_password,
)


@dataclass(frozen=True)
class OfficerRow:
    """An officer in a list; ``roles`` are sorted and each named once."""

    id: UUID
    login: str
    name: str
    certificate_no: str | None
    agency_id: UUID
    agency_name: str
    squad_id: UUID | None
    squad_name: str | None
    active: bool
    must_change_password: bool
    demo_password: bool
    roles: tuple[str, ...]


@dataclass(frozen=True)
class SquadRow:
    """A squad or disposal unit in a list."""

    id: UUID
    name: str
    agency_id: UUID


@dataclass(frozen=True)
class InstallRow:
    """An install in a list, its officer on shift, and what it last said of itself (None: it never did)."""

    id: UUID
    label: str
    app: str
    officer_id: UUID
    officer_name: str
    agency_id: UUID
    enrolled_at: datetime
    revoked_at: datetime | None
    grace_until: datetime | None
    session_until: datetime | None
    seen_at: datetime | None
    unsent_items: int | None
    unsent_photos: int | None
    free_mb: int | None
    clock_offset_ms: int | None


def officers(
    session: Session, scope: tuple[str, ...], role: str | None = None, after: str | None = None, limit: int = 50
) -> list[OfficerRow]:
    """Return officers of the agencies in ``scope`` by login, from the login after ``after`` on."""
    wanted = (
        select(*OFFICER_COLUMNS, Officer.demo_password)
        .join(Agency, Agency.id == Officer.agency_id)
        .outerjoin(Squad, Squad.id == Officer.squad_id)
        .where(in_scope(scope))
        .order_by(Officer.login)
        .limit(limit)
    )
    if role is not None and role not in _ROLES:
        return []
    if role is not None:
        wanted = wanted.where(exists().where(RoleGrant.officer_id == Officer.id, RoleGrant.role == role))
    if after is not None:
        wanted = wanted.where(Officer.login > _line(after))
    rows = session.execute(wanted).all()
    roles = _roles(session, [row[0] for row in rows])
    return [OfficerRow(*row, roles=tuple(sorted(roles[row[0]]))) for row in rows]


def squads(session: Session, scope: tuple[str, ...]) -> list[SquadRow]:
    """Return the squads of the agencies in ``scope`` by name."""
    rows = session.execute(
        select(Squad.id, Squad.name, Squad.agency_id)
        .join(Agency, Agency.id == Squad.agency_id)
        .where(in_scope(scope))
        .order_by(Squad.name, Squad.id)
    )
    return [SquadRow(*row) for row in rows]


def installs(session: Session, scope: tuple[str, ...], after: str | None = None, limit: int = 50) -> list[InstallRow]:
    """Return installs of the agencies in ``scope``, newest first, from the one after the id ``after`` on."""
    wanted = (
        select(Install, Officer.name, InstallReport)
        .join(Officer, Officer.id == Install.officer_id)
        .join(Agency, Agency.id == Install.agency_id)
        .outerjoin(InstallReport, InstallReport.install_id == Install.id)
        .where(in_scope(scope))
        .order_by(Install.id.desc())
        .limit(limit)
    )
    if after is not None:
        wanted = wanted.where(Install.id < _id(after))
    return [_install_row(*row) for row in session.execute(wanted)]


def _install_row(install: Install, officer_name: str, report: InstallReport | None) -> InstallRow:
    # A row that is in no table: an install that never reported is one that said nothing.
    said = report or InstallReport()
    return InstallRow(
        id=install.id,
        label=install.label,
        app=said.app or install.app,
        officer_id=install.officer_id,
        officer_name=officer_name,
        agency_id=install.agency_id,
        enrolled_at=install.enrolled_at,
        revoked_at=install.revoked_at,
        grace_until=install.grace_until,
        session_until=install.session_until,
        seen_at=said.seen_at,
        unsent_items=said.unsent_items,
        unsent_photos=said.unsent_photos,
        free_mb=said.free_mb,
        clock_offset_ms=said.clock_offset_ms,
    )


def names(session: Session, ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """Return the name of each id that is an officer, a squad, an agency or an install (its label)."""
    wanted = {known for known in ids if known is not None}
    found: dict[UUID, str] = {}
    if not wanted:
        return found
    for key, name in (
        (Officer.id, Officer.name),
        (Squad.id, Squad.name),
        (Agency.id, Agency.name),
        (Install.id, Install.label),
    ):
        found.update((row[0], row[1]) for row in session.execute(select(key, name).where(key.in_(wanted))))
    return found


def _roles(session: Session, officer_ids: list[UUID]) -> dict[UUID, set[str]]:
    held: dict[UUID, set[str]] = {officer_id: set() for officer_id in officer_ids}
    granted = select(RoleGrant.officer_id, RoleGrant.role).where(RoleGrant.officer_id.in_(officer_ids))
    for officer_id, role in session.execute(granted):
        held[officer_id].add(role)
    return held


def _line(after: str) -> str:
    # PostgreSQL refuses NUL, which a query string can carry.
    if not after.isprintable():
        raise _bad_cursor()
    return after


def _id(after: str) -> UUID:
    try:
        return UUID(after)
    except ValueError as error:
        raise _bad_cursor() from error


def _bad_cursor() -> Problem:
    return Problem("validation", errors={"after": [_("Must be the next of a previous page.")]})
