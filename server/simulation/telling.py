"""`flask fleet simulate`: tells seeds on the command line, with progress, findings, and how to repeat a failing one."""

import re
from collections.abc import Collection

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from server.simulation.stories import opened_stories
from sync.simulation import Outcome
from sync.simulation.events import EVENTS

_SEEDS = re.compile(r"(\d+)-(\d+)")


def tell_one(seed: int, without: Collection[str]) -> int:
    """Tell one seed with its trace; returns the exit status."""
    _check(without)
    with opened_stories(log_level="ERROR") as stories:
        outcome = stories.tell(seed, without=without)
    console = Console(highlight=False)
    for line in outcome.trace:
        console.print(escape(line), soft_wrap=True)
    return _judge(console, outcome)


def tell_all(seeds: str, without: Collection[str]) -> int:
    """Tell the seeds of a range like ``1-50``; returns the exit status."""
    _check(without)
    bounds = _SEEDS.fullmatch(seeds)
    if bounds is None or int(bounds[1]) > int(bounds[2]):
        raise click.BadParameter("name a range such as 1-50", param_hint="--seeds")
    first, last = int(bounds[1]), int(bounds[2])
    console, failed = Console(highlight=False), 0
    columns = (TextColumn("seeds"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with opened_stories() as stories, Progress(*columns, console=console) as bar:
        for seed in bar.track(range(first, last + 1)):
            outcome = stories.tell(seed, without=without)
            if outcome.findings:
                failed += 1
                console.print("\n".join(map(escape, outcome.trace)), soft_wrap=True)
                _judge(console, outcome)
    console.print(f"{last - first + 1 - failed} seeds sound, {failed} with findings")
    return 1 if failed else 0


def _check(without: Collection[str]) -> None:
    unknown = sorted(set(without) - set(EVENTS))
    if unknown:
        raise click.BadParameter(f"{', '.join(unknown)}: events are {', '.join(EVENTS)}", param_hint="--without")


def _judge(console: Console, outcome: Outcome) -> int:
    for finding in outcome.findings:
        console.print(f"[red]seed {outcome.seed}[/] {escape(str(finding))}", soft_wrap=True)
    told = f"seed {outcome.seed}: {outcome.items} items, {outcome.photos} photographs"
    again = f"repeat: flask --app wsgi fleet simulate --seed {outcome.seed}"
    console.print(f"{told}. {again}" if outcome.findings else f"{told}, sound.")
    return 1 if outcome.findings else 0
