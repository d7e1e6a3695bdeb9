"""``flask --app wsgi calendar …``: days and hours of work of an agency, above all each year's holidays from a file.

Whoever can run this can write the database anyway, so nobody is asked for rights here.
"""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TypeVar

import click
from flask.cli import AppGroup
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from server.clock import now
from server.db import read, transact
from server.identity.queries import AgencyRow, agencies
from server.ledger.operations import Doer
from server.standards import calendar_queries as queries
from server.standards.calendar_operations import write_days, write_hours
from server.standards.calendar_rules import (
    EARLIEST,
    LATEST,
    MOST_BYTES,
    OwnDay,
    Unreadable,
    parse_day,
    parse_name,
    parse_workday,
    read_days,
)
from server.standards.calendars import BEIJING, POLICIES, USUAL_HOURS
from server.standards.timing import Schedule, parse_periods, write_periods

T = TypeVar("T")
# Every path begins with nothing: the whole deployment.
_EVERYWHERE = ("",)
_COMMAND_LINE = "command line"

calendar = AppGroup("calendar", help="Working days and hours that deadlines run by: show, set, hours, import.")
_agency = click.option("--agency", "code", help="Code of the agency; may be left out where there is one at the top.")


@calendar.command()
@_agency
@click.option("--year", type=click.IntRange(EARLIEST.year, LATEST.year), help="This year if left out.")
def show(code: str | None, year: int | None) -> None:
    """Show holidays, make-up days and hours of work of a year."""
    shown = year or now().astimezone(BEIJING).year
    agency = read(_named, code)
    days = read(queries.days_of, agency, date(shown, 1, 1), date(shown, 12, 31))
    table = Table(title=f"{agency.name} {shown}: {sum(day.workday for day in days)} working days")
    for heading in ("day", "kind", "name", "says who"):
        table.add_column(heading)
    for day in days:
        if day.decided_by != "week":
            table.add_row(str(day.day), "work" if day.workday else "rest", day.name, day.decided_by)
    Console().print(table)
    if read(queries.unnamed_from, agency, shown):
        click.echo(f"Nobody has told the holidays of {shown} yet: only weekends are free. See `calendar import`.")
    for row in read(queries.hours_of, agency):
        _tell_hours(row.schedule, f"from {row.schedule.valid_from} at {row.agency_name}")
    _tell_hours(USUAL_HOURS, "where nobody has set any")


@calendar.command("set")
@click.argument("day")
@click.argument("kind")
@click.option("--name", default="", help="Such as the holiday's name.")
@_agency
def set_day(day: str, kind: str, name: str, code: str | None) -> None:
    """Set DAY (2026-02-14) to KIND, which is work or rest."""
    own = OwnDay(_valid(parse_day, day, "DAY"), _valid(parse_workday, kind, "KIND"), _valid(parse_name, name, "--name"))
    click.echo(_told(transact(_write, code, [own], _COMMAND_LINE)))


@calendar.command()
@click.argument("periods")
@click.option("--from", "valid_from", required=True, help="First day on which the hours hold.")
@click.option("--policy", type=click.Choice(list(POLICIES)), default="hours", show_default=True, help="Of work days.")
@_agency
def hours(periods: str, valid_from: str, policy: str, code: str | None) -> None:
    """Set the hours of a working day, such as '08:00-12:00 14:00-18:00'."""
    schedule = Schedule(
        _valid(parse_day, valid_from, "--from"), _valid(parse_periods, periods, "PERIODS"), POLICIES[policy]
    )
    transact(_write_hours, code, schedule)
    _tell_hours(schedule, f"from {schedule.valid_from}")


@calendar.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only tell what is wrong with the file.")
@_agency
@click.pass_context
def import_days(context: click.Context, file: Path, *, dry_run: bool, code: str | None) -> None:
    """Set the days of the CSV FILE; its columns are 日期 (date), 类型 (上班 or 放假) and, if wanted, 名称 (name).

    Good rows are taken, bad ones are named, and then the command ends with 1.
    """
    with file.open("rb") as opened:
        content = opened.read(MOST_BYTES + 1)
    try:
        days, bad = read_days(content)
    except Unreadable as error:
        raise click.ClickException(str(error)) from error
    for row in bad:
        click.echo(str(row), err=True)
    click.echo(f"{len(days)} days read, {len(bad)} rows are bad.")
    if not dry_run:
        click.echo(_told(transact(_write, code, days, file.name[:64])))
    context.exit(1 if bad else 0)


def _write(session: Session, code: str | None, days: list[OwnDay], source: str) -> int:
    return write_days(session, Doer(_named(session, code).id), days, source)


def _write_hours(session: Session, code: str | None, schedule: Schedule) -> None:
    write_hours(session, Doer(_named(session, code).id), schedule)


def _named(session: Session, code: str | None) -> AgencyRow:
    """Return the agency of a code, or the one at the top."""
    known = agencies(session, _EVERYWHERE)
    found = [row for row in known if (row.parent_id is None if code is None else row.code == code)]
    if len(found) == 1:
        return found[0]
    codes = ", ".join(row.code for row in known if row.parent_id is None) or "none yet"
    raise click.ClickException(f"Name the agency with --agency CODE; at the top stand: {codes}.")


def _valid(parse: Callable[[str], T], text: str, what: str) -> T:
    try:
        return parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=what) from error


def _told(changed: int) -> str:
    return f"{changed} days have changed."


def _tell_hours(schedule: Schedule, holds: str) -> None:
    click.echo(f"{write_periods(schedule.periods)}, policy {schedule.work_day_policy}, {holds}")
