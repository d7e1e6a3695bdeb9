"""``flask --app wsgi agencies …``: the agency tree on the command line. Nobody is asked for rights here."""

import click
from flask.cli import AppGroup
from rich.console import Console
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.db import read, transact
from server.identity.models import Agency
from server.identity.operations.roster import NewAgency, create_agency
from server.identity.operations.tree import demand_code
from server.identity.queries import agencies as agency_rows
from server.identity.rules import AgencyKind
from server.ledger.audit import note
from server.ledger.operations import Doer
from server.problems import Problem

_LONGEST_NAME = 64
_KIND = click.Choice([kind.value for kind in AgencyKind])

agencies = AppGroup("agencies", help="The agency tree: city, districts, towns and streets, communities.")


@agencies.command()
@click.argument("code")
@click.argument("name")
@click.option("--kind", type=_KIND, required=True)
@click.option("--parent", help="Code of the agency above; none makes a tree of its own.")
def add(code: str, name: str, kind: str, parent: str | None) -> None:
    """Add the agency NAME with the CODE, which never changes."""
    _demand_name(name)
    try:
        transact(_add, NewAgency(code, name, kind), parent)
    except Problem as problem:
        wrong = [text for texts in problem.members.get("errors", {}).values() for text in texts]
        raise click.ClickException(f"The code does not do. {' '.join(wrong)}") from problem
    click.echo(f"Added {name} ({code}).")


@agencies.command()
@click.argument("code")
@click.argument("name")
def rename(code: str, name: str) -> None:
    """Give the agency CODE another NAME."""
    _demand_name(name)
    transact(_rename, code, name)
    click.echo(f"Agency {code} is {name}.")


@agencies.command("list")
def list_agencies() -> None:
    """List all agencies, each before those below it."""
    table = Table()
    for heading in ("code", "name", "kind"):
        table.add_column(heading)
    for row in read(agency_rows, ("",)):
        table.add_row("  " * row.depth + row.code, row.name, row.kind)
    Console().print(table)


def _add(session: Session, facts: NewAgency, parent: str | None) -> None:
    above = None if parent is None else _agency(session, parent)
    demand_code(session, facts.code, "" if above is None else above.path)
    parent_id = None if above is None else above.id
    made = create_agency(session, NewAgency(facts.code, facts.name, facts.kind, parent_id))
    told = {"code": facts.code, "name": facts.name, "kind": facts.kind, "by": "command line"}
    note(session, Doer(made), "agency_created", ("agency", str(made)), told)


def _rename(session: Session, code: str, name: str) -> None:
    agency = _agency(session, code)
    told = {"before": agency.name, "after": name, "by": "command line"}
    agency.name = name
    note(session, Doer(agency.id), "agency_renamed", ("agency", str(agency.id)), told)


def _agency(session: Session, code: str) -> Agency:
    found = session.scalars(select(Agency).where(Agency.code == code)).one_or_none()
    if found is None:
        raise click.ClickException(f"There is no agency {code}. `agencies list` shows all.")
    return found


def _demand_name(name: str) -> None:
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise click.BadParameter(f"must be one line of 1 to {_LONGEST_NAME} printable characters.", param_hint="NAME")
