"""The command line: ``flask --app wsgi …``. Commands of subjects live in their own cli.py and are listed here."""

import os
import sys

import click
from flask import Flask, current_app
from flask_migrate import upgrade
from huey.consumer import Consumer
from rich.console import Console

from server.casework.bundle.cli import bundle
from server.current import settings
from server.db import transact
from server.demo.cli import demo, demo_sheet, seed_once
from server.evidence.cli import photos
from server.evidence.deriving import threads_for_all_cores
from server.gateway.cli import fleet, sync
from server.geography.cli import geo
from server.identity.agencies_cli import agencies
from server.identity.grants_cli import officers
from server.identity.handset_cli import handsets
from server.launcher import Children, LaunchError, demand_free_port, web_command, worker_command
from server.ledger.custody.cli import custody
from server.safekeeping.cli import backup, doctor, new_epoch, restore_command
from server.safekeeping.epoch import settle_epoch
from server.simulation.cli import simulate_fleet
from server.standards.calendar_cli import calendar
from server.standards.published import publish_all
from server.standards.scheme_cli import standards

# Enough for the decoders of a large machine; more would only stand in the way of each other at the database.
_MOST_WORKERS = 8
_NICER = 5


def register_commands(app: Flask) -> None:
    """Add all commands to ``flask``."""
    fleet.add_command(simulate_fleet)
    custody.add_command(bundle)
    commands = (
        up,
        work,
        prepare,
        demo,
        fleet,
        sync,
        photos,
        agencies,
        officers,
        handsets,
        geo,
        calendar,
        standards,
        backup,
        restore_command,
        new_epoch,
        doctor,
        custody,
    )
    for command in commands:
        app.cli.add_command(command)


@click.command()
def prepare() -> None:
    """Bring the database to this release's form, and see whether it was exchanged (safe to repeat)."""
    upgrade()
    settle_epoch()
    transact(publish_all)


@click.command()
@click.option("--demo", "with_demo", is_flag=True, help="Seed the demo city once and admit its public passwords.")
@click.pass_context
def up(context: click.Context, *, with_demo: bool) -> None:
    """Start everything on this machine: migrate, (seed,) web server, worker."""
    chosen = settings()
    if with_demo and chosen.production:
        raise click.ClickException("The demo city has public passwords; it is refused in production.")
    try:
        demand_free_port(chosen)
        context.invoke(prepare)
        if with_demo:
            seed_once()
        children = Children([web_command(chosen), worker_command()], {"XUNCHA_DEMO": "1"} if with_demo else {})
        children.wait_until_answering(chosen)
    except LaunchError as error:
        raise click.ClickException(str(error)) from error
    address = chosen.public_url or f"http://{chosen.host}:{chosen.port}"
    console = Console()
    if with_demo:
        console.print(demo_sheet(address))
    console.print(f"Xuncha answers at {address}. Ctrl-C ends it.")
    sys.exit(children.wait())


@click.command()
def work() -> None:
    """Run the worker: thumbnails, sweeps, everything that is not done while a handset waits."""
    # Pictures can wait; a handset on a weak line cannot.
    os.nice(_NICER)
    settle_epoch()
    workers = min(_MOST_WORKERS, threads_for_all_cores())
    consumer = Consumer(
        current_app.extensions["xuncha_queue"], workers=workers, initial_delay=0.05, max_delay=1.0, backoff=1.3
    )
    consumer.run()
