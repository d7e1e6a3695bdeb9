"""``flask --app wsgi officers grant|revoke|reset-second-factor``: what a security administrator does, without one.

For the first set-up and for the day on which nobody can sign in any more. Whoever can run this can write the
database anyway, so nobody is asked for rights here; the audit log says that it came from the command line.
"""

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.current import settings
from server.db import transact
from server.identity.cli import officers
from server.identity.models import Agency, Officer
from server.identity.operations import factors
from server.identity.operations.grants import RoleAt, give, take
from server.identity.rules import Role, normal_login
from server.problems import Problem

__all__ = ["officers"]

_ROLE = click.Choice([role.value for role in Role])


@officers.command()
@click.argument("login")
@click.argument("role", type=_ROLE)
@click.option("--agency", "code", required=True, help="Code of the agency at which the role holds, and below.")
def grant(login: str, role: str, code: str) -> None:
    """Give the officer LOGIN the ROLE at an agency."""
    _told(login, role, code, taking=False)
    click.echo(f"{login} is {role} at agency {code}.")


@officers.command()
@click.argument("login")
@click.argument("role", type=_ROLE)
@click.option("--agency", "code", required=True, help="Code of the agency at which the role was granted.")
def revoke(login: str, role: str, code: str) -> None:
    """Take the ROLE at an agency from the officer LOGIN."""
    _told(login, role, code, taking=True)
    click.echo(f"{login} is not {role} at agency {code}.")


@officers.command("reset-second-factor")
@click.argument("login")
def reset_second_factor(login: str) -> None:
    """Remove the second factor of LOGIN, who lost telephone and recovery codes; the next sign-in sets up another."""
    transact(_reset, login)
    click.echo(f"{login} has no second factor any more; every session has ended.")


def _told(login: str, role: str, code: str, *, taking: bool) -> None:
    try:
        transact(_change, login, Role(role), code, taking=taking)
    except Problem as problem:
        raise click.ClickException(f"{problem.kind.title}. {problem.detail or problem.kind.advice}") from problem


def _change(session: Session, login: str, role: Role, code: str, *, taking: bool) -> None:
    officer = _officer(session, login)
    agency_id = session.scalar(select(Agency.id).where(Agency.code == code))
    if agency_id is None:
        raise click.ClickException(f"There is no agency {code}. `agencies list` shows all.")
    what = RoleAt(role, agency_id)
    if taking:
        take(session, officer, what, by=None)
    else:
        give(session, officer, what, one_administrator=settings().one_administrator, by=None)


def _reset(session: Session, login: str) -> None:
    factors.reset_unasked(session, _officer(session, login), None)


def _officer(session: Session, login: str) -> Officer:
    found = session.scalars(select(Officer).where(Officer.login == normal_login(login)).with_for_update()).one_or_none()
    if found is None:
        raise click.ClickException(f"There is no officer {login}. `officers list` shows all.")
    return found
