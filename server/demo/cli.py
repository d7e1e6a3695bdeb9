"""``flask --app wsgi demo …``: the demo city on the command line."""

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import inspect

from server.current import settings
from server.db import db, read
from server.demo.city import Telling, build_city
from server.demo.field import SeedError
from server.demo.plan import SIZES, SMALL, Size
from server.demo.roster import has_agencies
from server.demo.sheet import demo_sheet

__all__ = ["demo", "demo_sheet", "seed_once"]

_SEED = 1
# Each costs a few milliseconds of the only process that matters here.
_LOOKS_A_SECOND = 4

demo = AppGroup("demo", help="The invented demo city Chengpu (990101).")


@demo.command("seed")
@click.option("--seed", "number", default=_SEED, show_default=True, help="The same number builds the same city.")
@click.option("--small", is_flag=True, help="Draw small photographs, for a slow machine.")
def seed(number: int, *, small: bool) -> None:
    """Fill an empty database with the demo city (about twenty seconds)."""
    if settings().production:
        raise click.ClickException("The demo city has public passwords; it is refused in production.")
    if not inspect(db.engine).has_table("agency"):
        raise click.ClickException("The database has no tables yet. Run first: flask --app wsgi prepare")
    if read(has_agencies):
        click.echo("This database has agencies already; nothing was seeded. To start over, stop and delete var/.")
        return
    _build(number, SMALL if small else SIZES)


def seed_once() -> None:
    """Seed the demo city if nobody has set up this database yet."""
    if not read(has_agencies):
        _build(_SEED, SIZES)


def _build(number: int, sizes: tuple[Size, Size]) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(), refresh_per_second=_LOOKS_A_SECOND) as bar:
        task = bar.add_task("demo city", total=1.0)

        def tell(telling: Telling) -> None:
            bar.update(task, description=f"demo city, {telling.doing}", completed=telling.share)

        try:
            build_city(_application(), number, tell, rounds=settings().password_rounds, sizes=sizes)
        except SeedError as error:
            raise click.ClickException(f"The demo city could not be finished: {error}") from error
        bar.update(task, description="demo city", completed=1.0)


def _application() -> Flask:
    """Return the application itself: handsets and threads enter contexts of their own, where no proxy leads to it."""
    found: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 (werkzeug's name for it)
    return found
