"""``flask --app wsgi custody checkpoint | verify | key``: the log of custody events by hand.

Only the options; what they start is imported when it starts, because every web process loads this module.
"""

import sys
from typing import TYPE_CHECKING

import click
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from server.current import settings
from server.db import read
from server.ledger.alarms import count_open
from server.progress import shown

if TYPE_CHECKING:
    from server.ledger.custody.audit.run import Audited


@click.group()
def custody() -> None:
    """Sign and check the log of custody events, and show its key."""


@custody.command()
def checkpoint() -> None:
    """Sign the log with all events that wait for a number, and get a time token if an authority is configured."""
    from server.ledger.custody.checkpoints import sign_checkpoint  # noqa: PLC0415 (see the module's docstring)
    from server.ledger.custody.log_key import LogKeyError  # noqa: PLC0415 (the same)
    from server.ledger.custody.sequencer import sequence  # noqa: PLC0415 (the same)
    from server.ledger.custody.timestamps import stamp_latest  # noqa: PLC0415 (the same)
    from server.ledger.custody.tree import NodeMissing  # noqa: PLC0415 (the same)

    try:
        click.echo(f"{sequence()} events numbered.")
        signed = sign_checkpoint()
    except (LogKeyError, NodeMissing, OSError, SQLAlchemyError) as error:
        raise click.ClickException(str(error)) from error
    for made in signed:
        click.echo(f"Signed: {made.origin}, {made.size} events.")
    if settings().time_authority_url:
        click.echo("Time token kept." if stamp_latest() else "No time token now (see the log); the worker tries again.")
    if "checkpoint_forked" in read(count_open):
        raise click.ClickException("A log contradicts its checkpoints and is not signed any more: see the alarms.")
    if not signed:
        click.echo("No log has grown since its last checkpoint.")


@custody.command()
@click.option("--log-key", "texts", multiple=True, metavar="KEY", help="Trust this verifier key, and no other.")
def verify(*, texts: tuple[str, ...]) -> None:
    """Check the whole log again from its events, and all checkpoints here and outside; exit status 1 on any finding."""
    from server.ledger.custody.audit.run import audit  # noqa: PLC0415 (see the module's docstring)
    from server.ledger.custody.log_key import LogKeyError  # noqa: PLC0415 (the same)
    from server.ledger.custody.note import NoteMalformed, VerifierKey  # noqa: PLC0415 (the same)

    try:
        keys = [VerifierKey.parse(text) for text in texts]
        with shown() as told:
            found = audit(told, keys)
    except (LogKeyError, NoteMalformed, OSError, SQLAlchemyError) as error:
        raise click.ClickException(str(error)) from error
    _tell(found)
    sys.exit(1 if found.faults.count else 0)


@custody.command()
def key() -> None:
    """Print the verifier key: give it to whoever shall check bundles and checkpoints."""
    from server.ledger.custody.log_key import LogKeyError  # noqa: PLC0415 (see the module's docstring)
    from server.ledger.custody.signer import present_signer  # noqa: PLC0415 (the same)

    try:
        click.echo(present_signer().verifier.text)
    except (LogKeyError, SQLAlchemyError) as error:
        raise click.ClickException(str(error)) from error


def _tell(found: "Audited") -> None:
    console = Console(highlight=False, soft_wrap=True, markup=False)
    console.print(
        f"{found.logs} logs, {found.events} events (of {found.disposed} only the hash is left, by lawful disposal),"
        f" {found.checkpoints} checkpoints, {found.tokens} time tokens, {found.outside} checkpoint files."
    )
    for fault in found.faults.named:
        console.print(f"{fault.where}: {fault.says}", style="red")
    if beyond := found.faults.count - len(found.faults.named):
        console.print(f"… and {beyond} more.", style="red")
    if not found.faults.count:
        console.print("Nothing differs.", style="green")
