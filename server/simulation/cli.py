"""``flask --app wsgi fleet simulate``: only the options; what they start is imported when it starts."""

import sys

import click


@click.command("simulate")
@click.option("--seed", type=click.IntRange(min=0), help="One seed; its whole trace is printed.")
@click.option("--seeds", default="1-50", show_default=True, help="From-to; the traces of failing seeds are printed.")
@click.option("--without", multiple=True, help="An event that shall not happen, such as restore; may be repeated.")
def simulate_fleet(*, seed: int | None, seeds: str, without: tuple[str, ...]) -> None:
    """Tell whole stories of a fleet on a simulated network, each by its seed, on an application of their own.

    Nothing of this machine's data is touched and no server is needed. Exit status 1 when a promise was broken.
    """
    from server.simulation import telling  # noqa: PLC0415 (every web process loads this module; none needs the rest)

    sys.exit(telling.tell_one(seed, without) if seed is not None else telling.tell_all(seeds, without))
