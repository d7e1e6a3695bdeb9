"""``flask --app wsgi geo …``: layers from files, in the name of an officer who may manage them."""

import json
from pathlib import Path
from uuid import UUID

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.db import read, transact
from server.geography import operations, queries
from server.geography.crs import Crs
from server.geography.importing import Import, import_layer, looked_over
from server.geography.rules import GRID_DIGITS, MOST_BYTES, USUAL_DIGITS, Finding, Findings, LayerKind
from server.identity.models import Agency, Officer
from server.identity.queries import actor_by_session
from server.identity.rules import Actor, normal_login
from server.problems import Problem

# Every path begins with nothing: the whole deployment.
_EVERYWHERE = ("",)
_PAGE = 200
_DIGITS = click.Choice([str(number) for number in GRID_DIGITS])

_file = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_kind = click.option("--kind", required=True, type=click.Choice([kind.value for kind in LayerKind]))
_agency = click.option("--agency", "code", required=True, help="Code of the agency whose layer it is.")
_crs = click.option("--crs", default=Crs.CGCS2000.value, type=click.Choice([crs.value for crs in Crs]))
_digits = click.option("--digits", default=str(USUAL_DIGITS), type=_DIGITS, help="Of a unit grid's code.")
_by = click.option("--by", required=True, help="Login of the system administrator in whose name it is done.")

geo = AppGroup("geo", help="Areas and grids: import, check, activate, list.")


@geo.command("import")
@_file
@_kind
@_agency
@click.option("--name", required=True, help="What the layer is called; the next import of this name is its version 2.")
@_crs
@_digits
@_by
def import_file(file: Path, kind: str, code: str, name: str, crs: str, digits: str, by: str) -> None:  # noqa: PLR0917 (one argument for each option)
    """Import the GeoJSON FILE as a draft and tell what is wrong with it."""
    told = Import(_agency_id(code), LayerKind(kind), name, Crs(crs), int(digits))
    try:
        layer_id = import_layer(_officer(by), told, _bytes(file))
        stored = read(queries.layer, _EVERYWHERE, layer_id)
    except Problem as problem:
        raise _refused(problem) from problem
    click.echo(f"{layer_id}  draft, version {stored.version}, {stored.feature_count} features")
    _tell(stored.findings)


@geo.command()
@_file
@_kind
@_agency
@_crs
@_digits
def check(file: Path, kind: str, code: str, crs: str, digits: str) -> None:
    """Look the GeoJSON FILE over without storing it; ends with 1 if something would stop its activation."""
    try:
        draft = looked_over(Import(_agency_id(code), LayerKind(kind), "check", Crs(crs), int(digits)), _bytes(file))
    except Problem as problem:
        raise _refused(problem) from problem
    click.echo(f"{len(draft.rows)} features")
    _tell(draft.findings)
    if draft.findings.stopping or draft.findings.forgivable:
        raise SystemExit(1)


@geo.command()
@click.argument("layer_id", type=click.UUID)
@click.option("--reason", help="Why its gaps are right, such as: a lake without unit grids.")
@_by
def activate(layer_id: UUID, reason: str | None, by: str) -> None:
    """Let the draft LAYER_ID hold from now on."""
    try:
        transact(operations.activate, _officer(by), layer_id, reason)
    except Problem as problem:
        raise _refused(problem) from problem
    click.echo(f"{layer_id}  current")


@geo.command("list")
def list_layers() -> None:
    """List all layers, the newest import first."""
    after: str | None = None
    while True:
        page = read(queries.layers, _EVERYWHERE, kind=None, status=None, after=after, limit=_PAGE)
        for one in page.items:
            click.echo(f"{one.id}  {one.status:8}{one.kind.value:21}{_told(one)}")
        after = page.next
        if after is None:
            break


def _told(one: queries.LayerRow) -> str:
    counts = "".join(f", {kind} {count}" for kind, count in one.findings.counts.items())
    return f"{one.name} version {one.version} of {one.agency}: {one.feature_count} features{counts}"


def _tell(findings: Findings) -> None:
    for kind, count in findings.counts.items():
        click.echo(f"{kind}: {count}")
    for finding in findings.first:
        click.echo(f"  {_line(finding)}")


def _line(finding: Finding) -> str:
    place = "" if finding.lon is None else f" at {finding.lon:.6f}, {finding.lat:.6f}"
    area = "" if finding.area_m2 is None else f" ({finding.area_m2} m²)"
    told = "" if finding.told is None else f": {finding.told}"
    return f"{finding.kind.value} {', '.join(finding.codes)}{place}{area}{told}"


def _bytes(file: Path) -> bytes:
    # One more than allowed is enough to be refused.
    with file.open("rb") as opened:
        return opened.read(MOST_BYTES + 1)


def _agency_id(code: str) -> UUID:
    found = read(lambda session: session.scalar(select(Agency.id).where(Agency.code == code)))
    if found is None:
        raise click.ClickException(f"There is no agency {code}; `officers list` shows all with their agencies.")
    return found


def _officer(login: str) -> Actor:
    found = read(_actor, normal_login(login))
    if found is None:
        raise click.ClickException(f"There is no active officer {login}; `officers list` shows all.")
    return found


def _actor(session: Session, login: str) -> Actor | None:
    officer = session.scalars(select(Officer).where(Officer.login == login)).one_or_none()
    return None if officer is None else actor_by_session(session, officer.id, officer.session_generation)


def _refused(problem: Problem) -> click.ClickException:
    sentences = [text for texts in problem.members.get("errors", {}).values() for text in texts]
    found = problem.members.get("findings")
    more = f" {json.dumps(found)}" if found else ""
    told = " ".join(sentences) or problem.detail or problem.kind.advice
    return click.ClickException(f"{problem.kind.title}. {told}{more}")
