"""``flask --app wsgi backup | restore | doctor | new-epoch``.

Only the options; what they start is imported when it starts, because every web process loads this module.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from photo_store.blobs import BlobError
from server.clock import now
from server.db import transact
from server.ledger.alarms import raise_alarm
from server.logs import log
from server.progress import shown
from server.safekeeping.epoch import mark_neighbour, renew_epoch
from server.safekeeping.errors import SafekeepingError

if TYPE_CHECKING:
    from server.safekeeping.restore import Restored

_FOLDER = click.Path(path_type=Path, file_okay=False)
_LOST = """\
Lost with everything that was done at desks after {taken}:
  * filing, dispatch, reviews, closing; accounts, passwords, roles and agencies that were made or changed
  * revocations: revoke handsets and close accounts again that were revoked or closed since, before you start
  * handsets enrolled since then, and credentials renewed since then: enrol those handsets again
Not lost: what handsets recorded. Each one sees the new epoch {epoch} at its next contact, verifies what it holds,
and sends again what is missing here; nothing is doubled. Case numbers skip ahead by {block}.
"""


@click.command()
@click.option("--to", "target", type=_FOLDER, help="A new folder  [default: var/backups/<UTC time>]")
@click.option("--lost", multiple=True, metavar="SHA256", help="Go on without an original that nobody has any more.")
def backup(*, target: Path | None, lost: tuple[str, ...]) -> None:
    """Back up the running deployment, read the backup again, and tell handsets what is safe now."""
    from server.safekeeping.backup import make_backup  # noqa: PLC0415 (see the module's docstring)
    from server.safekeeping.folder_checks import BACKUPS  # noqa: PLC0415 (the same)

    chosen = target or BACKUPS / now().strftime("%Y%m%d-%H%M%S")
    try:
        with shown() as told:
            made = make_backup(chosen.absolute(), told, frozenset(lost))
    except (SafekeepingError, BlobError, OSError, SQLAlchemyError) as error:
        _alarm(chosen, error)
        raise click.ClickException(f"No backup was made, and nothing was promised. {error}") from error
    items = sum(made.installs.values())
    click.echo(
        f"{chosen}: {made.blobs} originals ({made.blob_bytes} bytes), {items} items of handsets. Read again: sound."
    )


@click.command("restore")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--yes", is_flag=True, help="Do not ask.")
def restore_command(folder: Path, *, yes: bool) -> None:
    """Replace the database by the backup in FOLDER and complete the photo store from it."""
    from server.safekeeping.restore import restore  # noqa: PLC0415 (see the module's docstring)

    if not yes:
        click.confirm(f"Replace the database by the backup {folder}? The present one is moved aside.", abort=True)
    try:
        with shown() as told:
            done = restore(folder.absolute(), told)
    except (SafekeepingError, BlobError, OSError, SQLAlchemyError) as error:
        raise click.ClickException(f"The present database was not touched. {error}") from error
    click.echo(_told(done))


@click.command("new-epoch")
@click.option("--reason", required=True, help="What was done to the database, for the alarm.")
def new_epoch(*, reason: str) -> None:
    """Let all handsets verify and build their mirrors anew: after a database was put back by other means."""
    epoch = transact(renew_epoch, reason, {})
    mark_neighbour()
    click.echo(f"New epoch {epoch}.")


@click.command()
@click.option("--url", help="Front door through which an upload is tried that stalls half-way.")
def doctor(*, url: str | None) -> None:
    """Check this deployment: one line each, with what to do; exit status 1 if anything is red."""
    from server.safekeeping.doctor import Level, examine  # noqa: PLC0415 (see the module's docstring)

    console = Console(highlight=False, soft_wrap=True)
    worst = Level.GREEN
    for finding in examine(url):
        worst = max(worst, finding.level)
        colour = finding.level.name.lower()
        fix = f" → {finding.fix}" if finding.fix else ""
        console.print(f"[{colour}]{colour:<6}[/] {finding.name}: {finding.says}{fix}", markup=True)
    sys.exit(1 if worst is Level.RED else 0)


def _alarm(target: Path, error: Exception) -> None:
    try:
        transact(raise_alarm, "backup_failed", "deployment", {"target": str(target), "error": str(error)})
    except SQLAlchemyError as unable:
        log.error("backup-failed", target=str(target), error=str(error), alarm=str(unable))


def _told(done: "Restored") -> str:
    from server.safekeeping.aftermath import BLOCK  # noqa: PLC0415 (see the module's docstring)

    settled = done.settled
    counted = (
        f"Restored. The former database lies in {done.aside}. Originals put back: {done.brought}; found in the store"
        f" and adopted: {settled.adopted}; unfinished uploads forgotten: {settled.uploads}."
    )
    return f"{counted}\n{_LOST.format(taken=done.manifest.created_at, epoch=settled.epoch, block=BLOCK)}"
