"""`make verify MINUTES=80`: runs portions of the verification table, always of the row that owes most, and keeps books.

Two portions at a time, each in a process of its own: a row that dies or hangs costs its own portion only. Ends when
the minutes are over and the running portions are done; Ctrl-C ends sooner, what was finished is in the ledger.
"""

import argparse
import importlib.util
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from verification import ledger
from verification.rows.result import Result
from verification.table import TABLE, Row

AT_ONCE = 2
# A month of 2,000 cases on PostgreSQL is one portion of half an hour.
_MOST_SECONDS = 3600
_LOOK_EVERY = 0.5


@dataclass
class Portion:
    """One portion under way: its process writes the result into ``answer`` and its words into ``words``."""

    row: Row
    start: int
    process: subprocess.Popen[bytes]
    answer: Path
    words: Path
    began: float
    commit: str

    def is_over(self) -> bool:
        """Say whether the process has ended; one that hangs is ended."""
        if time.monotonic() - self.began > _MOST_SECONDS:
            self.process.kill()
            self.process.wait()
        return self.process.poll() is not None

    def was_stopped(self) -> bool:
        """Say whether somebody ended it from outside, as with the machine: that says nothing, its trials come again."""
        return not self.answer.exists() and self.process.returncode in {-signal.SIGTERM, -signal.SIGINT}

    def result(self) -> Result:
        """Return what the process found; that it died without a word is a finding itself."""
        if self.answer.exists():
            told = json.loads(self.answer.read_text())
            return Result(**{**told, "failures": tuple(told["failures"])})
        last = self.words.read_text(errors="replace")[-400:]
        seconds = time.monotonic() - self.began
        died = f"the portion ended with status {self.process.returncode} without a result: {last}"
        return Result(self.row.name, self.row.database, self.start, 0, (died,), seconds)


class Runner:
    """Keeps portions running until time is over."""

    def __init__(self, rows: Sequence[Row], folder: Path) -> None:
        self._rows = rows
        self._folder = folder
        self._running: list[Portion] = []
        self._begun = 0
        self.results: list[Result] = []

    def run(self, minutes: float, console: Console) -> None:
        """Run for that long."""
        end = time.monotonic() + minutes * 60
        with _bar(console) as bar:
            task = bar.add_task("", total=minutes * 60)
            try:
                while self._running or time.monotonic() < end:
                    self._step(is_over=time.monotonic() >= end, console=console)
                    names = ", ".join(f"{one.row.name} on {one.row.database}" for one in self._running)
                    bar.update(task, completed=minutes * 60 - max(0.0, end - time.monotonic()), description=names)
                    time.sleep(_LOOK_EVERY)
            finally:
                for portion in self._running:
                    portion.process.terminate()

    def _step(self, *, is_over: bool, console: Console) -> None:
        for portion in [one for one in self._running if one.is_over()]:
            self._running.remove(portion)
            if portion.was_stopped():
                console.print(f"{portion.row.name} {portion.row.database} was stopped from outside")
                continue
            result = portion.result()
            ledger.append(result, portion.commit)
            self.results.append(result)
            console.print(_line(result))
        while not is_over and len(self._running) < AT_ONCE:
            self._running.append(self._begin())

    def _begin(self) -> Portion:
        known, taken = ledger.standings(), Counter[Row]()
        for portion in self._running:
            taken[portion.row] += portion.row.portion
        row = ledger.most_owing(self._rows, known, taken)
        # The later of two portions may end first: what is under way never begins again.
        under_way = [one.start + row.portion for one in self._running if one.row == row]
        start = max([known[row.key].following if row.key in known else 0, *under_way])
        self._begun += 1
        answer, words = (self._folder / f"{self._begun}.{end}" for end in ("json", "words"))
        arguments = [row.name, row.database, str(start), str(row.portion), str(answer)]
        with words.open("wb") as sink:
            command = [sys.executable, "-m", "verification.portion", *arguments]
            process = subprocess.Popen(command, stdout=sink, stderr=subprocess.STDOUT)
        return Portion(row, start, process, answer, words, time.monotonic(), ledger.commit())


def report(console: Console, known: Mapping[tuple[str, str], ledger.Standing]) -> None:
    """Print how far every row of the table is."""
    table = Table(title="Verification", caption="sound: trials since the row's last failure")
    for name in ("row", "database", "done", "failed", "sound", "gate", "share"):
        table.add_column(name, justify="left" if name in {"row", "database"} else "right")
    for row in TABLE:
        standing = known.get(row.key, ledger.Standing())
        share = f"{100 * standing.sound / row.gate:.1f} %"
        counts = (standing.done, standing.failed, standing.sound, row.gate)
        table.add_row(row.name, row.database, *(f"{count:,}" for count in counts), share)
    console.print(table)


def _line(result: Result) -> str:
    colour = "green" if result.passed else "bold red"
    numbers = f"{result.start} to {result.start + result.count - 1}" if result.count else "nothing done"
    head = f"[{colour}]{result.row} {result.database}[/] {numbers}, {result.seconds:.0f} s"
    return "\n".join((head, *(f"   {failure}" for failure in result.failures[:10])))


def _bar(console: Console) -> Progress:
    return Progress(BarColumn(), TimeElapsedColumn(), TextColumn("{task.description}"), console=console)


def main() -> int:
    """Run from the command line; the exit status is 1 when something was found."""
    parser = argparse.ArgumentParser(prog="verify", description="Run the verification table and keep its ledger.")
    parser.add_argument("--minutes", type=float, default=80.0)
    parser.add_argument("--rows", help="only these, separated by commas")
    parser.add_argument("--report", action="store_true", help="only print how far every row is")
    wanted = parser.parse_args()
    console = Console()
    names = set(wanted.rows.split(",")) if wanted.rows else {row.name for row in TABLE}
    rows = [row for row in TABLE if row.name in names and importlib.util.find_spec(f"verification.rows.{row.name}")]
    results: list[Result] = []
    if not wanted.report:
        with tempfile.TemporaryDirectory(prefix="xuncha-verify-") as folder:
            runner = Runner(rows, Path(folder))
            runner.run(wanted.minutes, console)
            results = runner.results
    report(console, ledger.standings())
    return 0 if all(result.passed for result in results) else 1


if __name__ == "__main__":
    raise SystemExit(main())
