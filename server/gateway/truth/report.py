"""Shows an audit on the terminal: what it is at, on standard error, and what it found, on standard output."""

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from server.current import blobs
from server.gateway.truth.audit import all_checks, audit

MOST_SHOWN = 200


def show(*, deep: bool) -> int:
    """Audit everything and return the exit status: 0 when all balances, 1 with findings."""
    out, checks = Console(soft_wrap=True), all_checks(blobs(), deep=deep)
    at_what, how_far = TextColumn("{task.description}"), TextColumn("{task.completed} rows")
    columns = (SpinnerColumn(), at_what, how_far, TimeElapsedColumn())
    count = 0
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        tasks = {check.name: progress.add_task(check.name, total=None, visible=False) for check in checks}

        def told(name: str, looked: int) -> None:
            progress.update(tasks[name], advance=looked, visible=True)

        for finding in audit(checks, told):
            count += 1
            if count <= MOST_SHOWN:
                out.print(f"[red]{finding.alarm}[/] {finding.check} {escape(finding.subject)}: {escape(finding.says)}")
        looked = sum(int(task.completed) for task in progress.tasks)
    if count > MOST_SHOWN:
        out.print(f"… and {count - MOST_SHOWN} more.")
    verdict = f"{count} findings; each is an alarm now." if count else "everything balances."
    out.print(f"{len(checks)} checks over {looked} rows: {verdict}")
    return 1 if count else 0
