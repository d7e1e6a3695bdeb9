"""``flask --app wsgi officers …``: agencies, squads and accounts, above all the first administrator.

Whoever can run this can write the database anyway, so nobody is asked for rights here.
"""

from dataclasses import dataclass
from uuid import UUID

import click
from flask.cli import AppGroup
from rich.console import Console
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.current import settings
from server.db import read, transact
from server.identity.models import Agency, Officer, RoleGrant, Squad
from server.identity.operations import NewAgency, NewOfficer, create_agency, create_officer, create_squad
from server.identity.passwords import demand_strong, hash_password
from server.identity.queries import OfficerRow
from server.identity.queries import officers as officer_rows
from server.identity.rules import ADMINISTRATORS, Role, normal_login, together
from server.ledger.audit import note
from server.ledger.operations import Doer
from server.problems import Problem

_LONGEST_LOGIN, _LONGEST_CODE = 64, 16
# Every path begins with nothing: the whole deployment.
_EVERYWHERE = ("",)
_PAGE = 200
_SEPARATE = (
    "System, security and audit administrator are three people. "
    "A town too small for that sets XUNCHA_ONE_ADMINISTRATOR=1."
)
# By value: click would offer the members' own names, in capitals.
_ROLE = click.Choice([role.value for role in Role])

officers = AppGroup("officers", help="Accounts of officers; create makes the first administrator.")


@officers.command()
@click.argument("login")
@click.option("--name", required=True, help="The officer's full name.")
@click.option("--role", "roles", required=True, multiple=True, type=_ROLE, help="May be repeated.")
@click.option("--agency", "code", required=True, help="Code of the agency at which the roles are granted.")
@click.option("--agency-name", help="Makes the agency, as the root of a new tree, if its code is unknown.")
@click.option("--parent", help="Code of the agency above the one that --agency-name makes: a town's city.")
@click.option("--squad", help="Name of the agency's squad that the officer belongs to.")
def create(
    *,
    login: str,
    name: str,
    roles: tuple[str, ...],
    code: str,
    agency_name: str | None,
    parent: str | None,
    squad: str | None,
) -> None:
    """Create an officer with desk LOGIN; the password is asked for, never taken from the command line."""
    login = normal_login(login)
    _demand(login, _LONGEST_LOGIN, "LOGIN")
    _demand(name, _LONGEST_LOGIN, "--name")
    _demand(code, _LONGEST_CODE, "--agency")
    if "/" in code:
        raise click.BadParameter("must hold no slash: it becomes a step of a path.", param_hint="--agency")
    if agency_name is not None:
        _demand(agency_name, _LONGEST_LOGIN, "--agency-name")
    place = _Place(code, agency_name, parent, squad)
    granted = tuple(Role(role) for role in dict.fromkeys(roles))
    if together(granted) and not settings().one_administrator:
        raise click.ClickException(_SEPARATE)
    read(_check, login, place)
    password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    _demand_strong(password, login)
    password_hash = hash_password(password, settings().password_rounds)
    transact(_create, _Account(login, name, granted, password_hash), place)
    click.echo(f"Created {login} ({', '.join(granted)}) at agency {code}.")
    lacking = read(_lacking_offices)
    if lacking:
        click.echo(
            f"Still nobody is {', '.join(lacking)}: create them in the same way, then the console does the rest."
        )


@officers.command("squad")
@click.argument("name")
@click.option("--agency", "code", required=True, help="Code of the agency that the squad belongs to.")
def add_squad(name: str, code: str) -> None:
    """Create the squad NAME; cases are dispatched to squads."""
    _demand(name, _LONGEST_LOGIN, "NAME")
    click.echo(f"Created squad {name} ({transact(_create_squad, name, code)}) at agency {code}.")


@officers.command("list")
def list_officers() -> None:
    """List all officers by login."""
    table = Table()
    for heading in ("login", "name", "roles", "agency", "squad", "state"):
        table.add_column(heading)
    after = None
    while rows := read(officer_rows, _EVERYWHERE, None, after, _PAGE):
        for row in rows:
            table.add_row(row.login, row.name, ", ".join(row.roles), row.agency_name, row.squad_name or "", _state(row))
        after = rows[-1].login
    Console().print(table)


@dataclass(frozen=True)
class _Account:
    login: str
    name: str
    roles: tuple[Role, ...]
    password_hash: str


@dataclass(frozen=True)
class _Place:
    """Where an officer belongs, as typed; ``new_name`` and ``parent`` are for an agency that is not there yet."""

    code: str
    new_name: str | None
    parent: str | None
    squad: str | None


def _check(session: Session, login: str, place: _Place) -> None:
    """Refuse what cannot be, before anybody types a password."""
    if session.scalar(select(Officer.id).where(Officer.login == login)) is not None:
        raise click.ClickException(f"The login {login} is taken. Choose another; `officers list` shows all.")
    agency = _agency(session, place.code)
    if agency is None and not place.new_name:
        raise click.ClickException(f"There is no agency {place.code}. To make it, add --agency-name NAME.")
    if place.parent is not None:
        above = _known_agency(session, place.parent)
        if agency is not None and agency.parent_id != above.id:
            raise click.ClickException(f"Agency {place.code} is there already, and not below {place.parent}.")
    if place.squad is not None and (agency is None or _squad_id(session, agency.id, place.squad) is None):
        sentence = f"Agency {place.code} has no squad {place.squad}. Make it: officers squad NAME --agency CODE."
        raise click.ClickException(sentence)


def _create(session: Session, account: _Account, place: _Place) -> None:
    """Write officer and, where it is new, agency in one transaction."""
    agency = _agency(session, place.code)
    agency_id = _create_agency(session, place) if agency is None else agency.id
    squad_id = None if place.squad is None else _squad_id(session, agency_id, place.squad)
    grants = tuple((role, agency_id) for role in account.roles)
    facts = NewOfficer(agency_id, account.login, account.name, account.password_hash, grants, squad_id)
    made = create_officer(session, facts)
    told = {"login": account.login, "roles": account.roles, "by": "command line"}
    note(session, Doer(agency_id), "officer_created", ("officer", str(made)), told)


def _lacking_offices(session: Session) -> list[str]:
    held = set(session.scalars(select(RoleGrant.role).where(RoleGrant.role.in_([*ADMINISTRATORS])).distinct()))
    return [role.value for role in Role if role in ADMINISTRATORS and role.value not in held]


def _create_agency(session: Session, place: _Place) -> UUID:
    name = place.new_name or place.code
    if place.parent is None:
        return create_agency(session, NewAgency(place.code, name, "city"))
    return create_agency(session, NewAgency(place.code, name, "town", _known_agency(session, place.parent).id))


def _create_squad(session: Session, name: str, code: str) -> UUID:
    agency = _known_agency(session, code)
    if _squad_id(session, agency.id, name) is not None:
        raise click.ClickException(f"Agency {code} has a squad {name} already.")
    return create_squad(session, agency.id, name)


def _agency(session: Session, code: str) -> Agency | None:
    return session.scalars(select(Agency).where(Agency.code == code)).one_or_none()


def _known_agency(session: Session, code: str) -> Agency:
    found = _agency(session, code)
    if found is None:
        raise click.ClickException(f"There is no agency {code}. Make it with its first officer: --agency-name NAME.")
    return found


def _squad_id(session: Session, agency_id: UUID, name: str) -> UUID | None:
    # Two of one name could only come from elsewhere than this command; the older is the one that is known.
    named = select(Squad.id).where(Squad.agency_id == agency_id, Squad.name == name).order_by(Squad.id).limit(1)
    return session.scalar(named)


def _demand(text: str, longest: int, what: str) -> None:
    if not text.strip() or len(text) > longest or not text.isprintable():
        raise click.BadParameter(f"must be one line of 1 to {longest} printable characters.", param_hint=what)


def _demand_strong(password: str, login: str) -> None:
    try:
        demand_strong(password, login, demo=False)
    except Problem as problem:
        sentences = [text for texts in problem.members.get("errors", {}).values() for text in texts]
        raise click.ClickException(f"The password is too weak. {' '.join(sentences)}") from problem


def _state(row: OfficerRow) -> str:
    if not row.active:
        return "deactivated"
    return "demo password" if row.demo_password else "active"
