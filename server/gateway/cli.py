"""``flask --app wsgi fleet …``: a simulated day in the field against the running server, and its audit.

Only the options; what they start is imported when it starts, because every web process loads this module and
none needs Pillow or an HTTP client for it.
"""

import sys
from pathlib import Path

import click
from flask.cli import AppGroup

from server.identity.passwords import DEMO_PASSWORD

fleet = AppGroup("fleet", help="Simulated handsets on a bad network, and the audit of what they sent.")


@fleet.command("run")
@click.option("--handsets", default=20, show_default=True, type=click.IntRange(3, 500), help="How many handsets.")
@click.option("--hours", default=8.0, show_default=True, type=click.FloatRange(0.5, 24), help="Simulated hours.")
@click.option("--reports", default=6, show_default=True, type=click.IntRange(1, 200), help="Reports per handset.")
@click.option("--photos", default=3, show_default=True, type=click.IntRange(1, 9), help="Photographs per report.")
@click.option("--seed", default=1, show_default=True, help="The same seed plans the same day.")
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="Address of the running server.")
@click.option("--real-seconds", default=40.0, show_default=True, type=click.FloatRange(1, 3600), help="Real length.")
@click.option("--folder", type=click.Path(path_type=Path), help="Folder of the run  [default: var/fleet/<time>]")
@click.option("--admin", default="admin", show_default=True, help="Login that enrols the handsets.")
@click.option("--dispatcher", default="dispatcher", show_default=True, help="Login that files and dispatches.")
@click.option(
    "--password", default=DEMO_PASSWORD, envvar="FLEET_PASSWORD", help="Password of both logins  [default: the demo's]"
)
def run_day(  # noqa: PLR0913 (one argument for each option)
    *,
    handsets: int,
    hours: float,
    reports: int,
    photos: int,
    seed: int,
    url: str,
    real_seconds: float,
    folder: Path | None,
    admin: str,
    dispatcher: str,
    password: str,
) -> None:
    """Live a day in the field over real HTTP, then audit it.

    The audit reads the database and the blob store of this machine's configuration, so run it where the server
    runs. Exit status 1 when anything is lost, doubled or not delivered.
    """
    from server.gateway import fleet_day  # noqa: PLC0415 (see the module's docstring)

    sys.exit(
        fleet_day.live(
            fleet_day.Orders(handsets, hours, reports, photos, seed, fleet_day.CATEGORIES),
            fleet_day.Errand(
                url=url,
                folder=folder or fleet_day.new_folder(seed),
                real_seconds=real_seconds,
                admin=fleet_day.Login(admin, password),
                dispatcher=fleet_day.Login(dispatcher, password),
            ),
        )
    )


@fleet.command("audit")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def audit_day(folder: Path) -> None:
    """Audit a finished run again: its outboxes against the server's tables and blob store."""
    from server.gateway import fleet_day  # noqa: PLC0415 (see the module's docstring)

    sys.exit(fleet_day.report(folder))


sync = AppGroup("sync", help="Whether what handsets sent stands in the books as it must.")


@sync.command("audit")
@click.option("--deep", is_flag=True, help="Read every original photograph to its end, not only a sample.")
def audit_truth(*, deep: bool) -> None:
    """Compare feed marks, counters, items, effects and photographs with each other.

    Every finding is raised as an alarm. Exit status 1 when there are findings. Safe beside a running server.
    """
    from server.gateway.truth import report  # noqa: PLC0415 (see the module's docstring)

    sys.exit(report.show(deep=deep))
