"""Progress of long work on the command line. Knows nothing of what is being done."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

__all__ = ["Told", "shown", "silent"]

# What goes on: a stage, how much of it is done, and how much there is.
Told = Callable[[str, int, int], None]


@contextmanager
def shown() -> Iterator[Told]:
    """Show stages as progress bars on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        stages: dict[str, TaskID] = {}

        def told(stage: str, done: int, total: int) -> None:
            if stage not in stages:
                stages[stage] = progress.add_task(stage)
            progress.update(stages[stage], completed=done, total=total)

        yield told


def silent(_stage: str, _done: int, _total: int) -> None:
    """Tell nobody: for jobs of the worker."""
