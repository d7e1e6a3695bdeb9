"""``flask --app wsgi photos …``: the store against its rows, the pool, the bytes, the renditions.

Only the commands; what they start is imported when it starts, because every web process loads this module. Each may
be interrupted and started again.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask.cli import AppGroup

from photo_store.blobs import BlobUnavailable
from server.progress import shown

photos = AppGroup("photos", help="The photo store: reconcile it, collect, scrub and derive what lies in it.")
_SHOWN = 20


@contextmanager
def _patience() -> Iterator[None]:
    """Say in one sentence that the store does not answer; what is settled stays settled."""
    try:
        yield
    except BlobUnavailable as error:
        raise click.ClickException(f"The photo store does not answer ({error}). Start this again later.") from error


@photos.command("reconcile")
@click.option("--remove", is_flag=True, help="Let the collector delete stray bytes a day from now.")
def reconcile_command(*, remove: bool) -> None:
    """Compare rows and bytes both ways; exit status 1 when a photograph is lost."""
    from server.evidence.reconciling import reconcile  # noqa: PLC0415 (see the module's docstring)

    with shown() as told, _patience():
        result = reconcile(told, remove=remove)
    for what in ("lost", "found", "adopted", "strays", "condemned"):
        click.echo(f"{what}: {result.counts[what]}")
        for sha256 in getattr(result, what)[:_SHOWN]:
            click.echo(f"  {sha256}")
    sys.exit(1 if result.counts["lost"] else 0)


@photos.command("collect")
def collect_command() -> None:
    """Condemn photographs that no item has declared for weeks, delete those condemned a day ago."""
    from server.evidence.collecting import collect  # noqa: PLC0415 (see the module's docstring)

    with shown() as told, _patience():
        result = collect(told)
    click.echo(f"condemned: {result.condemned}\ndeleted: {result.deleted}")


@photos.command("scrub")
def scrub_command() -> None:
    """Hash every original again; what is not what it was raises an alarm, and the exit status is 1."""
    from server.evidence.scrubbing import scrub  # noqa: PLC0415 (see the module's docstring)

    with shown() as told, _patience():
        result = scrub(told)
    click.echo(f"checked: {result.checked}\nmended: {len(result.mended)}\nbad: {len(result.bad)}")
    for sha256, finding in sorted(result.bad.items())[:_SHOWN]:
        click.echo(f"  {sha256}: {finding}")
    sys.exit(1 if result.bad else 0)


@photos.command("derive")
def derive_command() -> None:
    """Make the renditions that are missing, without waiting for the worker."""
    from server.evidence.deriving import derive_all  # noqa: PLC0415 (see the module's docstring)

    with shown() as told, _patience():
        made = derive_all(told)
    click.echo(f"derived: {made}")
