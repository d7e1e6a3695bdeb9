"""``flask --app wsgi standards …``: category schemes that come with the product, and a city's own tables.

Whoever can run this can write the database anyway, so nobody is asked for rights here.
"""

from datetime import datetime
from pathlib import Path

import click
from flask.cli import AppGroup
from rich.console import Console
from rich.table import Table

from server.db import read, transact
from server.ledger.operations import Doer
from server.problems import Problem
from server.standards.importing import NewVersion, follow, store_version
from server.standards.in_force import today
from server.standards.operations import load_scheme
from server.standards.shipped import read_shipped, shipped_names
from server.standards.stored import VersionKey, content_of, known
from server.standards.versions import version_cards
from server.standards.workbook.interpreting import Report, interpret
from server.standards.workbook.opening import open_table
from server.standards.workbook.writing import to_csv, to_xlsx

standards = AppGroup("standards", help="Category schemes with case standards: list, load, import, export.")


@standards.command("list")
def list_versions() -> None:
    """List the loaded versions; * marks those in force."""
    table = Table("scheme", "version", "from", "classes", "conditions", "status")
    for one in read(version_cards):
        name = f"{one.version} *" if one.in_force else one.version
        since = str(one.effective_from or "always")
        table.add_row(one.scheme, name, since, str(one.classes), str(one.conditions), one.status)
    Console().print(table)


@standards.command()
@click.argument("name", type=click.Choice(shipped_names()))
def load(name: str) -> None:
    """Load the scheme NAME that comes with the product; safe to repeat, what the city has set stays."""
    scheme = read_shipped(name)
    click.echo(f"{name}/{scheme['version']}: {transact(load_scheme, scheme)} minor classes.")


@standards.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--scheme", required=True, help="The scheme that the table is a version of.")
@click.option("--version", required=True, help="The new version's name; no version is ever changed.")
@click.option("--effective-from", type=click.DateTime(["%Y-%m-%d"]), help="First day; today when left out.")
@click.option("--dry-run", is_flag=True, help="Only report what would become of the table.")
def import_table(*, file: Path, scheme: str, version: str, effective_from: datetime | None, dry_run: bool) -> None:
    """Import the table FILE (.xlsx or .csv): good rows go in, bad rows are named."""
    day = effective_from.date() if effective_from else today()
    new = NewVersion(VersionKey(scheme, version), day, file.name)
    try:
        report = interpret(open_table(file.read_bytes()))
        if dry_run:
            read(follow, new, report.content, has_photos=report.has_photos)
        else:
            transact(store_version, Doer(), new, report.content, has_photos=report.has_photos)
    except Problem as problem:
        raise click.ClickException(_told(problem)) from problem
    _print(report, "would go in" if dry_run else "in")


@standards.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--scheme", required=True)
@click.option("--version", required=True)
def export_table(*, file: Path, scheme: str, version: str) -> None:
    """Write a version to FILE, as .csv or .xlsx by its name; `import` reads it back."""
    key = VersionKey(scheme, version)
    if not read(known, key):
        raise click.ClickException(f"{key} is not loaded; `standards list` names what is.")
    content = read(content_of, key)
    file.write_bytes(to_csv(content) if file.suffix.lower() == ".csv" else to_xlsx(content))
    click.echo(f"Wrote {len(content.classes)} classes of {key} to {file}.")


def _print(report: Report, become: str) -> None:
    for one in report.findings:
        place = f"{one.sheet} row {one.row}" if one.sheet else f"row {one.row}"
        click.echo(f"{place}, {one.heading}: {one.reason % one.values}")
    click.echo(
        f"{report.rows_read} rows: {report.rows_stored} {become}, {report.bad_rows} bad;"
        f" {len(report.content.classes)} classes."
    )


def _told(problem: Problem) -> str:
    lines = [problem.kind.title, problem.detail or problem.kind.advice]
    lines += [f"{field}: {' '.join(texts)}" for field, texts in problem.members.get("errors", {}).items()]
    if missing := problem.members.get("missing"):
        lines.append("Missing: " + ", ".join(missing))
    return "\n".join(lines)
