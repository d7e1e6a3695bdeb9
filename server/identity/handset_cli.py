"""``flask --app wsgi handsets …``: an enrolment code where no browser is at hand, as text, link and QR code."""

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.clock import stamp
from server.current import settings
from server.db import transact
from server.identity.invitation import enrolment_link, picture
from server.identity.models import Officer
from server.identity.operations import IssuedCode, create_enrolment_code
from server.identity.queries import actor_by_session
from server.identity.rules import normal_login
from server.problems import Problem

handsets = AppGroup("handsets", help="Handsets; code issues the code that enrols one.")


@handsets.command()
@click.argument("login")
@click.option("--by", required=True, help="Login of the system administrator in whose name the code is issued.")
@click.option("--server", help="Address that handsets use; the setting XUNCHA_PUBLIC_URL if omitted.")
def code(login: str, by: str, server: str | None) -> None:
    """Issue an enrolment code for the field officer LOGIN and print it: it is shown only now."""
    address = server or settings().public_url
    if not address:
        raise click.UsageError("Say which address handsets use: --server https://… or the setting XUNCHA_PUBLIC_URL.")
    try:
        issued = transact(_issue, normal_login(login), normal_login(by))
    except Problem as problem:
        raise click.ClickException(f"{problem.kind.title}. {_reason(problem)}") from problem
    link = enrolment_link(address, issued.code)
    picture(link).terminal(border=2, compact=True)
    click.echo(f"{issued.code}\n{link}")
    click.echo(f"For one handset of {issued.officer_name}, valid until {stamp(issued.expires_at)}.")


def _issue(session: Session, login: str, by: str) -> IssuedCode:
    officer = _officer(session, login)
    administrator = _officer(session, by)
    actor = actor_by_session(session, administrator.id, administrator.session_generation)
    if actor is None:
        raise click.ClickException(f"The account {by} is deactivated: name another administrator.")
    return create_enrolment_code(session, actor, officer.id)


def _officer(session: Session, login: str) -> Officer:
    found = session.scalars(select(Officer).where(Officer.login == login)).one_or_none()
    if found is None:
        raise click.ClickException(f"There is no officer {login}; `officers list` shows all.")
    return found


def _reason(problem: Problem) -> str:
    sentences = [text for texts in problem.members.get("errors", {}).values() for text in texts]
    return " ".join(sentences) or problem.detail or problem.kind.advice
