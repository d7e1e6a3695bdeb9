"""A fleet's day on this machine: runs it with drawn photographs, shows its progress, prints its audit."""

from datetime import datetime
from pathlib import Path

import click
import httpx
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from server.current import blobs
from server.db import read
from server.gateway.audit import DatabaseBooks
from server.gateway.camera import CATEGORIES, DrawnCamera
from server.ledger.queries import epoch
from sync.fleet import Audit, DeskError, Errand, Login, Orders, RunNotes, audit_run, run_fleet
from sync.fleet import Progress as DayProgress

__all__ = ["CATEGORIES", "Errand", "Login", "Orders", "live", "new_folder", "report"]

_SHOWN_FINDINGS = 20
_ROWS = (
    ("handsets", "handsets"),
    ("made", "items made"),
    ("applied", "applied"),
    ("duplicates_answered", "duplicates answered"),
    ("superseded", "superseded"),
    ("waiting", "waiting"),
    ("quarantined", "quarantined"),
    ("photos_declared", "photos declared"),
    ("photos_present", "photos present"),
    ("photos_missing", "photos missing"),
    ("cases_reported", "cases reported"),
    ("cases_closed", "cases closed"),
    ("undelivered", "undelivered"),
    ("lost", "lost"),
    ("doubled", "doubled"),
)


def new_folder(seed: int) -> Path:
    """Return the folder of a run that starts now."""
    return Path("var/fleet") / f"{datetime.now().astimezone():%Y%m%d-%H%M%S}-seed{seed}"


def live(orders: Orders, errand: Errand) -> int:
    """Live the day, print what happened and the audit; returns the exit status."""
    if (errand.folder / "crew.json").exists():
        raise click.ClickException(f"{errand.folder} holds another run: name a new folder, or `fleet audit` it.")
    _demand_same_books(errand.url)
    console = Console()
    try:
        with DrawnCamera() as camera, _bar(console) as bar:
            task = bar.add_task("enrolling", total=1.0)
            notes = run_fleet(orders, errand, camera, lambda seen: _show(bar, task, seen))
    except DeskError as error:
        raise click.ClickException(str(error)) from error
    _print_notes(console, notes)
    return report(errand.folder, notes.failures)


def _demand_same_books(url: str) -> None:
    """Refuse a day whose audit would read another database than the server at ``url`` writes."""
    try:
        told = httpx.get(f"{url}/health", timeout=10, trust_env=False).json()["epoch"]
    except (httpx.HTTPError, ValueError, LookupError) as error:
        raise click.ClickException(f"No Xuncha server answers at {url}: start it (make run) or give --url.") from error
    try:
        ours = read(epoch)
    except SQLAlchemyError:
        ours = None
    if told != ours:
        raise click.ClickException(
            f"The server at {url} uses another database than this command's settings name, so the audit would compare"
            " the wrong books: run the fleet with the server's XUNCHA_DATABASE_URL and XUNCHA_BLOB_DIR."
        )


def report(folder: Path, failures: tuple[str, ...] = ()) -> int:
    """Audit a run's folder, print the table and what does not balance; returns 1 when anything is wrong."""
    console = Console()
    try:
        audit = audit_run(folder, DatabaseBooks(blobs()))
    except FileNotFoundError as error:
        raise click.ClickException(f"{folder} holds no fleet run: {error.filename} is missing.") from error
    console.print(_table(audit))
    for finding in audit.findings[:_SHOWN_FINDINGS]:
        console.print(f"[red]{finding.verdict}[/] {finding.cause}: {finding.subject}")
    if len(audit.findings) > _SHOWN_FINDINGS:
        console.print(f"… and {len(audit.findings) - _SHOWN_FINDINGS} more findings")
    for failure in failures:
        console.print(f"[red]failed[/] {escape(failure)}")
    console.print(f"Outboxes: {folder}   audit again: flask --app wsgi fleet audit {folder}")
    return 0 if audit.is_sound() and not failures else 1


def _bar(console: Console) -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console)


def _show(bar: Progress, task: TaskID, seen: DayProgress) -> None:
    stage = "evening" if seen.evening else "day"
    text = (
        f"{stage}: {seen.made - seen.unsent}/{seen.made} items acknowledged, "
        f"{seen.photos - seen.pending_photos}/{seen.photos} photos delivered, {seen.cases} cases"
    )
    bar.update(task, completed=seen.share, description=text)


def _print_notes(console: Console, notes: RunNotes) -> None:
    trouble = ", ".join(f"{count} x {fault}" for fault, count in sorted(notes.trouble.items()) if fault != "none")
    console.print(f"Network: {trouble}. Desk: {notes.actions} actions. {notes.real_seconds:.0f} s.")
    for sentence in notes.told[:_SHOWN_FINDINGS]:
        console.print(f"[yellow]told[/] {escape(sentence)}")
    for sentence in sorted(set(notes.refusals))[:_SHOWN_FINDINGS]:
        console.print(f"[yellow]desk[/] {escape(sentence)}")


def _table(audit: Audit) -> Table:
    table = Table(title="Fleet audit", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, label in _ROWS:
        value = getattr(audit.tally, name)
        bad = name in {"lost", "doubled", "undelivered", "photos_missing"} and value
        table.add_row(label, f"[bold red]{value}[/]" if bad else str(value))
    return table
