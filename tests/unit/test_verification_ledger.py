"""The books of the verification: what is claimed is what ran, and only since a row's last failure."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from verification import ledger
from verification.rows.result import Result
from verification.runner import Portion
from verification.table import Row

FLEET = Row("fleet", "sqlite", 1000, 50, "")
KILL = Row("kill", "sqlite", 100, 10, "")


def book(folder: Path, *results: Result) -> Path:
    path = folder / "ledger.jsonl"
    for result in results:
        ledger.append(result, "0123456789ab", path)
    return path


def ran(start: int, count: int, *failures: str, row: Row = FLEET) -> Result:
    return Result(row.name, row.database, start, count, failures, 1.0)


def test_every_portion_is_a_line_with_its_commit_and_nothing_is_ever_rewritten(tmp_path: Path) -> None:
    path = book(tmp_path, ran(0, 50), ran(50, 50, "seed 61: lost"))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(line["from"], line["count"], line["failures"]) for line in lines] == [
        (0, 50, []),
        (50, 50, ["seed 61: lost"]),
    ]
    assert {line["commit"] for line in lines} == {"0123456789ab"}


def test_trials_before_the_last_failure_count_as_done_but_not_as_sound(tmp_path: Path) -> None:
    path = book(tmp_path, ran(0, 50), ran(50, 50, "seed 61: lost"), ran(100, 30))
    standing = ledger.standings(path)[FLEET.key]
    assert (standing.done, standing.failed, standing.sound) == (130, 1, 30)


def test_the_next_run_goes_on_behind_the_highest_number_so_no_seed_counts_twice(tmp_path: Path) -> None:
    path = book(tmp_path, ran(100, 50), ran(0, 50))
    assert ledger.standings(path)[FLEET.key].following == 150


def test_rows_are_taken_by_the_share_of_their_gate_that_is_done(tmp_path: Path) -> None:
    path = book(tmp_path, ran(0, 50), ran(0, 10, row=KILL))
    known = ledger.standings(path)
    assert ledger.most_owing([KILL, FLEET], known, {}) == FLEET
    assert ledger.most_owing([KILL, FLEET], known, {FLEET: 60}) == KILL
    assert ledger.most_owing([KILL, FLEET], {}, {}) == KILL


def test_a_ledger_that_does_not_exist_yet_is_empty(tmp_path: Path) -> None:
    assert ledger.standings(tmp_path / "none.jsonl") == {}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_portion_that_somebody_ended_is_no_failure(tmp_path: Path, number: signal.Signals) -> None:
    assert ended(tmp_path, number).was_stopped()


def test_a_portion_that_was_killed_is_one(tmp_path: Path) -> None:
    assert not ended(tmp_path, signal.SIGKILL).was_stopped()


def ended(folder: Path, number: signal.Signals) -> Portion:
    """Return a portion whose process was ended by a signal."""
    program = "import signal, time; signal.signal(2, signal.SIG_DFL); print(1, flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(number)
    process.wait()
    process.stdout.close()
    return Portion(FLEET, 0, process, folder / "answer", folder / "words", 0.0, "0123456789ab")
